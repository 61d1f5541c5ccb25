// Parts of a page that look again when somebody else changed something. `data-live` says when: "mine" (my tasks may be
// others now), "any", or subjects ("ticket:12"); a row with `data-subject` inside counts too. One tab of a browser holds
// the stream and tells the others, because a browser opens only six connections to one host.
import { announce } from "./clocks.js";

const STREAM = "/live";
const SETTLE_MS = 400;
const SELDOM_MS = 2_000;
const LOOK_ANYWAY_MS = 60_000;
const TRY_AGAIN_MS = 30_000;

const parts = () => [...document.querySelectorAll("[data-live][id]")];
let stale = false;
let timer = null;
let looked = Date.now();

function concerns(said) {
  return parts().some((part) => {
    const wanted = part.dataset.live.split(" ");
    if (said.all || wanted.includes("any") || (said.mine && wanted.includes("mine"))) return true;
    return said.about.some((subject) => wanted.includes(subject)
      || part.querySelector(`[data-subject~="${CSS.escape(subject)}"]`));
  });
}

/** Whether somebody is typing in this part, or has typed and not sent: it is left alone. Ticks are put back instead. */
function isInUse(part) {
  return part.contains(document.activeElement) && document.activeElement.matches("input:not([type=checkbox]), textarea, select")
    || [...part.querySelectorAll("textarea, input:not([type=hidden], [type=checkbox], [type=radio])")].some((field) => field.value !== field.defaultValue);
}

const keyOf = (row) => row.dataset.row || row.querySelector("a[href]")?.getAttribute("href");
/** Whether two parts say the same; tokens of forms and what scripts added do not count. */
const same = (fresh, part) => textOf(fresh) === textOf(part)
  && [...fresh.querySelectorAll("[aria-label]")].map((each) => each.ariaLabel).join() === [...part.querySelectorAll("[aria-label]")].map((each) => each.ariaLabel).join();
const textOf = (row) => row.textContent.replace(/\s+/g, " ").trim();

/** What finds a link or a box again when its part is drawn anew; null for anything else. */
function spotOf(each) {
  if (each?.matches?.("input[type=checkbox][name]")) return `[name="${CSS.escape(each.name)}"][value="${CSS.escape(each.value)}"]`;
  const href = each?.getAttribute?.("href");
  return href ? `[href="${CSS.escape(href)}"]` : null;
}

/** Put the fresh part in place of the old one; rows that are new or different are marked for a moment. */
function replace(old, fresh) {
  const before = new Map([...old.querySelectorAll("[data-row]")].map((row) => [keyOf(row), textOf(row)]));
  const focused = old.contains(document.activeElement) ? spotOf(document.activeElement) : null;
  const ticked = [...old.querySelectorAll("input[type=checkbox][name]:checked")].map(spotOf);
  const at = keyOf(old.querySelector("[data-row].is-at") ?? document.createElement("i"));
  const open = new Map([...old.querySelectorAll("details[id], details[data-panel]")].map((each) => [each.id || each.dataset.panel, each.open]));
  const top = old.scrollTop;
  const atEnd = old.matches("[data-scroll-end]") && old.scrollHeight - old.clientHeight - top < 40;
  const chosen = old.querySelector("[data-row][aria-current] a.s-hit")?.getAttribute("href");
  old.innerHTML = fresh.innerHTML;
  for (const each of old.querySelectorAll("details")) {
    const was = open.get(each.id || each.dataset.panel);
    if (was !== undefined) each.open = was;
  }
  for (const row of old.querySelectorAll("[data-row]")) {
    const here = chosen && row.querySelector("a.s-hit")?.getAttribute("href") === chosen;
    if (chosen) row.toggleAttribute("aria-current", Boolean(here));
    if (here) row.setAttribute("aria-current", "true");
    if (chosen) row.classList.toggle("is-open", Boolean(here));
    if (before.get(keyOf(row)) !== textOf(row)) row.classList.add("is-fresh");
    if (at && keyOf(row) === at) row.classList.add("is-at");
  }
  for (const spot of ticked) for (const box of old.querySelectorAll(spot)) box.checked = true;
  if (focused) old.querySelector(focused)?.focus({ preventScroll: true });
  old.scrollTop = atEnd ? old.scrollHeight : top;
  window.htmx?.process(old);
}

/** The chosen task is on nobody's list any more: say so beside what is being typed, which stays. */
function sayWhatIsGone(page) {
  const notice = document.querySelector("[data-gone-task]");
  if (notice) notice.hidden = Boolean(page.querySelector(`[data-row="${CSS.escape(notice.dataset.goneTask)}"]`));
}

async function look() {
  timer = null;
  if (document.hidden) { stale = true; return; }
  stale = false;
  looked = Date.now();
  let answer;
  try {
    answer = await fetch(location.href, { headers: { "X-Live": "1" }, credentials: "same-origin" });
  } catch { stale = true; return; }
  // Signed out, or gone: what is on the page stays, the next press says it.
  if (!answer.ok || answer.redirected) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  let changed = false;
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (!fresh || isInUse(part) || same(fresh, part)) continue;
    replace(part, fresh);
    changed = true;
  }
  sayWhatIsGone(page);
  if (changed && document.body.dataset.liveSays) announce(document.body.dataset.liveSays);
  document.dispatchEvent(new CustomEvent("live:looked", { detail: { changed } }));
}

function lookSoon() {
  if (timer) return;
  timer = setTimeout(look, Math.max(SETTLE_MS, SELDOM_MS - (Date.now() - looked)));
}

/** Hold the stream for this browser, and tell every tab what it says. */
function hold(tell) {
  let was = false;
  const source = new EventSource(STREAM);
  source.onopen = () => { if (was) tell({ about: [], mine: true, all: true }); was = true; };
  source.onmessage = ({ data }) => tell(JSON.parse(data));
  source.onerror = () => {
    // The browser comes back by itself, unless the server refused.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => hold(tell), TRY_AGAIN_MS);
  };
}

export function watchChanges() {
  if (!parts().length || !window.EventSource) return;
  const hear = (said) => { if (concerns(said)) lookSoon(); };
  if (navigator.locks && window.BroadcastChannel) {
    const tabs = new BroadcastChannel("live");
    tabs.onmessage = ({ data }) => hear(data);
    const tell = (said) => { tabs.postMessage(said); hear(said); };
    // Held until this tab closes; then another takes it over, and looks again.
    navigator.locks.request("live-stream", () => { hold(tell); return new Promise(() => {}); });
  } else {
    hold(hear);
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden && stale) lookSoon(); });
  window.addEventListener("online", lookSoon);
  setInterval(() => { if (!document.hidden && Date.now() - looked >= LOOK_ANYWAY_MS) lookSoon(); }, LOOK_ANYWAY_MS);
}
