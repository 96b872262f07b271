// One input image before and after an edit: beside each other, under a slider, in turns, or as their difference.

const COMPARISONS = {
  side: "side by side",
  slider: "slider",
  flicker: "flicker",
  difference: "difference",
  ...(report.heat ? { heat: "heat maps" } : {}),
};
const STATUS = ["ok", "no-op", "failed"];
const comparison = () => (Object.hasOwn(COMPARISONS, state.compare) ? state.compare : "side");
const fromReconstruction = () => state.against === "reconstruction";

/** What there is to show of one pair, in the words and numbers of a view; as the reader chose to see it, or plainly. */
function pairFacts(attribute, at, index, chosen = true) {
  const pairs = attribute.pairs;
  const image = report.images[pairs.image[index]];
  const base = chosen && fromReconstruction() && hasPicture(image.reconstruction);
  const whom = subject(at, attribute);
  const own = at === 0 && !base ? pairs.before?.[index] : null; // with all classes, each attribute has its own
  const before = own ?? (base ? image.base_probability[at] : image.probability[at]);
  const after = pairs.probability[at]?.[index] ?? null;
  const heat = chosen && comparison() === "heat" && hasPicture(image.heat) && hasPicture(pairs.heat[index]);
  const map = heat ? `, with the heat map of ${subject(0, attribute)}` : ""; // made of the search’s own target alone
  return {
    image,
    status: pairs.status[index],
    heat,
    delta: pairs.delta[at]?.[index] ?? null,
    flipped: Boolean(pairs.flipped[index]),
    unseen: pairs.class_lost[index] ? `no longer ${classOf(image)} to the verifier` : "",
    classes: [className(image.base_prediction), className(pairs.prediction[index])],
    changed: pairs.changed[index],
    reason: pairs.reason[index],
    against: base ? null : image.base_probability[at],
    before: {
      kind: base ? "before base" : "before",
      label: base ? "before, reconstructed" : "before",
      number: heat ? image.heat : base ? image.reconstruction : image.picture,
      probability: before,
      score: scored(before, at, attribute, base ? image.base_value[at] : image.value[at]),
      alt: `${base ? "Before, reconstructed" : "Before"}${map}; probability of ${whom}: ${percent(before)}`,
    },
    after: {
      kind: "after",
      label: "after",
      number: heat ? pairs.heat[index] : pairs.picture[index],
      probability: after,
      score: scored(after, at, attribute, sum2(image.base_value[at], pairs.delta[at]?.[index])),
      alt: `After: ${attribute.after}${map}; probability of ${whom}: ${percent(after)}`,
    },
  };
}

/** What an image is of: what all are of, or its own label. */
const classOf = (image) => (report.own_class ?? image.label ? `‘${report.own_class ?? image.label}’` : "its own class");

const sum2 = (one, other) => (known(one) && known(other) ? one + other : null);

/** What the classifier says of a picture: called ‘cardinal’: 4 %; where there are no probabilities, its score. */
function scored(probability, at, attribute, value) {
  if (known(probability)) return `${called(at, attribute)}: ${percent(probability)}`;
  return known(value) ? `${report.quantity} ${signed(value)}` : "";
}

/** A picture in its frame. */
function shot({ kind, number, alt }) {
  const shown = picture(number, alt) ?? make("span", { class: "absent" }, "no picture stored");
  return make("span", { class: `shot ${kind}` }, shown);
}

/** What stands under a picture: what it is, and what the classifier says of it. */
const told = ({ label, score }, word = label) =>
  make("span", { class: "told" }, make("b", {}, word), score ? " " : "", score && make("span", {}, score));

/** A picture with the words under it. */
const titled = (one, word) => make("span", { class: `titled ${one.kind}` }, shot(one), told(one, word));

const stack = (kind, ...layers) => make("div", { class: `stack ${kind}` }, ...layers);

function slider(facts) {
  const frame = stack(
    "slider",
    shot(facts.before),
    shot(facts.after),
    make("span", { class: "knob", "aria-hidden": "true" }),
  );
  const words = make("div", { class: "ends" }, told(facts.before), told(facts.after));
  const input = make("input", {
    type: "range",
    min: 0,
    max: 100,
    value: 50,
    "aria-label": `Before up to here, after from here: ${facts.image.source}`,
  });
  const follow = () => {
    frame.style.setProperty("--cut", `${input.value}%`);
    input.setAttribute("aria-valuetext", `${input.value} % before`);
  };
  input.addEventListener("input", follow);
  follow();
  frame.append(input);
  return make("div", {}, frame, words);
}

function flicker(facts) {
  const button = make("button", {
    type: "button",
    class: "turn",
    "aria-pressed": "false",
    "aria-label": `Show the picture after the edit: ${facts.image.source}`,
  });
  const frame = stack("flicker", titled(facts.before), titled(facts.after), button);
  button.addEventListener("click", () => {
    const turned = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(turned));
    frame.classList.add("held");
    frame.classList.toggle("turned", turned);
  });
  return frame;
}

// Blending is left to the browser: pictures beside the page, opened from a disk, could not be read back from a canvas.
function difference(facts) {
  const frame = stack("difference", picture(facts.before.number, ""), picture(facts.after.number, ""));
  frame.setAttribute("role", "img");
  const extent = known(facts.changed) ? `; ${share(facts.changed)} of the pixels changed visibly` : "";
  frame.setAttribute("aria-label", `Difference between the picture ${facts.before.label} and after${extent}`);
  return frame;
}

/** On the same input image, what each attribute of a set does alone. */
function alone(attribute, at, index) {
  const image = attribute.pairs.image[index];
  return attribute.parts.flatMap((part) => {
    const single = part.attribute === null ? null : attributes[part.attribute];
    const place = single ? single.pairs.image.indexOf(image) : -1;
    if (place < 0 || !hasPicture(single.pairs.picture[place])) return [];
    return [{ ...pairFacts(single, at, place).after, word: single.name }];
  });
}

function stage(attribute, at, index, facts) {
  if (facts.status === 2)
    return make(
      "div",
      { class: "beside" },
      titled(facts.before),
      make("span", { class: "titled" }, make("span", { class: "shot missing" }, "no picture")),
    );
  const both = hasPicture(facts.before.number) && hasPicture(facts.after.number);
  const kind = both ? comparison() : "side";
  if (kind === "slider") return slider(facts);
  if (kind === "flicker") return flicker(facts);
  if (kind === "difference") return difference(facts);
  const singles = kind === "side" && attribute.kind === "set" ? alone(attribute, at, index) : [];
  if (!singles.length) return make("div", { class: "beside" }, titled(facts.before), titled(facts.after));
  return make(
    "div",
    { class: "beside many" },
    titled(facts.before),
    ...singles.map((one) => titled(one, `after: ${one.word}`)),
    titled(facts.after, "after: together"),
  );
}

/** Where the reconstruction, from which the change is measured, is called otherwise than the picture: how. */
function reconstructed({ against, before }) {
  if (!known(against) || !known(before.probability) || percent(against) === percent(before.probability)) return "";
  return make("small", { class: "against" }, "from its ", term("reconstruction", "reconstruction"), `: ${percent(against)}`);
}

/** A pair with its caption: the change, the scores, and what became of the prediction. */
function pairFigure(attribute, at, index) {
  const facts = pairFacts(attribute, at, index);
  const [from, to] = facts.classes;
  const scores = `${percent(facts.before.probability)} → ${percent(facts.after.probability)}`;
  const single = comparison() === "difference"; // only there no words stand under the two pictures
  const words = [];
  if (facts.status === 2) words.push(make("span", { class: "tag alarm" }, "failed"), ` ${facts.reason ?? ""}`);
  else {
    words.push(
      make("strong", { class: side(facts.delta ?? 0) }, signed(facts.delta)),
      ` ${unit(at)} `,
      reconstructed(facts),
    );
    if (single) words.push(make("br"), make("small", {}, `${called(at, attribute)}: ${scores}`));
    if (facts.flipped && from && to)
      words.push(make("br"), make("small", { class: "flip" }, `prediction flips: ${from} → ${to}`));
    if (facts.unseen) words.push(make("br"), make("small", {}, facts.unseen));
    if (comparison() === "heat" && !facts.heat)
      words.push(make("br"), make("small", {}, "no heat map was made of this pair"));
    if (facts.status === 1)
      words.push(
        make("br"),
        make("span", { class: "tag" }, STATUS[1]),
        make("small", {}, ` ${facts.reason ?? "nothing changed"}`),
      );
    if (single && known(facts.changed))
      words.push(make("br"), make("small", {}, `${share(facts.changed)} of the pixels changed`));
  }
  const number = numberOf.get(attribute.id);
  const shown = stage(attribute, at, index, facts);
  if (shown.matches(".beside, .difference") && facts.status !== 2) shown.dataset.enlarge = `${number}:${index}`;
  const source = make("small", { class: "source", title: facts.image.source }, facts.image.source);
  return make(
    "figure",
    { class: "pair", tabIndex: -1 },
    shown,
    make("figcaption", {}, ...words, make("br"), source),
    enlargeButton(number, index),
  );
}
