// Timers count in the page by the desk's clock; what they say is the desk's own when the page is read again.
import { deskNow, duration } from "./clocks.js";

const pad = (number) => String(number).padStart(2, "0");

function secondsOf(timer) {
  return timer.dataset.since ? Math.max(0, Math.floor((deskNow() - Number(timer.dataset.since)) / 1000)) : Number(timer.dataset.seconds);
}

function tick() {
  for (const timer of document.querySelectorAll("[data-timer][data-since]")) {
    const seconds = secondsOf(timer);
    const parts = [`${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}`, `:${pad(seconds % 60)}`];
    parts.forEach((text, at) => { const place = timer.children[at]; if (place && place.textContent !== text) place.textContent = text; });
  }
  followTimer();
}

/** Fields that a timer fills go on with it until somebody writes something else there. */
function followTimer() {
  const timer = document.querySelector(".s-timerbox [data-timer][data-since]");
  if (!timer) return;
  const minutes = Math.min(1440, Math.max(1, Math.ceil(secondsOf(timer) / 60)));
  const text = duration(minutes).replaceAll("\u00a0", " ");
  const marks = [...document.querySelectorAll("input[name=_timer_minutes]")];
  const fields = [...document.querySelectorAll("[data-timer-minutes]"), ...marks.map((mark) => mark.form.elements.minutes).filter(Boolean)];
  for (const field of fields) {
    if (field.value !== field.defaultValue || field === document.activeElement) continue;
    field.defaultValue = field.value = text;
  }
  for (const mark of marks) {
    if (mark.form.elements.minutes?.value === text) mark.value = text;
  }
}

export function watchTimers() {
  setInterval(() => { if (!document.hidden) tick(); }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}
