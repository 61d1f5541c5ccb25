// A page whose reader was signed out meanwhile: it stays as it is with all that was typed, says so, and goes on after
// signing in in another tab. Forms get the token of the present session, so that nothing has to be typed again.
import { announce } from "./clocks.js";

const SAID_MS = 8000;
const notice = () => document.getElementById("signed-out");
const tabs = window.BroadcastChannel ? new BroadcastChannel("session") : null;

function useToken(token) {
  document.querySelector("meta[name=csrf-token]")?.setAttribute("content", token);
  for (const field of document.querySelectorAll("input[name=csrf_token]")) field.value = token;
}

/** Show the notice: that the session ended (no words), or some words about its going on, for a while. */
function show(words = "") {
  const said = notice();
  if (!said) return;
  said.querySelector("[data-ended]").hidden = Boolean(words);
  said.querySelector("a").hidden = Boolean(words);
  said.querySelector("[data-said]").textContent = words;
  said.classList.toggle("is-over", Boolean(words));
  said.hidden = false;
  if (!words) return;
  announce(words);
  setTimeout(() => { if (said.classList.contains("is-over")) said.hidden = true; }, SAID_MS);
}

/** Ask who is signed in now; only for the same person this page goes on. */
async function lookWho() {
  const said = notice();
  if (!said || said.hidden || said.classList.contains("is-over")) return;
  let state;
  try {
    state = await (await fetch(said.dataset.state, { credentials: "same-origin" })).json();
  } catch { return; }
  if (String(state.person) !== said.dataset.person) return;
  useToken(state.token);
  show(said.dataset.again);
}

export function watchSession() {
  if (document.querySelector("[data-signed-in]")) tabs?.postMessage("again");
  if (!notice()) return;
  document.addEventListener("session:ended", () => show());
  document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
    const headers = ctx.response?.headers;
    if (!headers) return;
    if (headers.get("X-Signed-Out")) show();
    const token = headers.get("X-CSRFToken");
    if (!token) return;
    useToken(token);
    show(notice().dataset.anew);
  });
  if (tabs) tabs.onmessage = lookWho;
  document.addEventListener("visibilitychange", () => { if (!document.hidden) lookWho(); });
  window.addEventListener("focus", lookWho);
}
