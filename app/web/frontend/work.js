// My work without the mouse and without losing one's place: the pane follows the row one is at, keys complete, approve and
// claim just that row, and what comes next is open when something is done.
import { announce } from "./clocks.js";
import { keepNow } from "./drafts.js";
import { isGoing, isShortcut, present, typing } from "./keys.js";
import { show as showFresh } from "./live.js";
import { showToasts, toast } from "./surface.js";
import { clearSelection, doSelected, watchSelection } from "./work_bulk.js";
import { keepPlace } from "./work_redraw.js";

const FOLLOW_MS = 160;
let following = null;
// Approve the task as soon as its form is there.
let approves = null;

const list = () => document.querySelector("[data-work]");
const pane = () => { const there = document.getElementById("pane"); return there?.offsetParent ? there : null; };
const openTask = () => document.querySelector("#pane [data-gone-task]")?.dataset.goneTask;
const rowOf = (uuid) => document.querySelector(`[data-row="${CSS.escape(uuid ?? "")}"]`);

/** The address of the list as it is, with one task open. */
function addressWith(task) {
  const address = new URL(location.href);
  address.hash = "";
  address.searchParams.delete("done");
  if (task) address.searchParams.set("task", task); else address.searchParams.delete("task");
  return `${address.pathname}${address.search}`;
}

/** Show a row's task beside the list; where there is no room, on its own page. */
function open(row) {
  clearTimeout(following);
  const link = row?.querySelector("[data-open]");
  if (!link) return;
  if (pane()) link.click(); else location.assign(link.href);
}

function follow({ detail: { row } }) {
  clearTimeout(following);
  // Who runs down the list wants the last row, not all of them. Meanwhile it may have been drawn anew.
  const task = row.dataset.row;
  if (list() && pane() && task !== openTask()) following = setTimeout(() => open(rowOf(task)), FOLLOW_MS);
}

/** A form was sent that leads away from here: its tasks may be done before a pane that is still to come could show one. */
function stopFollowing(event) {
  if (event.defaultPrevented) return;
  clearTimeout(following);
  for (const link of document.querySelectorAll("[data-row] [data-open]")) link.dispatchEvent(new CustomEvent("htmx:abort"));
}

/** A pane that was swapped in is where one is: coming back finds it open. */
function opened({ detail: { ctx } }) {
  if (ctx.target?.id !== "pane" || !list()) return;
  const task = openTask();
  history.replaceState(history.state, "", addressWith(task) + location.hash);
  if (approves && approves === task) chooseApproval(document.getElementById("pane"));
  approves = null;
}

/** What is open when this task is done: the row after it, else the one before. */
function goOnWithNext({ target: form }) {
  if (!form.matches?.("#pane form.s-pane-form") || !form.elements._next) return;
  const rows = [...document.querySelectorAll("[data-row]")];
  const at = rows.indexOf(rowOf(openTask()));
  const next = rows[at + 1] ?? rows[at - 1];
  form.elements._next.value = addressWith(next?.dataset.row);
}

/** Choose "approve" in an open form, and stand on the button that sends it: deciding takes a second key. */
function chooseApproval(where) {
  const choice = where?.querySelector(".s-pane-form input[type=radio][value=approve]");
  if (!choice) return false;
  if (!choice.checked) choice.click();
  choice.form.querySelector("[data-key=e]")?.focus();
  return true;
}

function approve() {
  if (doSelected("approve")) return true;
  const row = list() && present();
  if (!row || row.dataset.row === openTask()) return chooseApproval(document.getElementById("pane") ?? document);
  if (!row.querySelector("[data-approval]")) return false;
  approves = row.dataset.row;
  open(row);
  return true;
}

/** Completing is for the row one is at: when another task is open, this one opens first. */
function completesAnother() {
  const row = list() && present();
  if (!row || (pane() && row.dataset.row === openTask())) return false;
  open(row);
  return true;
}

function noteOnRequest() {
  const address = list() && present()?.dataset.href;
  if (address) location.assign(`${address}#note`);
  return Boolean(address);
}

/** Escape leaves a text, then closes what floats, then clears what is selected; it never throws a text away. */
function leave(event) {
  if (document.querySelector("dialog[open], details[data-pop][open]")) return false;
  if (typing(event.target)) {
    if (event.target.closest("#bulk")) return clearSelection();
    event.target.blur();
    present()?.querySelector("[data-open]")?.focus({ preventScroll: true });
    return true;
  }
  return clearSelection();
}

function pressed(event) {
  if (event.defaultPrevented || !document.querySelector("[data-work], .s-taskpage")) return;
  let taken = false;
  if (event.key === "Escape") taken = leave(event);
  else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) taken = send(event.target.closest?.("form.s-pane-form"));
  else if (!isShortcut(event) || isGoing()) return;
  else if (event.key === "a") taken = approve();
  else if (event.key === "c") taken = doSelected("claim");
  else if (event.key === "e") taken = completesAnother();
  else if (event.key === "n") taken = noteOnRequest();
  if (!taken) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function send(form) {
  form?.querySelector("[data-key=e]")?.click();
  return Boolean(form);
}

/** Claim without leaving: the answer is the list as it is now, of which the parts that changed are drawn. */
async function claimInPlace(event) {
  const form = event.target;
  if (!form.matches?.("form[data-in-place]")) return;
  event.preventDefault();
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: new FormData(form), credentials: "same-origin" });
  } catch {
    toast(list().dataset.unsent);
    return;
  }
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const said = page.getElementById("toasts");
  if (!answer.ok || !said) {
    toast(page.querySelector(".s-error p, .s-conflict p")?.textContent.trim() || list().dataset.unsent);
    return;
  }
  const [task, fresh] = [form.closest("[data-row]")?.dataset.row, page.getElementById("pane")];
  showFresh(page);
  document.getElementById("toasts").append(...said.children);
  showToasts();
  const typed = pane()?.querySelector("textarea, input[type=text]");
  if (fresh && pane() && task === openTask() && !(typed && typed.value !== typed.defaultValue)) {
    pane().innerHTML = fresh.innerHTML;
    window.htmx?.process(pane());
  }
}

/** More of the list below what is there, with what is selected above. */
async function showMore(event) {
  const link = event.target.closest?.("[data-more]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { "X-Live": "1" }, credentials: "same-origin" }).catch(() => null);
  if (!answer?.ok) { location.assign(link.href); return; }
  history.replaceState(history.state, "", link.href.split("#")[0]);
  showFresh(new DOMParser().parseFromString(await answer.text(), "text/html"));
}

export function workThroughTasks() {
  document.addEventListener("keydown", pressed, true);
  if (!list()) return;
  watchSelection();
  keepPlace();
  document.addEventListener("row:at", follow);
  document.addEventListener("htmx:config:request", ({ target }) => { if (target.closest?.("[data-pane]")) keepNow(); });
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => { if (ctx.target?.id === "pane") keepNow(); });
  document.addEventListener("htmx:after:swap", opened);
  document.addEventListener("submit", goOnWithNext, true);
  document.addEventListener("submit", claimInPlace);
  document.addEventListener("submit", stopFollowing);
  document.addEventListener("click", showMore);
  if (new URLSearchParams(location.search).has("task")) rowOf(openTask())?.scrollIntoView({ block: "nearest" });
  const done = document.querySelector("[data-announce]");
  if (done) announce(done.textContent.replace(/\s+/g, " ").trim());
}
