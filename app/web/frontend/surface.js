// What floats or folds: toasts that leave by themselves, pop-overs that close on Escape, panels that stay as one left them.
const TOAST_MS = 6000;
const EDGE = 12;
const LEAST_HEIGHT = 160;

function watch(toast) {
  let timer = setTimeout(() => toast.remove(), TOAST_MS);
  const stay = () => clearTimeout(timer);
  const leave = () => { clearTimeout(timer); timer = setTimeout(() => toast.remove(), TOAST_MS); };
  toast.addEventListener("mouseenter", stay);
  toast.addEventListener("focusin", stay);
  toast.addEventListener("mouseleave", leave);
  toast.addEventListener("focusout", leave);
  toast.querySelector("[data-close]")?.addEventListener("click", () => toast.remove());
}

export function showToasts() {
  document.querySelectorAll("#toasts .s-toast").forEach(watch);
  // Toasts that came with an answer which changed only parts of the page take the place of earlier ones.
  document.addEventListener("toasts", ({ detail }) => {
    const place = document.getElementById("toasts");
    if (!detail.length) return;
    place.replaceChildren(...detail);
    place.querySelectorAll(".s-toast").forEach(watch);
  });
}

/** What floats stays inside the window: no wider and no higher than the room there is, and scrolled inside. */
function fit(pop) {
  const box = pop.querySelector(".s-pop, .s-menu-pop");
  if (!box || getComputedStyle(box).position === "fixed") return;
  box.style.maxHeight = box.style.translate = "";
  const place = box.getBoundingClientRect();
  const room = document.documentElement.clientWidth - EDGE;
  const shift = place.right > room ? Math.max(EDGE - place.left, room - place.right) : place.left < EDGE ? EDGE - place.left : 0;
  if (shift) box.style.translate = `${shift}px 0`;
  const height = innerHeight - EDGE - place.top;
  if (place.height > height && height >= LEAST_HEIGHT) box.style.maxHeight = `${height}px`;
}

/** Say something at the bottom of the page that no answer of the server brought. */
export function toast(words) {
  const box = document.createElement("div");
  box.className = "s-toast";
  const text = document.createElement("span");
  text.textContent = words;
  box.append(text);
  document.getElementById("toasts")?.append(box);
  watch(box);
}

export function popOver() {
  document.addEventListener("toggle", (event) => { if (event.target.matches?.("details[data-pop]") && event.target.open) fit(event.target); }, true);
  // What came into an open one may be larger than what it opened with.
  document.addEventListener("htmx:after:swap", () => document.querySelectorAll("details[data-pop][open]").forEach(fit));
  window.addEventListener("resize", () => document.querySelectorAll("details[data-pop][open]").forEach(fit));
  const open = () => document.querySelectorAll("details[data-pop][open]");
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const pop of open()) { pop.open = false; pop.querySelector("summary").focus(); }
  });
  document.addEventListener("click", (event) => {
    for (const pop of open()) if (!pop.contains(event.target)) pop.open = false;
  });
  for (const end of document.querySelectorAll("[data-scroll-end]")) end.scrollTop = end.scrollHeight;
}

const keyOf = (panel) => `panel:${panel.dataset.panel}`;

export function keepPanels() {
  for (const panel of document.querySelectorAll("details[data-panel]")) {
    try {
      const kept = localStorage.getItem(keyOf(panel));
      // A form in it that came back with an error stays in sight.
      if (kept !== null && !panel.querySelector("[aria-invalid=true]")) panel.open = kept === "1";
    } catch { /* Private windows may refuse storage: the panel keeps the page's choice. */ }
  }
  document.addEventListener("toggle", ({ target }) => {
    if (!target.matches?.("details[data-panel]")) return;
    try { localStorage.setItem(keyOf(target), target.open ? "1" : "0"); } catch { /* as above */ }
  }, true);
}
