// What only the customers' pages do: files are dropped, pasted or chosen in several goes, and listed with a way back.
const MEGABYTE = 1_000_000;

const sizeOf = (bytes) => bytes < MEGABYTE
  ? `${Math.max(1, Math.round(bytes / 1000))} kB`
  : `${(bytes / MEGABYTE).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })} MB`;

/** A pasted picture has no name of its own; several of one page must not be called the same. */
function named(file, place) {
  if (file.name && file.name !== "image.png") return file;
  const ending = file.type.split("/")[1] ?? "bin";
  const time = new Date().toTimeString().slice(0, 8).replaceAll(":", "-");
  return new File([file], `${place.dataset.pasted}-${time}.${ending}`, { type: file.type });
}

function carry(place) {
  const input = place.querySelector("input[type=file]");
  const list = place.querySelector("[data-list]");
  const zone = place.querySelector(".s-upload-zone");
  let chosen = [];

  function show(refused = []) {
    const files = new DataTransfer();
    for (const file of chosen) files.items.add(file);
    input.files = files.files;
    const lines = chosen.map((file, index) => {
      const line = document.createElement("li");
      const words = document.createElement("span");
      words.textContent = `${file.name}, ${sizeOf(file.size)}`;
      const remove = document.createElement("button");
      remove.type = "button";
      remove.className = "btn btn-sm btn-ghost";
      remove.textContent = place.dataset.remove;
      remove.setAttribute("aria-label", `${place.dataset.remove} ${file.name}`);
      remove.addEventListener("click", () => { chosen.splice(index, 1); show(); input.focus(); });
      line.append(words, remove);
      return line;
    });
    for (const words of refused) {
      const line = document.createElement("li");
      line.className = "s-late-text";
      line.textContent = words;
      lines.push(line);
    }
    list.replaceChildren(...lines);
    list.hidden = !lines.length;
  }

  function add(files) {
    const refused = [];
    for (const file of files) {
      const same = chosen.some((each) => each.name === file.name && each.size === file.size);
      if (same) continue;
      if (file.size > Number(place.dataset.most)) refused.push(`${file.name}: ${place.dataset.tooLarge}`);
      else if (chosen.length >= Number(place.dataset.count)) { refused.push(place.dataset.tooMany); break; }
      else chosen.push(file);
    }
    show(refused);
  }

  place.classList.add("is-scripted");
  place.querySelector(".s-upload-drop").hidden = false;
  // A browser that comes back brings its choice along.
  if (input.files.length) add([...input.files]);
  // Choosing again adds: the browser alone would forget what was chosen before.
  input.addEventListener("change", () => add([...input.files]));
  zone.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    zone.classList.add("is-over");
  });
  zone.addEventListener("dragleave", () => zone.classList.remove("is-over"));
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("is-over");
    add([...event.dataTransfer.files]);
  });
  place.closest("form")?.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    add(files.map((file) => named(file, place)));
  });
}

// The first button of a form is the one that Enter presses: those for browsers without scripts must not be it.
for (const button of document.querySelectorAll(".s-plain-only")) button.remove();
for (const place of document.querySelectorAll("[data-upload]")) carry(place);
// A second press while the answer is on its way would send everything again. After a while it counts: the network may
// have lost the first.
const WAIT_MS = 4000;
const sentAt = new WeakMap();
window.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  const now = performance.now();
  if (now - (sentAt.get(event.target) ?? -WAIT_MS) < WAIT_MS) event.preventDefault();
  else sentAt.set(event.target, now);
});
// A file that misses its place would replace the page, with all that was typed on it.
for (const name of ["dragover", "drop"]) {
  window.addEventListener(name, (event) => {
    if ([...(event.dataTransfer?.types ?? [])].includes("Files")) event.preventDefault();
  });
}
