// What is typed into a task's form is kept while one types (htmx, after a pause). Whoever goes on before the pause is over
// loses nothing either: what is not kept yet is sent along when the form leaves the page.
let unsaved = null;
let typedAt = 0;
let askedAt = 0;

const keeperOf = (form) => form.querySelector("[hx-post$='/draft']");

/** Send what no draft has yet; the answer is not waited for. */
export function keepNow() {
  const form = unsaved;
  unsaved = null;
  const keeper = form && keeperOf(form);
  if (!keeper) return;
  const words = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") words.append(name, value);
  const headers = { "X-CSRFToken": document.querySelector("meta[name=csrf-token]")?.content ?? "", "HX-Request": "true" };
  fetch(keeper.getAttribute("hx-post"), { method: "POST", body: words, headers, keepalive: true, credentials: "same-origin" }).catch(() => {});
}

export function keepDrafts() {
  document.addEventListener("input", ({ target }) => {
    const form = target.closest?.("form.s-pane-form");
    if (!form || !keeperOf(form)) return;
    unsaved = form;
    typedAt = Date.now();
  });
  document.addEventListener("htmx:config:request", ({ target }) => {
    if (target.matches?.("[hx-post$='/draft']")) askedAt = Date.now();
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.matches?.("[hx-post$='/draft']") && typedAt <= askedAt) unsaved = null;
  });
  // What is sent needs no draft; when it comes back with errors, the next letter begins one. Any other form may lead away
  // for good (signing out does): the draft goes first.
  document.addEventListener("submit", ({ target }) => { if (target === unsaved) unsaved = null; else keepNow(); }, true);
  document.addEventListener("visibilitychange", () => { if (document.hidden) keepNow(); });
  window.addEventListener("pagehide", keepNow);
}
