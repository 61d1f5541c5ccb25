// Draws a process diagram with its tokens into every [data-diagram] element of the page.
// The address in data-diagram answers {xml, marks, focus}; all texts in it are already in the reader's language.
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";

import "bpmn-js/dist/assets/diagram-js.css";
import "bpmn-js/dist/assets/bpmn-js.css";
import "./diagram.css";

const COLOURS = {
  defaultFillColor: "var(--s-surface)",
  defaultStrokeColor: "var(--s-idle)",
  defaultLabelColor: "var(--s-text)",
};
// Below this size names cannot be read: show the place where the token stands instead of the whole diagram.
const READABLE_ZOOM = 0.68;

/** The small tag at an element: icon, then words. Built from nodes, so that no text can become markup. */
function tagOf(mark, sprite) {
  const tag = document.createElement("span");
  tag.className = `s-ov${mark.state === "waiting" ? " is-token" : ""}${mark.state === "stalled" ? " is-stalled" : ""}`;
  if (mark.icon && sprite) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    svg.setAttribute("class", "ti");
    svg.setAttribute("aria-hidden", "true");
    use.setAttribute("href", `${sprite}#${mark.icon}`);
    svg.append(use);
    tag.append(svg);
  }
  tag.append(mark.label);
  if (mark.title) tag.title = mark.title;
  return tag;
}

/** A flow was taken when the element before it is done and the one after it was reached. */
function markFlows(registry, canvas, marks) {
  const reached = new Map(marks.map((mark) => [mark.element, mark]));
  for (const flow of registry.filter((element) => element.type === "bpmn:SequenceFlow")) {
    if (reached.get(flow.id)) continue;
    if (reached.get(flow.source?.id)?.was_left && reached.has(flow.target?.id)) canvas.addMarker(flow.id, "is-done");
  }
}

/** Tokens sit on the upper edge, times in the middle of the lower one; above events and gateways, whose names stand below. */
function placeOf(mark, element) {
  const width = mark.label.length * 6.4 + (mark.icon ? 34 : 16);
  if (element.width < 60) {
    const isNamedAbove = element.labels?.some((label) => label.y < element.y);
    return isNamedAbove ? { bottom: -6, left: element.width / 2 + 6 } : { top: -26, left: (element.width - width) / 2 };
  }
  return mark.state === "done" ? { bottom: 10, left: (element.width - width) / 2 } : { top: -14, left: -4 };
}

const LOOKS = ["is-done", "is-waiting", "is-stalled", "is-left"];

/** The marks as they are now; those of an earlier drawing go. */
function drawMarks(viewer, { marks }, sprite) {
  const canvas = viewer.get("canvas"), overlays = viewer.get("overlays"), registry = viewer.get("elementRegistry");
  overlays.clear();
  registry.forEach((element) => { for (const look of LOOKS) canvas.removeMarker(element, look); });
  // History may name elements that this version draws nowhere, such as a loop's inner step.
  const known = marks.filter((mark) => registry.get(mark.element));
  for (const mark of known) {
    const element = registry.get(mark.element);
    // A sub-process that is drawn open says nothing that the steps inside it do not say better.
    if (element.type === "bpmn:SubProcess" && !element.collapsed) {
      if (mark.state === "stalled") canvas.addMarker(element, "is-stalled");
      continue;
    }
    canvas.addMarker(element, `is-${mark.state}`);
    // A gateway takes no time; how often it was passed shows at the steps around it.
    const isPassedGateway = mark.state === "done" && /Gateway$/.test(element.type);
    if (!mark.label || element.waypoints || isPassedGateway) continue;
    overlays.add(element, { position: placeOf(mark, element), html: tagOf(mark, sprite), show: { minZoom: 0.4 } });
  }
  markFlows(registry, canvas, known);
}

/** The whole diagram when it can be read so; else as much around the step in question as can. */
function open(viewer, focus) {
  const canvas = viewer.get("canvas"), size = canvas.getSize(), at = focus && viewer.get("elementRegistry").get(focus);
  if (!size.width || !size.height) return;
  if (wholeZoom(size, canvas.viewbox().inner) >= READABLE_ZOOM || !at) fit(viewer);
  else goTo(viewer, at);
}

/** A stretch of the diagram that can be read, with an element in its middle where there is room beside it. */
function goTo(viewer, at) {
  const canvas = viewer.get("canvas"), size = canvas.getSize(), inner = canvas.viewbox().inner;
  const width = size.width / READABLE_ZOOM, height = size.height / READABLE_ZOOM;
  const within = (middle, start, length, window) =>
    length <= window ? start - (window - length) / 2 : Math.min(Math.max(middle - window / 2, start - 20), start + length - window + 20);
  canvas.viewbox({
    x: within(at.x + at.width / 2, inner.x, inner.width, width),
    y: within(at.y + at.height / 2, inner.y, inner.height, height),
    width,
    height,
  });
}

function wholeZoom(size, inner) {
  return Math.min((size.width - 60) / inner.width, (size.height - 48) / inner.height, 1);
}

/** The whole diagram, never larger than drawn. */
function fit(viewer) {
  const canvas = viewer.get("canvas"), size = canvas.getSize(), inner = canvas.viewbox().inner;
  const zoom = wholeZoom(size, inner), width = size.width / zoom, height = size.height / zoom;
  canvas.viewbox({ x: inner.x - (width - inner.width) / 2, y: inner.y - (height - inner.height) / 2, width, height });
}

/** What buttons and keys do: size it, show all of it, go back to the step in question. */
function perform(viewer, what, focus) {
  const canvas = viewer.get("canvas"), factor = { in: 1.25, out: 0.8 }[what];
  const at = focus && viewer.get("elementRegistry").get(focus);
  if (factor) canvas.zoom(canvas.zoom() * factor);
  else if (what === "here" && at) goTo(viewer, at);
  else fit(viewer);
}

function connectButtons(host, viewer, state) {
  for (const button of document.querySelectorAll(`[data-diagram-zoom][aria-controls="${host.id}"]`)) {
    button.addEventListener("click", () => perform(viewer, button.dataset.diagramZoom, state.focus));
  }
}

const MOVES = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
const KEYS = { "+": "in", "=": "in", "-": "out", 0: "fit", ".": "here" };

/** The drawing takes the focus by itself; here it gets its name, and the keys that move and size it. */
function connectKeys(host, viewer, state) {
  const svg = host.querySelector("svg[tabindex]");
  svg?.setAttribute("role", "group");
  svg?.setAttribute("aria-label", host.dataset.diagramLabel ?? "");
  if (host.dataset.diagramKeys) svg?.setAttribute("aria-describedby", host.dataset.diagramKeys);
  host.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const move = MOVES[event.key];
    if (move) viewer.get("canvas").scroll({ dx: move[0] * 80, dy: move[1] * 80 });
    else if (KEYS[event.key]) perform(viewer, KEYS[event.key], state.focus);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Somebody did something: the marks are drawn anew, and what the reader looks at stays where it is. */
function keepCurrent(host, viewer, state) {
  document.addEventListener("live:looked", async ({ detail }) => {
    if (!detail.changed) return;
    try {
      const drawing = await load(host);
      state.focus = drawing.focus;
      drawMarks(viewer, drawing, host.dataset.sprite);
    } catch { /* It stays as it was; the history beside it is current. */ }
  });
}

function say(host, text) {
  const line = document.createElement("p");
  line.className = "s-empty";
  line.textContent = text;
  host.replaceChildren(line);
}

async function load(host) {
  const answer = await fetch(host.dataset.diagram, { headers: { Accept: "application/json" }, credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

async function show(host) {
  try {
    const drawing = await load(host);
    const state = { focus: drawing.focus };
    // The wheel scrolls the page, as everywhere; the diagram is moved by dragging and sized by its buttons.
    // Names are broken into lines by the font they are drawn in, or long ones would run over the edge of their box.
    const font = { fontFamily: getComputedStyle(document.body).fontFamily };
    const viewer = new NavigatedViewer({
      container: host,
      bpmnRenderer: COLOURS,
      textRenderer: { defaultStyle: font, externalStyle: font },
      zoomScroll: { enabled: false },
    });
    await viewer.importXML(drawing.xml);
    drawMarks(viewer, drawing, host.dataset.sprite);
    open(viewer, drawing.focus);
    connectButtons(host, viewer, state);
    connectKeys(host, viewer, state);
    keepCurrent(host, viewer, state);
    let width = host.clientWidth;
    new ResizeObserver(() => {
      viewer.get("canvas").resized();
      // Its own height follows its width; only another width is another view.
      if (host.clientWidth === width) return;
      width = host.clientWidth;
      open(viewer, state.focus);
    }).observe(host);
    host.dataset.drawn = "yes";
  } catch (problem) {
    console.error("The diagram could not be drawn.", problem);
    say(host, host.dataset.diagramFailed || "");
  }
}

function showAll(root) {
  for (const host of root.querySelectorAll("[data-diagram]:not([data-drawn]):not([data-drawing])")) {
    host.dataset.drawing = "yes";
    show(host);
  }
}

showAll(document);
document.addEventListener("htmx:afterSwap", () => showAll(document));
document.addEventListener("htmx:after:swap", () => showAll(document));
