// Parts of a page that look again when somebody else changed something. `data-live` says when: "mine" (my tasks may be
// others now), "any", or subjects ("ticket:12"); a row with `data-subject` inside counts too. One tab of a browser holds
// the stream and tells the others, because a browser opens only six connections to one host. A page says when it was read
// (`data-read`, by the server's clock) and is told what was said since.
import { announce } from "./clocks.js";
import { liveFrom } from "./from.js";

const STREAM = "/live";
const SETTLE_MS = 400;
const SELDOM_MS = 2_000;
const LOOK_ANYWAY_MS = 60_000;
const TRY_AGAIN_MS = 30_000;
// A stream ends now and then and comes back by itself: only what stays away is a lost connection.
const LOST_AFTER_MS = 5_000;
const LOOK_AGAIN_MS = 10_000;
// A form that was sent brings another page soon: until then what is told of its effect is not looked at.
const LEAVING_MS = 5_000;
// What the tab with the stream remembers, for tabs that are opened later.
const REMEMBERED = 50;
const EVERYTHING = { about: [], mine: true, all: true };

const parts = () => [...document.querySelectorAll("[data-live][id]")];
let stale = false;
let timer = null;
let looked = Date.now();
let left = 0;
let connected = true;
let again = null;
let lost = null;
let read = Number(document.body.dataset.read) || 0;

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
/** What a part says; a timer that counts says the same all the time. */
function textOf(row) {
  let part = row;
  if (row.querySelector("[data-timer]")) {
    part = row.cloneNode(true);
    part.querySelectorAll("[data-timer][data-since]").forEach((timer) => timer.replaceChildren());
  }
  return part.textContent.replace(/\s+/g, " ").trim();
}

/** What a row says, but for its countdown: that a minute passed is nothing new. */
const newsOf = (row) => [...row.querySelectorAll("[data-words]")].reduce((text, each) => text.replace(textOf(each), ""), textOf(row));

/** Messages in which the reader has opened something stay as they are, with the heading they have now. */
function keepOpened(old, fresh) {
  for (const opened of old.querySelectorAll(".s-framed, .s-quoted")) {
    const message = opened.closest("[id]");
    const twin = message && fresh.querySelector(`#${CSS.escape(message.id)}`);
    if (!twin || twin === message) continue;
    message.querySelector("header")?.replaceWith(twin.querySelector("header"));
    twin.replaceWith(message);
  }
}

/** What finds a link or a box again when its part is drawn anew; null for anything else. */
function spotOf(each) {
  if (each?.matches?.("input[type=checkbox][name]")) return `[name="${CSS.escape(each.name)}"][value="${CSS.escape(each.value)}"]`;
  const href = each?.getAttribute?.("href");
  return href ? `[href="${CSS.escape(href)}"]` : null;
}

/** Put the fresh part in place of the old one; rows that are new or different are marked for a moment. */
function replace(old, fresh) {
  const before = new Map([...old.querySelectorAll("[data-row]")].map((row) => [keyOf(row), newsOf(row)]));
  const focused = old.contains(document.activeElement) ? spotOf(document.activeElement) : null;
  const ticked = [...old.querySelectorAll("input[type=checkbox][name]:checked")].map(spotOf);
  const at = keyOf(old.querySelector("[data-row].is-at") ?? document.createElement("i"));
  const open = new Map([...old.querySelectorAll("details[id], details[data-panel]")].map((each) => [each.id || each.dataset.panel, each.open]));
  const scroller = old.closest("[data-scroll-end]") ?? old;
  const top = scroller.scrollTop;
  const atEnd = scroller.matches("[data-scroll-end]") && scroller.scrollHeight - scroller.clientHeight - top < 40;
  const chosen = old.querySelector("[data-row][aria-current] a.s-hit")?.getAttribute("href");
  document.dispatchEvent(new CustomEvent("live:replacing", { detail: { part: old } }));
  keepOpened(old, fresh);
  old.replaceChildren(...fresh.childNodes);
  for (const each of old.querySelectorAll("details")) {
    const was = open.get(each.id || each.dataset.panel);
    if (was !== undefined) each.open = was;
  }
  for (const row of old.querySelectorAll("[data-row]")) {
    const here = chosen && row.querySelector("a.s-hit")?.getAttribute("href") === chosen;
    if (chosen) row.toggleAttribute("aria-current", Boolean(here));
    if (here) row.setAttribute("aria-current", "true");
    if (chosen) row.classList.toggle("is-open", Boolean(here));
    if (before.get(keyOf(row)) !== newsOf(row)) row.classList.add("is-fresh");
    if (at && keyOf(row) === at) row.classList.add("is-at");
  }
  for (const spot of ticked) for (const box of old.querySelectorAll(spot)) box.checked = true;
  if (focused) old.querySelector(focused)?.focus({ preventScroll: true });
  scroller.scrollTop = atEnd ? scroller.scrollHeight : top;
  window.htmx?.process(old);
  document.dispatchEvent(new CustomEvent("live:replaced", { detail: { part: old } }));
}

/** Parts of a list of parts that are new are put in, those that are gone taken out, unless somebody is typing there. */
function follow(page) {
  let changed = false;
  for (const list of document.querySelectorAll("[data-live-list][id]")) {
    const fresh = page.getElementById(list.id);
    if (!fresh) continue;
    const wanted = new Set([...fresh.children].map((part) => part.id));
    let last = null;
    for (const part of [...fresh.children]) {
      const here = part.id && document.getElementById(part.id);
      if (!here && part.id) {
        if (last) last.after(part); else list.prepend(part);
        window.htmx?.process(part);
        changed = true;
      }
      last = here || part;
    }
    for (const part of [...list.children]) {
      if (!part.id || wanted.has(part.id) || isInUse(part)) continue;
      part.remove();
      changed = true;
    }
  }
  return changed;
}

/** The chosen task is on nobody's list any more: say so beside what is being typed, which stays. */
function sayWhatIsGone(page) {
  const notice = document.querySelector("[data-gone-task]");
  if (notice) notice.hidden = Boolean(page.querySelector(`[data-row="${CSS.escape(notice.dataset.goneTask)}"]`));
}

/** Whether the desk answers: pages say so where they show how old they are, and look again as soon as it does. */
function connection(isThere) {
  if (isThere === connected) return;
  connected = isThere;
  document.dispatchEvent(new CustomEvent("live:connection", { detail: { connected } }));
}

async function look() {
  timer = null;
  if (document.hidden) { stale = true; return; }
  if (Date.now() - left < LEAVING_MS) { timer = setTimeout(look, LEAVING_MS); return; }
  stale = false;
  looked = Date.now();
  const headers = { "X-Live": "1", ...liveFrom() };
  const answer = await fetch(location.href, { headers, credentials: "same-origin" }).catch(() => null);
  connection(Boolean(answer) && answer.status < 500);
  if (!connected) {
    stale = true;
    again ||= setTimeout(() => { again = null; if (stale) lookSoon(); }, LOOK_AGAIN_MS);
    return;
  }
  // Signed out, or gone: what is on the page stays.
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") document.dispatchEvent(new CustomEvent("session:ended"));
  if (!answer.ok || answer.redirected) return;
  show(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

/** Put the parts of a fresh page, such as an answer to what one did, in place of those that are there. */
export function show(page) {
  let changed = false;
  read = Number(page.body.dataset.read) || read;
  for (const part of parts()) {
    const fresh = page.getElementById(part.id);
    if (!fresh || isInUse(part) || same(fresh, part)) continue;
    replace(part, fresh);
    changed = true;
  }
  changed = follow(page) || changed;
  sayWhatIsGone(page);
  if (changed && document.body.dataset.liveSays) announce(document.body.dataset.liveSays);
  document.dispatchEvent(new CustomEvent("live:looked", { detail: { changed, page } }));
}

function lookSoon() {
  if (timer) return;
  timer = setTimeout(look, Math.max(SETTLE_MS, SELDOM_MS - (Date.now() - looked)));
}

/** Hold the stream for this browser, and tell every tab what it says. */
function hold(tell) {
  // A lost connection is picked up by the browser where it was: the server says of each event where that is.
  const source = new EventSource(`${STREAM}?since=${read}`);
  source.onopen = () => { clearTimeout(lost); lost = null; };
  source.onmessage = ({ data }) => tell(JSON.parse(data));
  source.onerror = () => {
    // Looking finds out whether it is the stream alone; every tab does that for itself.
    lost ||= setTimeout(() => tell(EVERYTHING), LOST_AFTER_MS);
    // The browser comes back by itself, unless the server refused.
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(() => hold(tell), TRY_AGAIN_MS);
  };
}

/** Share one stream among the tabs: who holds it tells the others, and a new one what was said since it was read. */
function share(hear) {
  const tabs = new BroadcastChannel("live");
  let said = null;
  let from = 0;
  const remember = (each) => {
    said.push(each);
    if (said.length > REMEMBERED) from = said.shift().at;
  };
  tabs.onmessage = ({ data }) => {
    if (!("since" in data)) { hear(data); return; }
    if (!said) return;
    if (data.since <= from) tabs.postMessage(EVERYTHING);
    for (const each of said) if (each.at >= data.since) tabs.postMessage(each);
  };
  tabs.postMessage({ since: read });
  // Held until this tab closes; then another takes it over, from where it has read.
  navigator.locks.request("live-stream", () => {
    [said, from] = [[], read - 1];
    hold((each) => { remember(each); tabs.postMessage(each); hear(each); });
    return new Promise(() => {});
  });
}

export function watchChanges() {
  document.addEventListener("live:look", () => { if (parts().length) lookSoon(); });
  // An answer to something this page sent is a fresh copy of it.
  document.addEventListener("live:answer", ({ detail }) => { looked = Date.now(); show(detail.page); });
  if (!parts().length || !window.EventSource) return;
  // What was said before this page was read stands on it.
  const hear = (said) => { if ((said.at ?? Infinity) >= read && concerns(said)) lookSoon(); };
  if (navigator.locks && window.BroadcastChannel) share(hear); else hold(hear);
  document.addEventListener("visibilitychange", () => { if (!document.hidden && stale) lookSoon(); });
  window.addEventListener("submit", (event) => { if (!event.defaultPrevented) left = Date.now(); });
  window.addEventListener("online", lookSoon);
  window.addEventListener("offline", () => { stale = true; connection(false); });
  setInterval(() => { if (!document.hidden && Date.now() - looked >= LOOK_ANYWAY_MS) lookSoon(); }, LOOK_ANYWAY_MS);
}
