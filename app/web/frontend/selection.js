// Selecting rows of a list: `x` selects the row one is at, shift extends to the row selected before, a box on top takes all
// (or all of the part that its `data-select-all` names). Whoever shows something about it hears `selection:changed`.
import { isShortcut } from "./keys.js";

let last = null;

const boxes = (list) => [...list.querySelectorAll("[data-select]")];

function show(list) {
  const all = boxes(list);
  const chosen = all.filter((box) => box.checked);
  for (const box of all) box.closest("[data-row]")?.classList.toggle("is-selected", box.checked);
  for (const count of list.querySelectorAll("[data-selected]")) count.textContent = String(chosen.length);
  for (const top of list.querySelectorAll("[data-select-all]")) {
    const under = boxes(partOf(top, list));
    const taken = under.filter((box) => box.checked).length;
    top.hidden = false;
    top.checked = taken > 0 && taken === under.length;
    top.indeterminate = taken > 0 && taken < under.length;
  }
  document.dispatchEvent(new CustomEvent("selection:changed", { detail: { list, chosen } }));
  // What a list offers to do with the selected may come when there is something to do it with.
  if (chosen.length) list.dispatchEvent(new CustomEvent("rowsselected"));
}

const partOf = (top, list) => (top.dataset.selectAll && list.querySelector(top.dataset.selectAll)) || list;

function select(list, box, on, extend) {
  const all = boxes(list);
  // Rows may have been drawn anew since: the one selected before is known by what it sends.
  const [from, to] = [all.findIndex((each) => each.value === last), all.indexOf(box)].sort((a, b) => a - b);
  const stretch = extend && from >= 0 ? all.slice(from, to + 1) : [box];
  for (const each of stretch) each.checked = on;
  last = box.value;
  show(list);
}

function pressed(event) {
  if (event.key.toLowerCase() !== "x" || !isShortcut(event)) return;
  const list = document.querySelector("[data-selection]");
  const row = list?.querySelector("[data-row].is-at") ?? list?.querySelector("[data-row].is-open");
  const box = row?.querySelector("[data-select]") ?? list?.querySelector("[data-select]");
  if (!box) return;
  event.preventDefault();
  if (!list.querySelector("[data-row].is-at")) box.closest("[data-row]").classList.add("is-at");
  select(list, box, event.shiftKey ? true : !box.checked, event.shiftKey);
}

/** Show again what is selected, after rows were drawn anew. */
export function showSelection() {
  document.querySelectorAll("[data-selection]").forEach(show);
}

export function selectRows() {
  for (const list of document.querySelectorAll("[data-selection]")) {
    // A browser that goes back brings the ticks along.
    show(list);
    list.addEventListener("click", (event) => {
      if (event.target.matches("[data-select]")) select(list, event.target, event.target.checked, event.shiftKey);
      else if (event.target.matches("[data-select-all]")) {
        for (const box of boxes(partOf(event.target, list))) box.checked = event.target.checked;
        show(list);
      }
    });
    list.addEventListener("reset", () => setTimeout(() => show(list)));
  }
  window.addEventListener("pageshow", showSelection);
  // Rows that are gone are chosen no more; the ticks of the others were kept.
  document.addEventListener("live:looked", showSelection);
  document.addEventListener("keydown", pressed);
}
