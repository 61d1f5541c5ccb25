// Small comforts of the settings: the computer's own time zone, a signature seen as it is typed, a password copied.

/** The page itself says what zone this computer is in where another one is set; the button takes it over. */
function takeZone(box) {
  const input = box.querySelector("input");
  const hint = box.querySelector("[data-zone-hint]");
  hint.querySelector("button").addEventListener("click", () => { input.value = hint.dataset.zoneHint; hint.remove(); input.focus(); });
}

function mirror(target) {
  const field = document.getElementById(target.dataset.mirrors);
  field?.addEventListener("input", () => { target.textContent = field.value.trim(); });
}

/** Copying needs a secure page; elsewhere the text is selected by a click all the same. */
function offerCopy(button) {
  if (!navigator.clipboard) return;
  button.hidden = false;
  const words = button.querySelector("span");
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    words.textContent = button.dataset.copied;
  });
}

export function helpWithSettings() {
  document.querySelectorAll("[data-zone-field]").forEach(takeZone);
  document.querySelectorAll("[data-mirrors]").forEach(mirror);
  document.querySelectorAll("[data-copy]").forEach(offerCopy);
}
