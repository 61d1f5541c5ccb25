// My work is drawn anew while somebody reads it: what is selected, where one is and what has the focus stay, and the rows do
// not run away under one's eyes. It also says when the desk does not answer, and how old is what it shows.
import { showSelection } from "./selection.js";

let before = null;

const rowsOf = (part) => [...part.querySelectorAll("[data-row]")];
const keyOf = (row) => row?.dataset.row;

/** What scrolls around an element: the list beside its pane, or the whole page. */
function scrollerOf(part) {
  const list = part.closest(".s-list");
  return list && getComputedStyle(list).overflowY !== "visible" ? list : document.scrollingElement;
}

function remember({ detail: { part } }) {
  const rows = rowsOf(part);
  if (!rows.length || !part.closest("[data-work]")) return;
  const scroller = scrollerOf(part);
  const edge = Math.max(0, scroller.getBoundingClientRect().top);
  const at = rows.find((row) => row.matches(".is-at"));
  const focused = rows.find((row) => row.contains(document.activeElement));
  before = {
    part,
    order: rows.map(keyOf),
    selected: new Set(rows.filter((row) => row.querySelector("[data-select]:checked")).map(keyOf)),
    at: keyOf(at),
    focused: keyOf(focused),
    onBox: document.activeElement.matches("[data-select]"),
    tops: rows.map((row) => [keyOf(row), row.getBoundingClientRect().top]).filter(([, top]) => top >= edge),
    scroller,
  };
}

/** The row with a key, or the one that took its place. */
function sameOrNext(rows, key) {
  const here = rows.find((row) => keyOf(row) === key);
  if (here || !key) return here;
  const following = before.order.slice(before.order.indexOf(key));
  return rows.find((row) => following.includes(keyOf(row))) ?? rows.at(-1);
}

function bringBack({ detail: { part } }) {
  if (before?.part !== part) return;
  const rows = rowsOf(part);
  for (const row of rows) {
    const box = row.querySelector("[data-select]");
    if (box) box.checked = before.selected.has(keyOf(row));
  }
  if (before.at) sameOrNext(rows, before.at)?.classList.add("is-at");
  if (before.focused) {
    const row = sameOrNext(rows, before.focused);
    row?.querySelector(before.onBox ? "[data-select]" : "[data-open]")?.focus({ preventScroll: true });
  }
  const [key, top] = before.tops.find(([each]) => rows.some((row) => keyOf(row) === each)) ?? [];
  const anchor = rows.find((row) => keyOf(row) === key);
  if (anchor) before.scroller.scrollTop += anchor.getBoundingClientRect().top - top;
  before = null;
  showSelection();
  watchJump();
}

let watched = null;

/** The heading of the approvals waits at the bottom edge: it shows the way down as long as they are below. */
function watchJump() {
  watched?.disconnect();
  const heading = document.querySelector("[data-jump]");
  const section = document.getElementById("approvals");
  if (!heading || !section) return;
  watched = new IntersectionObserver(([entry]) => {
    heading.classList.toggle("is-below", !entry.isIntersecting && entry.boundingClientRect.top > entry.rootBounds.height / 2);
  }, { rootMargin: "0px 0px -60px 0px" });
  watched.observe(section);
}

function jump(event) {
  const heading = event.target.closest?.("[data-jump] a");
  if (!heading) return;
  event.preventDefault();
  const row = document.querySelector("#approvals [data-row]");
  row.closest("ul").scrollIntoView({ block: "start" });
  for (const other of document.querySelectorAll("[data-row].is-at")) other.classList.remove("is-at");
  row.classList.add("is-at");
  row.querySelector("[data-open]").focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("row:at", { detail: { row } }));
}

function sayConnection({ detail: { connected } }) {
  const place = document.querySelector("[data-connection]");
  if (!place) return;
  place.classList.toggle("is-offline", !connected);
  place.querySelector("[data-when]").hidden = !connected;
  place.querySelector("[data-lost-words]").textContent = connected ? "" : place.dataset.lost.replace("{}", place.dataset.shown);
}

function sayWhen({ detail: { page } }) {
  const [old, fresh] = [document, page].map((where) => where?.querySelector("[data-connection]"));
  if (!old || !fresh) return;
  old.dataset.shown = fresh.dataset.shown;
  old.querySelector("[data-when]").innerHTML = fresh.querySelector("[data-when]").innerHTML;
}

export function keepPlace() {
  document.addEventListener("live:replacing", remember);
  document.addEventListener("live:replaced", bringBack);
  document.addEventListener("live:connection", sayConnection);
  document.addEventListener("live:looked", sayWhen);
  document.addEventListener("click", jump);
  watchJump();
}
