// What floats or folds: toasts that leave by themselves, pop-overs that close on Escape, panels that stay as one left them.
const TOAST_MS = 6000;

export function showToasts() {
  for (const toast of document.querySelectorAll(".s-toast")) {
    let timer = setTimeout(() => toast.remove(), TOAST_MS);
    const stay = () => clearTimeout(timer);
    const leave = () => { timer = setTimeout(() => toast.remove(), TOAST_MS); };
    toast.addEventListener("mouseenter", stay);
    toast.addEventListener("focusin", stay);
    toast.addEventListener("mouseleave", leave);
    toast.addEventListener("focusout", leave);
    toast.querySelector("[data-close]")?.addEventListener("click", () => toast.remove());
  }
}

export function popOver() {
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

export function keepPanels() {
  const key = (panel) => `panel:${panel.dataset.panel}`;
  for (const panel of document.querySelectorAll("details[data-panel]")) {
    try {
      const kept = localStorage.getItem(key(panel));
      if (kept !== null) panel.open = kept === "1";
    } catch { /* Private windows may refuse storage: the panel keeps the page's choice. */ }
    panel.addEventListener("toggle", () => {
      try { localStorage.setItem(key(panel), panel.open ? "1" : "0"); } catch { /* as above */ }
    });
  }
}
