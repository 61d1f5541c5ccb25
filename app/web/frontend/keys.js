// Keys for people who live in the desk all day. They are off while somebody types.
const go = { w: "work", t: "tickets", u: "unassigned", o: "overview", i: "instances", n: "notifications", r: "new", p: "portal", ",": "settings" };
const GO_MS = 1500;
let waitsForPlace = 0;

/** Whether `g` was pressed just now: the next letter says where to go. */
export const isGoing = () => Boolean(waitsForPlace) && Date.now() - waitsForPlace < GO_MS;

export const typing = (target) => target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");

/** Whether a key pressed here is a shortcut: alone, and not into a text. Who speaks to their computer switches them off in
 * their profile (WCAG 2.1.4). */
export const isShortcut = (event) => !event.ctrlKey && !event.metaKey && !event.altKey && !typing(event.target) && document.body.dataset.keys !== "off";

const rows = () => [...document.querySelectorAll("[data-row]")];
export const present = () => document.querySelector("[data-row].is-at") ?? document.querySelector("[data-row].is-open");

function move(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.indexOf(present());
  const next = all[Math.max(0, Math.min(all.length - 1, at + step))];
  for (const row of all) row.classList.remove("is-at");
  next.classList.add("is-at");
  const link = next.querySelector("[data-open], a");
  link?.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
  document.dispatchEvent(new CustomEvent("row:at", { detail: { row: next } }));
}

/** The dialog names the keys that work on this page: a line with `data-needs` wants something that it finds. */
function showKeys() {
  const keys = document.getElementById("keys");
  if (!keys || keys.open) return false;
  for (const line of keys.querySelectorAll("[data-needs]")) line.hidden = !document.querySelector(line.dataset.needs);
  keys.showModal();
  return true;
}

const isThere = (element) => element.getClientRects().length > 0;

/** Press what is in sight; with `folded`, also what stands in a part that is folded away. */
function press(selector, folded = false) {
  const found = [...document.querySelectorAll(selector)];
  const target = found.find(isThere) ?? (folded ? found[0] : null);
  if (!target) return false;
  if (target.matches("input, textarea, details > summary")) target.focus(); else target.click();
  return true;
}

/** The row one is at, and no other; where there are no rows, what the page offers. */
function claim() {
  const row = present();
  const button = row ? row.querySelector("[data-key=c]") : document.querySelector("[data-key=c]");
  button?.click();
  return Boolean(button);
}

function openRow() {
  const row = present();
  const link = row?.querySelector("[data-open]") ?? row?.querySelector("a");
  // What has the focus is pressed by the browser, be it in this row or elsewhere.
  const focused = document.activeElement?.closest("a, button, summary");
  if (!link || (focused && focused !== link)) return false;
  const full = row.dataset.href;
  if (full) location.assign(full); else link.click();
  return true;
}

/** Escape leaves a text for the row one was at, so that the keys work again; what was typed stays. What floats goes first. */
function leaveText(event) {
  const text = typing(event.target);
  if (!text || text !== document.activeElement || event.isComposing || event.defaultPrevented) return;
  if (document.querySelector("details[data-pop][open]")) return;
  // A browser empties a search field on Escape by itself.
  if (text.type === "search") event.preventDefault();
  text.blur();
  present()?.querySelector("[data-open]")?.focus({ preventScroll: true });
}

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const dialog = document.querySelector("dialog[open]");
      if (dialog) dialog.close(); else leaveText(event);
      return;
    }
    if (!isShortcut(event)) return;
    const key = event.key;
    if (isGoing()) {
      waitsForPlace = 0;
      if (go[key] && press(`[data-go="${go[key]}"]`)) event.preventDefault();
      return;
    }
    let taken = true;
    if (key === "g") waitsForPlace = Date.now();
    else if (key === "/") taken = press("[data-search]");
    else if (key === "j") move(1);
    else if (key === "k") move(-1);
    else if (key === "Enter") taken = openRow();
    else if (key === "c") taken = claim();
    else if (key === "e") taken = press("[data-key=e]");
    else if (key === "n") taken = press("[data-key=n]");
    else if (key === "r") taken = press("[data-reply] textarea, textarea[data-reply]") || press("[data-key=r]");
    else if (key === "t") taken = press("[data-key=t]", true);
    else if (key === "[" || key === "]") taken = press(`[data-key="${key}"]`);
    else if (key === "?") taken = showKeys();
    else taken = false;
    if (taken) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-keys]")) showKeys();
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog")?.close();
  });
}
