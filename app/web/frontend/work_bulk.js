// The bar that floats while rows of My work are selected: how many there are, their hours, and how many of them each
// button can take.
import { duration } from "./clocks.js";

const can = (box, deed) => box.dataset.deeds.split(" ").includes(deed);

const sumOf = (boxes, what) => boxes.reduce((sum, box) => sum + Number(box.dataset[what] ?? 0), 0);

function sums(place, chosen) {
  const words = ["work", "travel"].map((kind) => [place.dataset[kind], sumOf(chosen, kind === "work" ? "minutes" : "travel")]);
  const said = words.filter(([, minutes]) => minutes).map(([template, minutes]) => template.replace("{}", duration(minutes)));
  place.textContent = said.length ? `· ${said.join(", ")}` : "";
}

function showButtons(bar, chosen, tooMany) {
  const used = new Set();
  for (const button of bar.querySelectorAll("button[name=deed]")) {
    const able = chosen.filter((box) => can(box, button.value));
    button.querySelector("[data-count]").textContent = able.length ? String(able.length) : "";
    button.disabled = tooMany;
    (button.closest("[data-deed]") ?? button).hidden = !able.length;
    for (const box of able) used.add(box);
  }
  return chosen.filter((box) => !used.has(box));
}

function showBar({ list, chosen }) {
  const bar = list.querySelector("#bulk");
  if (!bar) return;
  const most = Number(bar.dataset.most);
  const left = showButtons(bar, chosen, chosen.length > most);
  sums(bar.querySelector("[data-sums]"), chosen);
  const note = bar.querySelector("[data-note]");
  note.textContent = chosen.length > most ? note.dataset.much : note.dataset.open.replace("{}", left.length);
  note.hidden = chosen.length <= most && !left.length;
  if (!chosen.length) for (const fold of bar.querySelectorAll("details")) fold.open = false;
  list.style.setProperty("--s-bar", `${bar.offsetHeight}px`);
}

/** A button takes the rows it names: the others stay out of what is sent. */
function sendWhatFits(event) {
  const { target: bar, submitter } = event;
  if (bar.id !== "bulk" || !submitter?.value) return;
  const others = [...bar.elements].filter((field) => field.matches("[data-select]:checked") && !can(field, submitter.value));
  for (const box of others) box.disabled = true;
  setTimeout(() => { for (const box of others) box.disabled = false; });
}

/** Press a button of the bar; false when nothing is selected that it could take. */
export function doSelected(deed) {
  const button = document.querySelector(`#bulk button[value=${deed}]`);
  if (!button || button.hidden || button.disabled || !document.querySelector("[data-select]:checked")) return false;
  button.click();
  return true;
}

/** Nothing is selected any more; false when nothing was, or a reason is being written. */
export function clearSelection() {
  const bar = document.getElementById("bulk");
  const fold = bar?.querySelector("details[open]");
  if (fold) {
    if (fold.querySelector("textarea").value.trim()) return false;
    fold.open = false;
    fold.querySelector("summary").focus();
    return true;
  }
  if (!bar || !document.querySelector("[data-select]:checked")) return false;
  bar.reset();
  return true;
}

export function watchSelection() {
  document.addEventListener("selection:changed", ({ detail }) => showBar(detail));
  document.addEventListener("submit", sendWhatFits);
  document.querySelector("#bulk details")?.addEventListener("toggle", ({ target }) => {
    if (target.open) target.querySelector("textarea").focus();
  });
}
