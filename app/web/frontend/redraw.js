// Fields that are drawn anew (a choice changed which are there) keep what was typed while the server drew them.

/** What a form holds now: its texts by field name. */
function typedIn(form) {
  const typed = new Map();
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string") typed.set(name, [...(typed.get(name) ?? []), value]);
  }
  return typed;
}

/** The fields whose values are not those of `earlier`, with what they hold now. */
function changedSince(earlier, form) {
  const now = typedIn(form);
  const names = new Set([...earlier.keys(), ...now.keys()]);
  return [...names].map((name) => [name, now.get(name) ?? []])
    .filter(([name, values]) => String(values) !== String(earlier.get(name) ?? []));
}

function fill(form, name, values) {
  for (const control of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
    if (control.type === "radio" || control.type === "checkbox") control.checked = values.includes(control.value);
    else if (control.type !== "file" && control.type !== "hidden") control.value = values[0] ?? "";
  }
}

/** Where the reader is: the field and the place in its text. */
function place() {
  const at = document.activeElement;
  return at?.id ? { id: at.id, start: at.selectionStart ?? null, end: at.selectionEnd ?? null } : null;
}

function goBackTo(spot) {
  const at = spot && document.getElementById(spot.id);
  if (!at || at === document.activeElement) return;
  at.focus();
  if (spot.start !== null && at.setSelectionRange) at.setSelectionRange(spot.start, spot.end);
}

export function keepTyped() {
  document.addEventListener("htmx:before:request", ({ detail: { ctx } }) => {
    const form = ctx.target?.matches?.(".s-form-box") && ctx.target.closest("form");
    if (form) ctx.redrawn = { form, asked: typedIn(form) };
  });
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    if (!ctx.redrawn) return;
    ctx.redrawn.later = changedSince(ctx.redrawn.asked, ctx.redrawn.form);
    ctx.redrawn.place = place();
  });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (!ctx.redrawn?.later) return;
    for (const [name, values] of ctx.redrawn.later) fill(ctx.redrawn.form, name, values);
    goBackTo(ctx.redrawn.place);
  });
}
