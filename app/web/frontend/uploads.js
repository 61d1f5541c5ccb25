// Files come by the file button, dropped anywhere on the page, or pasted. Each goes by itself, with how far it is and a
// way to stop it; what the desk says about it stands at it.
const MEGABYTE = 1_000_000;

const sizeOf = (bytes) => bytes < MEGABYTE
  ? `${Math.max(1, Math.round(bytes / 1000))}\u00a0kB`
  : `${(bytes / MEGABYTE).toLocaleString(document.documentElement.lang, { maximumFractionDigits: 1 })}\u00a0MB`;

const form = () => document.querySelector("[data-uploads-to]");

/** The editor under the pointer or with the focus that takes files itself: they go along with what is written. */
function editorAt(target) {
  const input = target?.closest?.(".s-editor")?.querySelector("input[type=file]");
  return input && !input.disabled ? input : null;
}

function addTo(input, files) {
  const all = new DataTransfer();
  for (const file of [...(input.multiple ? input.files : []), ...files]) all.items.add(file);
  input.files = all.files;
  input.dispatchEvent(new Event("change", { bubbles: true }));
}

function rowFor(tray, file, words) {
  const row = tray.querySelector("[data-upload-row]").content.firstElementChild.cloneNode(true);
  row.querySelector("[data-name]").textContent = `${file.name}, ${sizeOf(file.size)}`;
  tray.querySelector("ul").append(row);
  tray.hidden = false;
  const say = (text, state = "") => {
    row.querySelector("[data-says]").textContent = text;
    row.className = state;
    if (state) row.querySelector("progress").remove();
    if (state) row.querySelector("[data-cancel]").remove();
  };
  return { row, say, words };
}

/** Send one file; resolves when it is there, was refused or was stopped. */
function send(target, file, { row, say, words }) {
  return new Promise((resolve) => {
    const end = (text, state) => { say(text, state); resolve(state === "is-done"); };
    const most = Number(target.dataset.most);
    if (most && file.size > most) { end(words.tooLarge.replace("{}", target.dataset.mostWords), "is-wrong"); return; }
    const body = new FormData();
    body.append("csrf_token", target.elements.csrf_token.value);
    body.append("files", file, file.name);
    const request = new XMLHttpRequest();
    request.open("POST", target.action);
    request.setRequestHeader("HX-Request", "true");
    request.upload.addEventListener("progress", ({ loaded, total }) => {
      const percent = Math.round(100 * loaded / total);
      row.querySelector("progress").value = percent;
      say(words.going.replace("{}", String(percent)));
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) { end(words.done, "is-done"); return; }
      // A sentence, or an error page's piece of HTML.
      const said = new DOMParser().parseFromString(request.responseText, "text/html").body.textContent;
      end(said.replace(/\s+/g, " ").trim().slice(0, 300) || words.refused, "is-wrong");
    });
    request.addEventListener("error", () => end(words.lost, "is-wrong"));
    request.addEventListener("abort", () => end(words.cancelled, "is-stopped"));
    row.querySelector("[data-cancel]").addEventListener("click", () => request.abort());
    request.send(body);
  });
}

/** Two at a time: a screenshot need not wait for a film, and the desk is not flooded. */
async function sendAll(files) {
  const target = form(), tray = document.querySelector("[data-uploads]");
  if (!target || !tray) return;
  const words = tray.querySelector("[data-upload-words]").dataset;
  const waiting = files.map((file) => [file, rowFor(tray, file, words)]);
  const line = async () => {
    while (waiting.length) {
      const [file, row] = waiting.shift();
      if (await send(target, file, row)) document.dispatchEvent(new CustomEvent("live:look"));
    }
  };
  await Promise.all([line(), line()]);
  if (![...tray.querySelectorAll("li")].some((row) => row.className !== "is-done")) setTimeout(() => clear(tray), 4000);
}

function clear(tray) {
  for (const row of tray.querySelectorAll("li.is-done, li.is-wrong, li.is-stopped")) row.remove();
  tray.hidden = !tray.querySelector("li");
}

/** A pasted screenshot has the same name each time: the moment tells them apart. */
function named(file, word) {
  if (!/^image\.\w+$/.test(file.name)) return file;
  const ending = file.name.split(".").pop();
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  const stamp = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}-${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return new File([file], `${word}-${stamp}.${ending}`, { type: file.type });
}

function watchDrops() {
  const zone = document.querySelector("[data-dropzone]");
  let depth = 0;
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  const hide = () => { depth = 0; zone.hidden = true; };
  document.addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth += 1; zone.hidden = false; } });
  document.addEventListener("dragleave", (event) => { if (hasFiles(event) && (depth -= 1) <= 0) hide(); });
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    const along = Boolean(editorAt(event.target));
    zone.querySelector("[data-drop-reply]").hidden = !along;
    zone.querySelector("[data-drop-request]").hidden = along;
  });
  document.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    hide();
    take([...event.dataTransfer.files], editorAt(event.target));
  });
}

function take(files, editor) {
  if (!files.length) return;
  if (editor) addTo(editor, files); else sendAll(files);
}

export function takeFiles() {
  if (!form()) return;
  watchDrops();
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    event.preventDefault();
    const word = document.querySelector("[data-upload-words]").dataset.pasted;
    take(files.map((file) => named(file, word)), editorAt(event.target));
  });
  // Chosen by the button of the panel: they go at once, each by itself.
  document.addEventListener("change", (event) => {
    if (!event.target.matches("[data-uploads-to] input[type=file]") || !event.target.files.length) return;
    const files = [...event.target.files];
    event.target.value = "";
    event.target.dispatchEvent(new Event("change", { bubbles: true }));
    sendAll(files);
  });
  document.addEventListener("click", (event) => {
    const close = event.target.closest("[data-close-uploads]");
    if (close) clear(close.closest("[data-uploads]"));
  });
}
