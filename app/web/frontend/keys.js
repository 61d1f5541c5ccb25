// Keys for people who live in the desk all day. They are off while somebody types.
const go = { w: "work", t: "tickets", u: "unassigned", i: "instances", n: "notifications", r: "new", p: "portal", ",": "settings" };
let waitsForPlace = 0;

const typing = (target) => target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const rows = () => [...document.querySelectorAll("[data-row]")];
const present = () => document.querySelector("[data-row].is-at") ?? document.querySelector("[data-row].is-open");

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
}

function press(selector) {
  const target = document.querySelector(selector);
  if (!target) return false;
  if (target.matches("input, textarea, details > summary")) target.focus(); else target.click();
  return true;
}

function openRow() {
  const row = present();
  const link = row?.querySelector("[data-open]") ?? row?.querySelector("a");
  if (!link || document.activeElement?.closest("a, button, summary") && !row.contains(document.activeElement)) return false;
  const full = row.dataset.href;
  if (full) location.assign(full); else link.click();
  return true;
}

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      document.querySelector("dialog[open]")?.close();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = event.key;
    if (waitsForPlace && Date.now() - waitsForPlace < 1500) {
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
    else if (key === "c") taken = press(".is-at [data-key=c], .is-open [data-key=c]") || press("[data-key=c]");
    else if (key === "e") taken = press("[data-key=e]");
    else if (key === "n") taken = press("[data-key=n]");
    else if (key === "r") taken = press("[data-reply] textarea, textarea[data-reply]");
    else if (key === "?") { const keys = document.getElementById("keys"); if (keys && !keys.open) keys.showModal(); else taken = false; }
    else taken = false;
    if (taken) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-show-keys]")) document.getElementById("keys")?.showModal();
    if (event.target.closest("[data-close-dialog]")) event.target.closest("dialog")?.close();
  });
}
