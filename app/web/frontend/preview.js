// Documents that are looked at without leaving the page: images and texts in a dialog, PDFs in a tab of their own.
function show(dialog, link) {
  const body = dialog.querySelector(".s-preview-body");
  const { preview: kind, src } = link.dataset;
  const download = dialog.querySelector("[data-download]");
  dialog.querySelector("h2").textContent = link.querySelector("span")?.textContent ?? link.textContent;
  download.href = link.dataset.file ?? link.href;
  const view = document.createElement(kind === "image" ? "img" : "iframe");
  if (kind === "image") view.alt = dialog.querySelector("h2").textContent;
  else { view.setAttribute("sandbox", ""); view.title = dialog.querySelector("h2").textContent; }
  view.src = src;
  // Not what its name says: it is only downloaded.
  view.addEventListener("error", () => { dialog.close(); location.assign(download.href); });
  body.replaceChildren(view);
  dialog.showModal();
}

export function lookAtDocuments() {
  const dialog = document.getElementById("preview");
  if (!dialog?.showModal) return;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-preview]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    if (link.dataset.preview === "pdf") { open(link.dataset.src, "_blank", "noopener"); return; }
    show(dialog, link);
  });
  dialog.addEventListener("close", () => dialog.querySelector(".s-preview-body").replaceChildren());
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
}
