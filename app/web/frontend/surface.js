// What floats or folds: toasts that leave by themselves, pop-overs that close on Escape, panels that stay as one left them.
const TOAST_MS = 6000;

export function showToasts() {
  for (const toast of document.querySelectorAll("#toasts .s-toast:not([data-timed])")) {
    toast.dataset.timed = "1";
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

/** Say something at the bottom of the page that no answer of the server brought. */
export function toast(words) {
  const box = document.createElement("div");
  box.className = "s-toast";
  const text = document.createElement("span");
  text.textContent = words;
  box.append(text);
  document.getElementById("toasts")?.append(box);
  showToasts();
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
      // A form in it that came back with an error stays in sight.
      if (kept !== null && !panel.querySelector("[aria-invalid=true]")) panel.open = kept === "1";
    } catch { /* Private windows may refuse storage: the panel keeps the page's choice. */ }
    panel.addEventListener("toggle", () => {
      try { localStorage.setItem(key(panel), panel.open ? "1" : "0"); } catch { /* as above */ }
    });
  }
}

/** The tasks docked on a ticket: one at a time behind tabs; without scripts they stand one under the other. */
export function dockTabs() {
  for (const dock of document.querySelectorAll("[data-tabs]")) {
    const list = dock.querySelector("[data-tablist]");
    const parts = [...dock.querySelectorAll("[data-tab]")];
    if (!list || !parts.length) continue;
    const show = (chosen, focus = false) => parts.forEach((part, index) => {
      const tab = list.children[index];
      part.hidden = part !== chosen;
      tab.setAttribute("aria-selected", String(part === chosen));
      tab.tabIndex = part === chosen ? 0 : -1;
      if (focus && part === chosen) part.querySelector("textarea, input:not([type=hidden])")?.focus();
    });
    for (const part of parts) {
      const tab = document.createElement("button");
      tab.type = "button";
      tab.setAttribute("role", "tab");
      tab.textContent = part.dataset.tabTitle;
      if (part.dataset.tab === "note") tab.dataset.key = "n";
      part.setAttribute("role", "tabpanel");
      part.setAttribute("aria-label", part.dataset.tabTitle);
      tab.addEventListener("click", () => show(part, true));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = (parts.indexOf(part) + step + parts.length) % parts.length;
        show(parts[next]);
        list.children[next].focus();
      });
      list.append(tab);
    }
    list.hidden = false;
    dock.classList.add("s-tabbed");
    const wrong = parts.find((part) => part.querySelector("[aria-invalid=true]"));
    show(wrong ?? parts.find((part) => part.dataset.mine !== undefined) ?? parts[0]);
  }
}
