// The forms docked under the conversation: one at a time behind tabs, and folded to one line until somebody writes.
// Without scripts they stand one under the other.

const dock = () => document.querySelector("[data-dock]");
const tabsOf = (root) => [...root.querySelectorAll("[data-tab]")];

/** Whether something is written in it, now or in a draft that came with the page. */
function isTyped(root) {
  return [...root.querySelectorAll("textarea, input:not([type=hidden])")].some((field) => {
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.type === "file") return field.files.length > 0;
    return field.matches("textarea") ? field.value.trim() !== "" : field.value !== field.defaultValue;
  });
}

/** The field one writes into: the reply of a task, the text of the note, else the first field. */
function firstField(part) {
  return part.querySelector("textarea[data-reply]") ?? part.querySelector("textarea") ?? part.querySelector("input:not([type=hidden]), select");
}

function show(root, chosen) {
  const list = root.querySelector("[data-tablist]");
  tabsOf(root).forEach((part, index) => {
    const tab = list.children[index];
    part.hidden = part !== chosen;
    tab.setAttribute("aria-selected", String(part === chosen));
    tab.tabIndex = part === chosen ? 0 : -1;
  });
}

/** Keep the end of the conversation in sight when the dock takes room from it or gives it back. */
function keepingTheEnd(change) {
  const talk = document.getElementById("talk");
  const atEnd = talk && talk.scrollHeight - talk.clientHeight - talk.scrollTop < 60;
  change();
  if (atEnd) talk.scrollTop = talk.scrollHeight;
}

function open(part, focus = true) {
  const root = dock();
  if (part) show(root, part);
  keepingTheEnd(() => root.classList.add("is-open"));
  const shown = part ?? tabsOf(root).find((each) => !each.hidden);
  if (focus && shown) {
    const field = firstField(shown);
    (field ?? shown).focus({ preventScroll: true });
    if (!root.closest(".s-fixed") || getComputedStyle(root.closest(".s-fixed")).overflow !== "hidden") shown.scrollIntoView({ block: "nearest" });
  }
}

function fold() {
  const root = dock();
  if (!root || isTyped(root)) return false;
  if (root.contains(document.activeElement)) document.activeElement.blur();
  keepingTheEnd(() => root.classList.remove("is-open"));
  root.querySelector(".s-foldtext")?.focus({ preventScroll: true });
  return true;
}

function choose(part, value) {
  const choice = part?.querySelector(`.s-choice input[value="${CSS.escape(value)}"]`);
  if (choice && !choice.checked) choice.click();
}

function makeTabs(root) {
  const list = root.querySelector("[data-tablist]");
  const parts = tabsOf(root);
  list.replaceChildren();
  for (const part of parts) {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.setAttribute("role", "tab");
    tab.id = `tab-${part.dataset.tab}`;
    tab.textContent = part.dataset.tabTitle;
    if (part.dataset.tab === "note") tab.dataset.key = "n";
    else if (part.dataset.mine !== undefined && !list.querySelector("[data-key=r]")) tab.dataset.key = "r";
    part.setAttribute("role", "tabpanel");
    part.setAttribute("aria-labelledby", tab.id);
    tab.addEventListener("click", () => open(part));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      const next = (parts.indexOf(part) + step + parts.length) % parts.length;
      show(root, parts[next]);
      list.children[next].focus();
    });
    list.append(tab);
  }
  list.hidden = false;
  root.querySelector("[data-fold]").hidden = false;
  root.classList.add("s-tabbed");
  const wrong = parts.find((part) => part.querySelector("[aria-invalid=true]"));
  const begun = parts.find((part) => isTyped(part));
  show(root, wrong ?? begun ?? parts.find((part) => part.dataset.mine !== undefined) ?? parts[0]);
}

/** The tasks are others now: the dock follows while nobody writes in it; else it says so and leaves all as it is. */
function follow({ detail: { page } }) {
  const root = dock(), fresh = page?.getElementById("work");
  if (!root || !fresh) return;
  const keys = (each) => tabsOf(each).map((part) => `${part.dataset.tab}${part.dataset.mine !== undefined}`).join();
  if (keys(root) === keys(fresh)) return;
  const inUse = isTyped(root) || root.contains(document.activeElement) && document.activeElement.matches("input, textarea, select");
  if (inUse) {
    const notice = root.querySelector("[data-gone]");
    if (notice) notice.hidden = false;
    return;
  }
  root.replaceChildren(...fresh.childNodes);
  makeTabs(root);
  window.htmx?.process(root);
}

export function dockForms() {
  const root = dock();
  if (!root) return;
  makeTabs(root);
  if (root.querySelector("[aria-invalid=true]")) root.classList.add("is-open");
  // Who came with `n` from a list is about to write a note.
  if (location.hash === "#note") open(tabsOf(root).find((part) => part.dataset.tab === "note"));
  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-open-work], [data-open-note]");
    if (opens) {
      event.preventDefault();
      const parts = tabsOf(dock());
      const part = opens.dataset.openNote !== undefined ? parts.find((each) => each.dataset.tab === "note") : parts.find((each) => each.dataset.mine !== undefined) ?? parts[0];
      document.dispatchEvent(new CustomEvent("part:show", { detail: "talk" }));
      open(part);
      if (opens.dataset.choose) choose(part, opens.dataset.choose);
      // Opened from the bar of a small screen: the form comes into sight from wherever one is.
      if (opens.closest(".s-actbar")) dock().scrollIntoView({ block: "start" });
    }
    if (event.target.closest("[data-fold]")) fold();
  });
  document.addEventListener("draft:back", (event) => { const part = event.target.closest("[data-tab]"); if (part) open(part, false); });
  document.addEventListener("draft:sent", (event) => { if (dock()?.contains(event.target)) fold(); });
  document.addEventListener("live:looked", follow);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], details[data-pop][open]")) return;
    if (dock()?.contains(event.target) || event.target === document.body) fold();
  });
}
