// Forms: the token on every htmx request, quick choices that send at once, no double sending, focus on the first error.
function token() {
  return document.querySelector("meta[name=csrf-token]")?.content ?? "";
}

function focusFirstError(root) {
  // Specimens of the style guide are wrong on purpose.
  root.querySelector?.("[aria-invalid=true]:not(.s-spec *)")?.focus();
}

/** Files travel once, with the form itself: drafts and fields drawn anew take only its words along. */
function withoutFiles({ target, detail: { ctx: { request } } }) {
  if (target.matches?.("form") || !(request.body instanceof FormData)) return;
  const words = new FormData();
  for (const [name, value] of request.body) if (typeof value === "string") words.append(name, value);
  request.body = words;
}

const MEGABYTE = 1_000_000;

/** "report.pdf, 1.2 MB" for each chosen file, under its input; read out when it changes. */
function listFiles(input) {
  const list = input.closest("label")?.parentElement?.querySelector("[data-chosen]");
  if (!list) return;
  const size = (bytes) => bytes < MEGABYTE
    ? `${Math.max(1, Math.round(bytes / 1000))} kB`
    : `${(bytes / MEGABYTE).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;
  list.replaceChildren(...[...input.files].map((file) => {
    const line = document.createElement("li");
    line.textContent = `${file.name}, ${size(file.size)}`;
    return line;
  }));
  list.hidden = !input.files.length;
}

export function watchForms() {
  document.addEventListener("htmx:config:request", (event) => {
    event.detail.ctx.request.headers["X-CSRFToken"] = token();
    withoutFiles(event);
    const link = event.target.closest?.("[data-pane]");
    if (!link) return;
    // Narrow screens have no pane beside the list: the task opens as a page of its own.
    if (!document.getElementById("pane")?.offsetParent) {
      event.preventDefault();
      location.assign(link.href);
      return;
    }
    // It is open already, perhaps with something typed that no draft has yet.
    if (document.getElementById(`task-${link.pathname.split("/").pop()}`)) event.preventDefault();
    for (const row of document.querySelectorAll("[data-row]")) {
      const here = row.contains(link);
      row.classList.toggle("is-open", here);
      row.classList.toggle("is-at", here);
      if (here) row.setAttribute("aria-current", "true"); else row.removeAttribute("aria-current");
    }
  });
  // Only of what was drawn anew: a draft that is saved while one types leads nobody away.
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => focusFirstError(ctx?.target?.isConnected ? ctx.target : document));
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form?.requestSubmit();
    if (event.target.matches("input[data-files]")) listFiles(event.target);
  });
  // The name of the primary button follows the chosen outcome ("Send reply", "Mark as solved").
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.dataset.sent && !form.hasAttribute("hx-post")) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    setTimeout(() => delete form.dataset.sent, 3000);
  });
  // A demo account fills the sign-in form and sends it.
  document.addEventListener("click", (event) => {
    const quick = event.target.closest("[data-sign-in-as]");
    if (!quick) return;
    const form = document.getElementById("sign-in");
    form.elements.email.value = quick.dataset.signInAs;
    form.elements.password.value = quick.dataset.password;
    form.requestSubmit();
  });
  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (!copy) return;
    await navigator.clipboard?.writeText(copy.dataset.copy);
    const words = copy.querySelector("[data-words]");
    if (words) { words.textContent = copy.dataset.copied; return; }
    copy.setAttribute("aria-label", copy.dataset.copied);
    copy.title = copy.dataset.copied;
  });
  focusFirstError(document);
}
