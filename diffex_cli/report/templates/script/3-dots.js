// One dot a picture: how much the edit changes its score, on the axis of the bars. A strip is one stop of the Tab key;
// the arrow keys walk along it, Enter goes to the pair. Hovering, or the first tap, shows the pair beside it.

const GAP = 1.3; // percent of the axis between two dots that do not touch
const LANES = [0, -1, 1, -2, 2];
const LANE = 4; // in pixels
const HEIGHT = 22; // in pixels, as the style sheet has it

/** The dots of a strip from left to right: each pair's place in the columns and on the strip. */
function spread(attribute, at) {
  const axis = report.views[at].axis;
  const found = attribute.pairs.image
    .map((_, index) => ({ index, delta: attribute.pairs.delta[at]?.[index] }))
    .filter(({ delta }) => known(delta))
    .sort((a, b) => a.delta - b.delta || a.index - b.index);
  const ends = LANES.map(() => -Infinity);
  return found.map(({ index, delta }) => {
    const x = place(delta, axis);
    const free = Math.max(0, ends.findIndex((end) => x - end >= GAP));
    ends[free] = x;
    return { index, x, y: HEIGHT / 2 + LANE * LANES[free], beyond: Math.abs(delta) > axis };
  });
}

/** Points as one path, whose round ends are the dots: hundreds cost no more than one element. */
const points = (kind, list) =>
  draw("path", { class: kind, d: list.map(({ x, y }) => `M${(10 * x).toFixed(1)} ${y}h0`).join("") });

const waiting = new Map();
const whenSeen = new IntersectionObserver((seen) => seen.forEach((one) => one.isIntersecting && drawDots(one.target)), {
  rootMargin: "300px",
});

function drawDots(strip) {
  waiting.get(strip)?.();
  waiting.delete(strip);
  whenSeen.unobserve(strip);
}

const drawAllDots = () => [...waiting.keys()].forEach(drawDots);

/** The strip of an attribute; its dots are drawn when it comes near the screen. Empty where nothing is known. */
function dots(attribute, number, at) {
  const list = spread(attribute, at);
  if (!list.length) return "";
  const svg = draw("svg", { viewBox: `0 0 1000 ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
  const strip = make("div", { class: "dots", role: "slider", tabIndex: 0 }, svg);
  strip.setAttribute("aria-label", `${attribute.name}: the change of each picture; Enter shows its pair`);
  strip.setAttribute("aria-valuemin", "1");
  strip.setAttribute("aria-valuemax", String(list.length));
  waiting.set(strip, () => {
    const beyond = list.filter((one) => one.beyond);
    svg.append(
      draw("line", { class: "zero", x1: 500, x2: 500, y1: 0, y2: HEIGHT }),
      points("dot", list),
      points("hole", beyond),
      points("chosen", []),
    );
  });
  whenSeen.observe(strip);
  new Strip(strip, attribute, number, at, list);
  return strip;
}

class Strip {
  constructor(element, attribute, number, at, list) {
    Object.assign(this, { element, attribute, number, at, list });
    this.chosen = Math.max(0, list.findIndex((one) => one.index === attribute.examples[0]));
    this.say();
    element.addEventListener("pointermove", (event) => this.point(event));
    element.addEventListener("pointerdown", (event) => {
      this.before = noteOf(element) ? this.chosen : null;
      this.point(event);
    });
    element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && hideNoteSoon());
    element.addEventListener("click", (event) => this.press(event));
    element.addEventListener("focus", () => element.matches(":focus-visible") && this.choose(this.chosen));
    element.addEventListener("blur", () => this.leave());
    element.addEventListener("keydown", (event) => this.walk(event));
  }

  /** Choose the dot nearest to the pointer. */
  point(event) {
    const box = this.element.getBoundingClientRect();
    const distance = ({ x, y }) =>
      ((x / 100) * box.width + box.left - event.clientX) ** 2 + ((y / HEIGHT) * box.height + box.top - event.clientY) ** 2;
    let nearest = 0;
    this.list.forEach((one, at) => {
      if (distance(one) < distance(this.list[nearest])) nearest = at;
    });
    this.choose(nearest);
  }

  /** With a finger, the first tap shows the pair and the second goes to it. */
  press(event) {
    event.stopPropagation();
    const touched = event.pointerType === "touch" || event.pointerType === "pen";
    if (!touched || this.before === this.chosen) this.go();
  }

  walk(event) {
    const last = this.list.length - 1;
    const steps = { ArrowLeft: this.chosen - 1, ArrowRight: this.chosen + 1, Home: 0, End: last };
    if (event.key === "Enter") this.go();
    else if (Object.hasOwn(steps, event.key)) this.choose(Math.max(0, Math.min(last, steps[event.key])));
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  choose(at) {
    if (this.chosen === at && noteOf(this.element)) return;
    this.chosen = at;
    drawDots(this.element);
    this.say();
    const one = this.list[at];
    this.element.querySelector(".chosen").setAttribute("d", `M${10 * one.x} ${one.y}h0`);
    const box = this.element.getBoundingClientRect();
    showNote(this.element, { left: box.left + (one.x / 100) * box.width, top: box.top, bottom: box.bottom }, this.preview());
  }

  leave() {
    hideNote(this.element);
    this.element.querySelector(".chosen")?.setAttribute("d", "");
  }

  go() {
    this.leave();
    visitPair(this.number, this.list[this.chosen].index);
  }

  facts() {
    return pairFacts(this.attribute, this.at, this.list[this.chosen].index, false);
  }

  say() {
    const { image, delta, before, after } = this.facts();
    const place = `picture ${this.chosen + 1} of ${this.list.length}, ${image.source}`;
    const words = `${place}: ${signed(delta)} ${unit(this.at)}; before, ${before.score}; after, ${after.score}`;
    this.element.setAttribute("aria-valuenow", String(this.chosen + 1));
    this.element.setAttribute("aria-valuetext", words);
  }

  preview() {
    const facts = this.facts();
    const { image, delta, before, after } = facts;
    return make(
      "div",
      { class: "preview" },
      make("div", { class: "couple" }, titled(before), titled(after, `after: ${this.attribute.after}`)),
      make("p", {}, make("strong", { class: side(delta) }, signed(delta)), ` ${unit(this.at)} `, reconstructed(facts), make("br"), image.source),
      make("p", { class: "legend" }, "Click, tap again or press Enter to see it among the others."),
    );
  }
}

const axisEnds = (axis) =>
  [`lowers −${magnitude(axis)}`, "0", `+${magnitude(axis)} raises`].map((text) => make("span", {}, text));

/** In an opened attribute: its bar and its dots again, as wide as there is room, with the axis. */
function scatter(attribute, number, at) {
  const strip = dots(attribute, number, at);
  if (!strip) return [];
  return [
    make(
      "div",
      { class: "scatter" },
      make("div", { class: "axis" }, ...axisEnds(report.views[at].axis)),
      bar(attribute, at),
      strip,
    ),
    make("p", { class: "legend" }, "Each dot is one picture; point at it, or walk with the arrow keys, to see its pair."),
  ];
}
