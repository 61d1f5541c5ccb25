// What a page that is read again says of itself: the oldest message it shows, so that none that was loaded is lost.
export function liveFrom() {
  const from = document.querySelector("[data-live-from]")?.dataset.liveFrom;
  return from ? { "X-Live-From": from } : {};
}
