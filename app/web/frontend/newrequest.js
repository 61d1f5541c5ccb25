// A request taken down by keyboard alone: type who calls, arrow down or Enter chooses, and the words follow.
const list = () => document.getElementById("callers");
const choices = () => [...list().querySelectorAll("[data-chooses]")];
const isFor = (words) => list().querySelector("[data-for]")?.dataset.for === words.trim();

/** Choose somebody and go on: to what is not known of somebody new, else to the subject. */
function choose(choice) {
  if (!choice.checked) {
    choice.checked = true;
    choice.dispatchEvent(new Event("change", { bubbles: true }));
  }
  const next = choice.value === "new"
    ? ["name", "email", "company"].map((id) => document.getElementById(id)).find((field) => !field.value)
    : document.getElementById("subject");
  next?.focus();
}

export function takeDown() {
  const form = document.querySelector("[data-new-request]");
  const field = form?.querySelector("[data-caller]");
  if (!field) return;
  form.dataset.scripted = "1";
  // Enter was pressed before the answer was there: the first of those who come is meant.
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
      else waits = Boolean(field.value.trim());
    }
  });
  list().addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.ctrlKey || event.metaKey || !event.target.matches("input")) return;
    event.preventDefault();
    if (event.target.matches("[data-chooses]")) choose(event.target);
    else document.getElementById("subject").focus();
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
    choose(choices().find((each) => each.checked) ?? choices()[0]);
  });
}
