// What is typed into a form with `data-draft` is kept: by the desk while one writes, and in this browser until the desk
// has said that it has it. So nothing is lost with the connection, the session or the tab.
import { announce, deskNow } from "./clocks.js";

const SAVE_AFTER_MS = 900;
const TRY_AGAIN_MS = 10_000;
const KEEP_DAYS = 7;
// What the desk saved is newer only when it is so by more than an answer takes.
const SAME_MOMENT_MS = 5_000;
const words = document.body?.dataset ?? {};

const forms = new WeakMap();
const keyOf = (form) => `draft:${words.me}:${form.dataset.draftKey}`;
/** Where a text waits that another one, newer, has taken the place of. */
const asideOf = (form) => `${keyOf(form)}:aside`;

function textsOf(form) {
  const texts = new FormData();
  for (const [name, value] of new FormData(form)) if (typeof value === "string") texts.append(name, value);
  return texts;
}

/** What the form's fields hold, without what the page itself put there (tokens, marks). */
function typedIn(form) {
  return [...textsOf(form)].filter(([name]) => name !== "csrf_token" && !name.startsWith("_"));
}

function keep(key, kept) {
  try { localStorage.setItem(key, JSON.stringify(kept)); } catch { /* no storage in this window */ }
}

function forget(key) {
  try { localStorage.removeItem(key); } catch { /* as above */ }
}

/** What is kept under a key; null when nothing is, or it is too old to be wanted. */
function keptAs(key) {
  try {
    const kept = JSON.parse(localStorage.getItem(key));
    if (kept && kept.at > deskNow() - KEEP_DAYS * 86_400_000) return kept;
  } catch { return null; }
  forget(key);
  return null;
}

const keepHere = (form) => keep(keyOf(form), { at: deskNow(), typed: typedIn(form) });
const forgetHere = (form) => forget(keyOf(form));
const isSame = (form, kept) => JSON.stringify(kept.typed) === JSON.stringify(typedIn(form));

function say(form, text, link = null) {
  const place = form.querySelector("[data-draft-says]");
  if (!place) return;
  place.textContent = text;
  place.classList.toggle("is-unsaved", Boolean(link) || text === words.unsaved || text === words.cannotSave);
  if (link) {
    const anchor = document.createElement("a");
    anchor.href = link;
    anchor.textContent = words.signIn;
    place.append(" ", anchor);
  }
}

function stateOf(form) {
  if (!forms.has(form)) forms.set(form, { timer: 0, sending: null, isDirty: false });
  return forms.get(form);
}

function saveSoon(form, wait = SAVE_AFTER_MS) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(() => save(form), wait);
}

async function save(form) {
  const state = stateOf(form);
  if (!form.isConnected || !state.isDirty) return;
  if (state.sending) { saveSoon(form); return; }
  state.isDirty = false;
  state.sending = new AbortController();
  try {
    const answer = await fetch(form.dataset.draft, {
      method: "POST", body: textsOf(form), credentials: "same-origin", redirect: "manual", signal: state.sending.signal,
      headers: { "HX-Request": "true", "X-CSRFToken": document.querySelector("meta[name=csrf-token]")?.content ?? "" },
    });
    const signIn = answer.headers.get("X-Signed-Out");
    if (signIn) {
      state.isDirty = true;
      say(form, words.signedOut, signIn);
      document.dispatchEvent(new CustomEvent("session:ended"));
    } else if (answer.ok) {
      if (!state.isDirty) forgetHere(form);
      say(form, (await answer.text()).trim());
    } else {
      state.isDirty = true;
      say(form, words.cannotSave);
      if (answer.status >= 500) saveSoon(form, TRY_AGAIN_MS);
    }
  } catch (error) {
    if (error.name === "AbortError") return;
    state.isDirty = true;
    say(form, words.unsaved);
    saveSoon(form, TRY_AGAIN_MS);
  } finally {
    state.sending = null;
  }
}

/** The form is on its way, or was sent: what is left of its draft must not come back. */
function stop(form) {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.sending?.abort();
  state.isDirty = false;
}

function fill(form, typed) {
  const byName = new Map();
  for (const [name, value] of typed) byName.set(name, [...(byName.get(name) ?? []), value]);
  for (const control of form.elements) {
    if (!control.name || control.type === "hidden" || control.type === "file") continue;
    const values = byName.get(control.name) ?? [];
    if (control.type === "radio" || control.type === "checkbox") {
      const was = control.checked;
      control.checked = values.includes(control.value);
      // Other fields may depend on it: they are drawn anew.
      if (control.checked && !was && control.hasAttribute("hx-post")) control.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (values.length) control.value = values[0];
  }
}

/** What the desk may not have: typed here while it could not be reached, or after one was signed out. */
function bringBack(form) {
  stateOf(form);
  const kept = keptAs(keyOf(form));
  if (kept) putBack(form, kept);
  offerOther(form);
}

function putBack(form, kept) {
  if (!isSame(form, kept) && Number(form.dataset.draftAt) > kept.at + SAME_MOMENT_MS) {
    // Written later, in another browser: it stands in the form, and what this one kept is offered.
    keep(asideOf(form), kept);
    forgetHere(form);
    return;
  }
  // The desk may not have it, however it came to stand here: a form that was refused shows what was sent.
  stateOf(form).isDirty = true;
  saveSoon(form);
  if (isSame(form, kept)) return;
  fill(form, kept.typed);
  form.dispatchEvent(new CustomEvent("draft:back", { bubbles: true }));
  say(form, words.broughtBack);
  announce(words.broughtBack);
}

/** A second text for the same form is a press away; the one that stands there now takes its place. */
function offerOther(form) {
  const other = keptAs(asideOf(form));
  if (!other) return;
  if (isSame(form, other)) { forget(asideOf(form)); return; }
  const offer = document.createElement("p"), use = document.createElement("button");
  offer.className = "s-small s-muted s-othertext";
  use.type = "button";
  use.className = "btn btn-sm";
  use.textContent = words.useOther;
  use.addEventListener("click", () => {
    const wanted = keptAs(asideOf(form));
    keep(asideOf(form), { at: deskNow(), typed: typedIn(form) });
    if (wanted) fill(form, wanted.typed);
    form.dispatchEvent(new Event("input", { bubbles: true }));
  });
  offer.append(words.otherText, " ", use);
  form.append(offer);
}

/** Send what the desk does not have yet; the answer is not waited for, and this browser keeps the text until it came. */
export function keepNow() {
  for (const form of document.querySelectorAll("form[data-draft]")) {
    const state = stateOf(form);
    if (!state.isDirty) continue;
    clearTimeout(state.timer);
    const headers = { "HX-Request": "true", "X-CSRFToken": document.querySelector("meta[name=csrf-token]")?.content ?? "" };
    fetch(form.dataset.draft, { method: "POST", body: textsOf(form), credentials: "same-origin", keepalive: true, redirect: "manual", headers })
      .then((answer) => { if (answer.ok && !state.timer && !answer.headers.get("X-Signed-Out")) forgetHere(form); }).catch(() => {});
    state.timer = 0;
  }
}

const draftOf = (target) => target?.closest?.("form[data-draft]");

export function keepDrafts() {
  document.addEventListener("input", (event) => {
    const form = draftOf(event.target);
    if (!form || event.target.type === "file") return;
    stateOf(form).isDirty = true;
    keepHere(form);
    saveSoon(form);
  });
  document.addEventListener("submit", (event) => { if (draftOf(event.target)) stop(event.target); });
  document.addEventListener("draft:sent", (event) => { stop(event.target); forgetHere(event.target); say(event.target, ""); });
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const form = ctx.sourceElement;
    if (!form?.matches?.("form[data-draft]")) return;
    const { status, headers } = ctx.response;
    // Refused with its errors, or sent to sign in: what was typed is not there yet.
    if (status >= 200 && status < 300 && !headers.get("X-Signed-Out")) forgetHere(form);
  });
  window.addEventListener("online", () => document.querySelectorAll("form[data-draft]").forEach((form) => save(form)));
  // Another form may lead away for good (signing out does): what was typed goes first. So it does when the page is left
  // within the moment between typing and saving.
  document.addEventListener("submit", (event) => { if (!draftOf(event.target)) keepNow(); }, true);
  document.addEventListener("visibilitychange", () => { if (document.hidden) keepNow(); });
  window.addEventListener("pagehide", keepNow);
  const look = () => document.querySelectorAll("form[data-draft]").forEach((form) => { if (!forms.has(form)) bringBack(form); });
  // When every script of the page is there to hear of it.
  document.addEventListener("DOMContentLoaded", look);
  document.addEventListener("htmx:after:swap", look);
}
