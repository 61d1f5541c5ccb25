// The conversation: older messages keep their place when more are put on top of them, and on small screens one looks
// either at it or at what is known about the ticket.

/** The day stands above its first message only, also when that came with an earlier piece. */
function oneHeadingPerDay(talk) {
  let last = "";
  for (const heading of talk.querySelectorAll(".s-day")) {
    heading.hidden = heading.textContent === last;
    last = heading.textContent;
  }
}

function showPart(name) {
  const ticket = document.querySelector(".s-ticket");
  ticket.classList.toggle("is-details", name === "side");
  for (const link of document.querySelectorAll("[data-part]")) {
    if (link.dataset.part === name) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  }
}

/** A message that the address names is in sight, whatever part was. */
function goToMessage() {
  if (!location.hash.startsWith("#message-")) return;
  const message = document.getElementById(location.hash.slice(1));
  if (!message) return;
  showPart("talk");
  message.scrollIntoView({ block: "center" });
  message.classList.add("is-fresh");
}

export function readConversation() {
  const talk = document.getElementById("talk");
  if (!talk) return;
  let fromEnd = 0;
  document.addEventListener("htmx:before:swap", () => { fromEnd = talk.scrollHeight - talk.scrollTop; });
  document.addEventListener("htmx:after:swap", ({ detail: { ctx } }) => {
    if (ctx.sourceElement?.matches("[data-older]")) {
      oneHeadingPerDay(talk);
      talk.scrollTop = talk.scrollHeight - fromEnd;
    }
    if (ctx.sourceElement?.matches("[data-once]")) ctx.sourceElement.hidden = true;
  });
  document.addEventListener("live:looked", ({ detail: { changed } }) => {
    oneHeadingPerDay(talk);
    const history = document.querySelector("#panel-history[open] #history");
    if (changed && history) window.htmx?.trigger(history, "refresh");
  });
  document.addEventListener("click", (event) => {
    const part = event.target.closest("[data-part]");
    if (part) { event.preventDefault(); showPart(part.dataset.part); }
    if (event.target.closest("[data-print]")) print();
  });
  document.addEventListener("part:show", ({ detail }) => showPart(detail));
  window.addEventListener("hashchange", goToMessage);
  goToMessage();
  for (const each of document.querySelectorAll("[data-scripted]")) each.classList.add("is-there");
}
