// Deadline chips count down each minute. The server sends the working minutes left and the due moment; time left is
// never more than the wall time to the due moment, so within working hours the chip is exact, and outside them it waits.
const body = document.body;
// The desk's time may run ahead of this machine's (demo), and this machine's clock may be wrong.
const ahead = body?.dataset.now ? Number(body.dataset.now) - Date.now() : 0;

/** The desk's time in milliseconds since 1970. */
export const deskNow = () => Date.now() + ahead;

const MINUTES_OF_A_DAY = 1440;
const NBSP = "\u00a0";

export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  return hours ? `${hours}${NBSP}h${NBSP}${String(rest).padStart(2, "0")}` : `${rest}${NBSP}min`;
}

function show(chip, state, text) {
  if (chip.dataset.state !== state) {
    const before = chip.dataset.state;
    chip.dataset.state = state;
    for (const other of ["is-ok", "is-soon", "is-late"]) chip.classList.toggle(other, other === state);
    const icon = chip.querySelector("use");
    const names = { "is-ok": "clock", "is-soon": "hourglass-low", "is-late": "alert-triangle" };
    if (icon) icon.setAttribute("href", icon.getAttribute("href").replace(/#.*/, `#${names[state]}`));
    if (before && chip.dataset.says) announce(`${chip.dataset.says}: ${text}`);
  }
  const words = chip.querySelector("[data-words]");
  if (words && words.textContent !== text) words.textContent = text;
}

export function announce(message) {
  const region = document.getElementById("live");
  if (region) region.textContent = message;
}

function tick() {
  const now = Date.now() + ahead;
  for (const chip of document.querySelectorAll("[data-due]")) {
    const due = Number(chip.dataset.due);
    const wall = Math.ceil((due - now) / 60_000);
    const templates = { left: chip.dataset.left ?? "{}", late: chip.dataset.late ?? "{}" };
    if (wall <= 0) {
      // Working time stands still after closing. What is late by a day's length is said by the server and does not tick.
      const until = Math.min(now, Number(chip.dataset.ticksUntil ?? now));
      const late = Math.max(1, Math.floor((until - Number(chip.dataset.lateSince ?? due)) / 60_000));
      if (late < MINUTES_OF_A_DAY) show(chip, "is-late", templates.late.replace("{}", duration(late)));
      continue;
    }
    // Due on another day, because the desk is closed until then: the chip says the moment, not the working minutes.
    if (chip.querySelector("[data-moment]")) continue;
    const left = Math.min(Number(chip.dataset.minutes), wall);
    const soon = (chip.dataset.warn && now >= Number(chip.dataset.warn)) || left <= 15;
    show(chip, soon ? "is-soon" : "is-ok", templates.left.replace("{}", duration(left)));
  }
}

export function watchClocks() {
  if (!body) return;
  // Align to the minute, then once a minute; a hidden tab catches up when it is seen again.
  const again = () => { tick(); setTimeout(again, 60_000 - ((Date.now() + ahead) % 60_000)); };
  setTimeout(again, 60_000 - ((Date.now() + ahead) % 60_000));
  document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
}
