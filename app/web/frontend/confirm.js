// Forms that cannot be undone ask first, in one dialog of the page; without scripts they are sent at once.
export function askFirst() {
  const dialog = document.getElementById("confirm");
  if (!dialog?.showModal) return;
  const [title, text, yes, keep] = ["title", "text", "yes", "keep"].map((part) => dialog.querySelector(`[data-${part}]`));
  const keepWords = keep.textContent;
  let asking = null;
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.dataset.confirm || form === asking?.agreed) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    asking = { form, submitter: event.submitter, agreed: null };
    title.textContent = form.dataset.confirm;
    text.textContent = form.dataset.confirmText ?? "";
    yes.textContent = form.dataset.confirmYes ?? event.submitter?.textContent ?? "";
    keep.textContent = form.dataset.confirmKeep ?? keepWords;
    dialog.showModal();
    keep.focus();
  }, true);
  keep.addEventListener("click", () => dialog.close());
  yes.addEventListener("click", () => {
    const { form, submitter } = asking;
    asking.agreed = form;
    dialog.close();
    form.requestSubmit(submitter);
    asking = null;
  });
  dialog.addEventListener("close", () => { if (!asking?.agreed) asking?.submitter?.focus(); });
}
