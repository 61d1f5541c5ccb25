// A request taken down by keyboard alone: type who calls, arrow down or Enter chooses, and the words follow.
const list = () => document.getElementById("callers");
const choices = () => [...list().querySelectorAll("[data-chooses]")];
const isFor = (words) => list().querySelector("[data-for]")?.dataset.for === words.trim();

/** Choose somebody and go on: to what is not known of somebody new, else to the subject. */
function choose(choice, goesOn = true) {
  if (!choice.checked) {
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  }
  if (!goesOn) return;
  const next = choice.value === "new"
    ? ["name", "email", "company"].map((id) => document.getElementById(id)).find((field) => !field.value)
    : document.getElementById("subject");
  next?.focus();
}

export function takeDown() {
  const form = document.querySelector("[data-new-request]");
  const field = form?.querySelector("[data-caller]");
  if (!field) return;
  form.dataset.quick = "1";
  const subject = document.getElementById("subject");
  // Enter was pressed before the answer was there: the first of those who come is meant, and one writes on meanwhile.
  let waits = false;
  field.addEventListener("input", () => { waits = false; });
  field.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && choices().length) {
      event.preventDefault();
      const first = choices().find((each) => each.checked) ?? choices()[0];
      first.focus();
      if (!first.checked) first.click();
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      if (isFor(field.value) && choices().length) choose(choices().find((each) => each.checked) ?? choices()[0]);
      else if (field.value.trim()) {
        waits = true;
        subject.focus();
      }
    }
  });
  list().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches("input")) return;
    event.preventDefault();
    if (event.target.matches("[data-chooses]")) choose(event.target);
    else subject.focus();
  });
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      form.requestSubmit(form.querySelector(".btn-primary"));
    } else if (event.key === "Enter" && event.target.matches("#subject")) {
      // The first button of the form only looks for the caller.
      event.preventDefault();
      document.getElementById("text").focus();
    }
  });
  document.addEventListener("htmx:after:swap", () => {
    if (!waits || !isFor(field.value) || !choices().length) return;
    waits = false;
    choose(choices().find((each) => each.checked) ?? choices()[0], document.activeElement === subject && !subject.value);
  });
  // Those who are not meant go out of the way, but never between the two halves of a click that is to hit what is below.
  const who = list().parentElement;
  let isPressed = false;
  const settle = () => { if (!isPressed) who.classList.toggle("is-settled", !who.contains(document.activeElement)); };
  const release = () => setTimeout(() => { isPressed = false; settle(); });
  form.addEventListener("focusin", settle);
  form.addEventListener("pointerdown", () => { isPressed = true; });
  document.addEventListener("pointerup", release);
  document.addEventListener("pointercancel", release);
  // What is on its way to be opened needs no draft any more: one saved now would be there the next time.
  let isSent = false;
  form.addEventListener("submit", () => {
    isSent = true;
    setTimeout(() => { isSent = false; }, 10_000);
  });
  form.addEventListener("htmx:config:request", (event) => {
    if (isSent && event.target.matches("[data-draft]")) event.preventDefault();
  });
}
