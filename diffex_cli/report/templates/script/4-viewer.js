// A dialog with one pair enlarged. What it shows is in 4-viewing.js; here are its parts, its buttons and its keys.

const viewer = { number: 0, index: 0, blink: false, after: false, zoom: 0, dragged: false, parts: null };

/** Open an attribute's pair enlarged: `number` in the attributes, `index` in the columns of its pairs. */
function enlarge(number, index) {
  viewer.parts ??= viewerParts();
  if (!viewer.parts.dialog.open) viewer.parts.dialog.showModal();
  showPair(number, index);
}

/** A button that opens a pair enlarged; null if it has no picture. */
function enlargeButton(number, index, kind = "enlarge") {
  const { pairs } = attributes[number];
  if (!hasPicture(pairs.picture[index])) return null;
  const label = `Enlarge: ${attributes[number].name}, ${report.images[pairs.image[index]].source}`;
  const data = { enlarge: `${number}:${index}` };
  return make("button", { type: "button", class: kind, "aria-label": label, data }, kind === "plain" ? "enlarge" : "Enlarge");
}

// whatever carries a pair's numbers opens it
document.addEventListener("click", (event) => {
  const asked = event.target.closest("[data-enlarge]")?.dataset.enlarge;
  if (asked) enlarge(...asked.split(":").map(Number));
});

function viewerParts() {
  const act = (name, text, key, label) =>
    make("button", { type: "button", data: { act: name }, title: key && `Key: ${key}`, "aria-label": label }, text);
  const group = (label, ...buttons) => make("div", { class: "group", role: "group", "aria-label": label }, ...buttons);
  const parts = {
    title: make("h2", { id: "viewer-title" }),
    count: make("span", { class: "quiet", role: "status" }),
    previous: act("previous", "←", "left arrow", "Previous pair"),
    next: act("next", "→", "right arrow", "Next pair"),
    side: act("side", "Side by side", "S"),
    blink: act("blink", "Blink", "B"),
    zoom: make("output", { "aria-label": "Zoom" }),
    sides: [viewerSide("before"), viewerSide("after")],
    told: make("div", { class: "viewer-words" }),
  };
  parts.stage = make("div", { class: "viewer-stage" }, ...parts.sides.map((one) => one.figure));
  parts.dialog = make(
    "dialog",
    { class: "viewer", "aria-labelledby": "viewer-title", tabIndex: -1 },
    make("div", { class: "viewer-head" }, parts.title, act("close", "Close", "Escape")),
    make(
      "div",
      { class: "viewer-tools" },
      group("Pair", parts.previous, parts.next, parts.count),
      group("Compare", parts.side, parts.blink),
      group("Zoom", act("fit", "Fit", "0"), act("whole", "1:1", "1"), act("out", "−", "−", "Zoom out"), act("in", "+", "+", "Zoom in"), parts.zoom),
    ),
    parts.stage,
    parts.told,
  );
  parts.dialog.addEventListener("click", pressed);
  parts.dialog.addEventListener("keydown", keyed);
  for (const { pane } of parts.sides) wirePane(pane, parts.sides);
  document.body.append(parts.dialog);
  addEventListener("resize", layOut);
  return parts;
}

function viewerSide(kind) {
  const caption = make("figcaption", { id: `viewer-${kind}` });
  const image = make("img", { draggable: false });
  const pane = make("div", { class: "pane", tabIndex: 0, role: "group", "aria-labelledby": caption.id }, image);
  return { caption, image, pane, figure: make("figure", { class: kind }, caption, pane) };
}

/** Both panes show the same part; a mouse drags it. */
function wirePane(pane, sides) {
  pane.addEventListener("scroll", () => {
    for (const { pane: other } of sides) if (other !== pane) other.scrollTo(pane.scrollLeft, pane.scrollTop);
  });
  let grip = null;
  pane.addEventListener("pointerdown", (event) => {
    viewer.dragged = false;
    if (event.pointerType === "mouse" && event.button === 0)
      grip = { x: event.clientX + pane.scrollLeft, y: event.clientY + pane.scrollTop };
  });
  pane.addEventListener("pointermove", (event) => {
    if (!grip) return;
    const [left, top] = [grip.x - event.clientX, grip.y - event.clientY];
    if (Math.hypot(left - pane.scrollLeft, top - pane.scrollTop) > 4) viewer.dragged = true;
    pane.scrollTo(left, top);
  });
  for (const end of ["pointerup", "pointercancel", "pointerleave"]) pane.addEventListener(end, () => (grip = null));
}

const ACTS = {
  close: () => viewer.parts.dialog.close(),
  previous: () => stepPair(-1),
  next: () => stepPair(1),
  side: () => look({ blink: false }),
  blink: () => look({ blink: true, after: viewer.blink && !viewer.after }),
  fit: () => look({ zoom: 0 }),
  whole: () => look({ zoom: 1 }),
  in: () => look({ zoom: ZOOMS.find((one) => one > viewScale() + 0.01) ?? ZOOMS.at(-1) }),
  out: () => look({ zoom: ZOOMS.findLast((one) => one < viewScale() - 0.01 && one > fitting()) ?? 0 }),
};
const KEYS = { arrowleft: "previous", arrowright: "next", s: "side", b: "blink", 0: "fit", 1: "whole", "+": "in", "=": "in", "-": "out" };

function pressed(event) {
  const name = event.target.closest("[data-act]")?.dataset.act;
  if (name) ACTS[name]();
  else if (event.target === viewer.parts.dialog) ACTS.close(); // beside it
  else if (viewer.blink && !viewer.dragged && event.target.closest(".pane")) ACTS.blink();
}

function keyed(event) {
  event.stopPropagation(); // the page's own keys rest meanwhile
  if (event.altKey || event.ctrlKey || event.metaKey || (event.shiftKey && event.key.startsWith("Arrow"))) return;
  const turn = event.key === " " && viewer.blink && event.target.matches(".pane");
  const name = turn ? "blink" : KEYS[event.key.toLowerCase()];
  if (!name) return;
  event.preventDefault();
  ACTS[name]();
}

function look(changes) {
  Object.assign(viewer, changes);
  layOut();
}
