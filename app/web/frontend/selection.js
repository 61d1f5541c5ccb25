// Selecting rows of a list: `x` selects the row one is at, shift extends to the row selected before, a box on top takes all.
let last = null;

const boxes = (form) => [...form.querySelectorAll("[data-select]")];

function show(form) {
  const all = boxes(form);
  const chosen = all.filter((box) => box.checked);
  for (const box of all) box.closest("[data-row]")?.classList.toggle("is-selected", box.checked);
  for (const count of form.querySelectorAll("[data-selected]")) count.textContent = String(chosen.length);
  const top = form.querySelector("[data-select-all]");
  if (!top) return;
  top.hidden = false;
  top.checked = chosen.length > 0 && chosen.length === all.length;
  top.indeterminate = chosen.length > 0 && chosen.length < all.length;
}

function select(form, box, on, extend) {
  const all = boxes(form);
  const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
  const stretch = extend && from >= 0 ? all.slice(from, to + 1) : [box];
  for (const each of stretch) each.checked = on;
  last = box;
  show(form);
}

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.key.toLowerCase() !== "x") return;
  if (event.target.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]")) return;
  const form = document.querySelector("[data-selection]");
  const box = form?.querySelector("[data-row].is-at [data-select]") ?? form?.querySelector("[data-select]");
  if (!box) return;
  event.preventDefault();
  const row = box.closest("[data-row]");
  if (!form.querySelector("[data-row].is-at")) row.classList.add("is-at");
  select(form, box, event.shiftKey ? true : !box.checked, event.shiftKey);
}

export function selectRows() {
  for (const form of document.querySelectorAll("[data-selection]")) {
    // A browser that goes back brings the ticks along.
    show(form);
    form.addEventListener("click", (event) => {
      if (event.target.matches("[data-select]")) select(form, event.target, event.target.checked, event.shiftKey);
      else if (event.target.matches("[data-select-all]")) {
        for (const box of boxes(form)) box.checked = event.target.checked;
        show(form);
      }
    });
    form.addEventListener("reset", () => setTimeout(() => show(form)));
  }
  // Rows that were drawn anew keep their ticks, but not what follows from them.
  document.addEventListener("live:looked", () => document.querySelectorAll("[data-selection]").forEach(show));
  window.addEventListener("pageshow", () => document.querySelectorAll("[data-selection]").forEach(show));
  document.addEventListener("keydown", pressed);
}
