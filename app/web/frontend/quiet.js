// Forms with `data-quiet` are sent without leaving the page: the answer is a fresh copy of it, of which the parts that
// changed are taken, and its messages. Without scripts they are sent as any form is.
import { liveFrom } from "./from.js";

const sending = new WeakSet();

async function send(form, submitter) {
  const body = new FormData(form, submitter);
  const answer = await fetch(submitter?.formAction && submitter.hasAttribute("formaction") ? submitter.formAction : form.action, {
    method: "POST", body, credentials: "same-origin", headers: { "HX-Request": "true", ...liveFrom() },
  });
  const elsewhere = answer.headers.get("HX-Redirect");
  if (elsewhere) { location.assign(elsewhere); return; }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  if (answer.ok && answer.redirected && new URL(answer.url).pathname !== location.pathname) { location.assign(answer.url); return; }
  if (!answer.ok) { refuse(form, page); return; }
  accept(form, page);
}

/** It was done: the form is as it was before one typed, what floats closes, the page shows how it stands now. */
function accept(form, page) {
  const field = form.contains(document.activeElement) && document.activeElement.matches("input, textarea") ? document.activeElement.id : "";
  form.reset();
  for (const each of form.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox], [type=radio])")) {
    if (form.dataset.draft !== undefined) each.defaultValue = "";
    each.value = each.defaultValue;
  }
  for (const wrong of form.querySelectorAll("[aria-invalid]")) wrong.removeAttribute("aria-invalid");
  for (const list of form.querySelectorAll("[data-chosen]")) list.hidden = true;
  form.querySelectorAll(".s-field-error").forEach((each) => each.remove());
  form.dispatchEvent(new CustomEvent("draft:sent", { bubbles: true }));
  if (form.contains(document.activeElement)) document.activeElement.blur();
  const pop = form.closest("details[data-pop], details.s-more");
  if (pop) pop.open = false;
  form.closest(".s-toast")?.remove();
  document.dispatchEvent(new CustomEvent("live:answer", { detail: { page } }));
  document.dispatchEvent(new CustomEvent("toasts", { detail: [...page.querySelectorAll("#toasts .s-toast")] }));
  const again = field && document.getElementById(field);
  if (again && !pop) again.focus();
}

/** It was not done: the form comes back with its errors, or, when it cannot, the reason stands above it. */
function refuse(form, page) {
  const twin = form.id && page.getElementById(form.id);
  if (twin) {
    form.replaceChildren(...twin.childNodes);
    window.htmx?.process(form);
    form.querySelector("[aria-invalid=true]")?.focus();
    return;
  }
  const words = page.querySelector(".s-alert, .s-error");
  const alert = document.createElement("div");
  alert.className = "s-toast is-late";
  alert.setAttribute("role", "alert");
  const text = document.createElement("span");
  text.textContent = words?.textContent.replace(/\s+/g, " ").trim() || document.body.dataset.cannotSend;
  const close = document.createElement("button");
  close.type = "button";
  close.dataset.close = "";
  close.textContent = "×";
  alert.append(text, close);
  document.dispatchEvent(new CustomEvent("toasts", { detail: [alert] }));
}

export function sendQuietly() {
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.dataset.quiet === undefined || event.defaultPrevented) return;
    event.preventDefault();
    if (sending.has(form)) return;
    sending.add(form);
    form.setAttribute("aria-busy", "true");
    try {
      await send(form, event.submitter);
    } catch {
      refuse(form, document.implementation.createHTMLDocument());
    } finally {
      sending.delete(form);
      form.removeAttribute("aria-busy");
      // What guards against pressing twice must not refuse the next press.
      delete form.dataset.sent;
    }
  });
}
