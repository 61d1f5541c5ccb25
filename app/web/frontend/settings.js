// Small comforts of the settings: the computer's own time zone, a signature seen as it is typed, a password copied.

/** Says what zone this computer is in where another one is set, and offers to take it over. */
function suggestZone(box) {
  const input = box.querySelector("input");
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!own || own === input.value) return;
  const hint = document.createElement("div");
  hint.className = "s-zone-hint";
  hint.append(box.dataset.zoneWords.replace("{}", own));
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm";
  button.textContent = box.dataset.zoneUse;
  button.addEventListener("click", () => { input.value = own; hint.remove(); input.focus(); });
  hint.append(button);
  box.append(hint);
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
  document.querySelectorAll("[data-zone-field]").forEach(suggestZone);
  document.querySelectorAll("[data-mirrors]").forEach(mirror);
  document.querySelectorAll("[data-copy]").forEach(offerCopy);
}
