// What unfolds under an attribute: what was measured of it, and its gallery.

const FIRST = 6;
const MORE = 24;
const still = matchMedia("(prefers-reduced-motion: reduce)");
let playing = !still.matches;

function withInterval(effect, low, high) {
  const ends = interval(low, high);
  return ends === MISSING ? signed(effect) : `${signed(effect)} (${ends})`;
}

/** The most telling figures: [label, value, meaning, its word in the glossary], what was not measured left out. */
function* figures(attribute, at) {
  const { effect, low, high, n } = effectIn(attribute, at);
  yield [
    at === 0 && report.n_held_out ? "Effect in the search" : "Effect",
    `${withInterval(effect, low, high)} ${unit(at)}`,
    `mean change and its 95 % interval over ${counted(n ?? 0, "image")}`,
    "effect",
  ];
  if (at > 0) return;
  const again = attribute.holdout;
  const verdict = { true: ": confirmed", false: ": not confirmed" }[attribute.confirmed] ?? "";
  if (again)
    yield [
      "Effect held out",
      `${withInterval(again.effect, again.low, again.high)} ${report.unit}${verdict}`,
      `on ${counted(again.n, "image")} that the search never saw`,
      "held-out",
    ];
  if (attribute.kind === "set") {
    yield [
      "Sum of its parts",
      `${signed(attribute.joint_sum)} ${report.unit}`,
      attribute.parts.map((part) => `${part.name} ${signed(part.effect)}`).join(", "),
    ];
    yield [
      "Interaction",
      withInterval(attribute.interaction, attribute.interaction_low, attribute.interaction_high),
      interaction(attribute),
      "set",
    ];
  }
  if (known(attribute.p_corrected))
    yield [
      "Corrected p",
      pValue(attribute.p_corrected),
      "the chance of this if it did nothing, over all comparisons of this search; 0.05 or less passes",
      "p",
    ];
  if (known(attribute.delta_probability))
    yield [
      "Change in probability",
      withInterval(attribute.delta_probability, attribute.delta_probability_low, attribute.delta_probability_high),
      "mean over the images",
      "probability",
    ];
  if (known(attribute.up)) {
    const [up, down] = [attribute.up, attribute.down].map((part) => Math.round(part * attribute.n));
    yield ["Images that move", `${up} up, ${down} down`, `of ${attribute.n}`];
  }
  const whom = subject(0, attribute);
  if (known(attribute.flip_to)) yield [`Flips to ${whom}`, share(attribute.flip_to), "of the images that were not called so", "flip"];
  if (known(attribute.flip_from)) yield [`Flips from ${whom}`, share(attribute.flip_from), "of the images that were", "flip"];
  for (const { label, value, meaning } of attribute.checks) yield [label, value, meaning];
  const { no_op: idle, failed, ok } = attribute.quality;
  yield [
    "Edits",
    [`${ok + idle - (attribute.shown ?? 0)} made`, idle && `${idle} of them changed nothing`, failed && `${failed} failed`]
      .filter(Boolean)
      .join(", "),
    "",
    "no-op",
  ];
}

function interaction({ interaction: value, interaction_low: low, interaction_high: high }) {
  if (!known(value)) return "not measured";
  if (known(low) && known(high) && low <= 0 && high >= 0)
    return "the interval includes zero: the effects may just add up";
  return value > 0 ? "together they do more than the sum" : "together they do less than the sum";
}

function definitions(rows) {
  const pairs = [...rows].map(([label, value, meaning, word]) =>
    make(
      "div",
      {},
      make("dt", {}, word ? term(word, label) : label),
      make("dd", {}, make("strong", {}, value), meaning && make("small", {}, ` ${meaning}`)),
    ),
  );
  return make("dl", { class: "figures" }, ...pairs);
}

function comparisonChoice(number) {
  const labels = Object.entries(COMPARISONS).map(([value, label]) => {
    const input = make("input", { type: "radio", name: `compare-${number}`, value, checked: value === comparison() });
    input.addEventListener("change", () => choose({ compare: value }));
    return make("label", {}, input, make("span", {}, label));
  });
  return make("fieldset", { class: "segments" }, make("legend", {}, "Compare"), ...labels);
}

const reconstructionsDiffer = report.images.some(
  (image) => hasPicture(image.reconstruction) && image.reconstruction !== image.picture,
);

function baseChoice() {
  if (!reconstructionsDiffer) return null;
  const input = make("input", { type: "checkbox", checked: fromReconstruction() });
  input.addEventListener("change", () => choose({ against: input.checked ? "reconstruction" : "original" }));
  return make("label", { class: "check" }, input, " before: the editor’s unedited reconstruction");
}

function playChoice() {
  if (comparison() !== "flicker") return null;
  const button = make("button", { type: "button" });
  const show = () => {
    button.textContent = playing ? "Pause" : "Play";
    document.documentElement.classList.toggle("playing", playing);
  };
  button.addEventListener("click", () => {
    playing = !playing;
    document.querySelectorAll(".stack.held").forEach((frame) => frame.classList.remove("held", "turned"));
    show();
  });
  show();
  return button;
}

const HINTS = {
  side: "",
  slider: "Drag, or use the arrow keys: before on the left, after on the right.",
  flicker: "Before and after in turns; press a picture to turn it by hand.",
  difference:
    "Black: unchanged; the brighter, the more changed. What lights up away from the attribute was changed unintentionally.",
  heat: report.heat?.note ?? "",
};

/** For each open attribute, what shows one of its pairs and returns its figure; nothing where the filter hides it. */
const reveals = new Map();

/** The pairs of an attribute, the most typical first; further ones on demand. */
function gallery(attribute, number, at) {
  const places = chosenPairs(attribute);
  const beside = comparison() === "side" || comparison() === "heat";
  const kind = !beside ? "stacked" : attribute.kind === "set" && comparison() === "side" ? "wide" : "";
  const grid = make("div", { class: `gallery ${kind}` });
  const more = make("button", { type: "button", class: "more" });
  const said = make("p", { class: "legend" });
  const show = (count) => {
    const from = grid.children.length;
    grid.append(...places.slice(from, from + count).map((index) => pairFigure(attribute, at, index)));
    const left = places.length - grid.children.length;
    more.hidden = left === 0;
    more.textContent = `Show ${Math.min(left, MORE)} more`;
    const edits = state.edits === "all" ? "edits" : `edits (${state.edits})`;
    said.textContent = places.length
      ? `${grid.children.length} of ${places.length} ${edits}, those nearest to the mean change first. ${HINTS[comparison()]}`
      : `No ${edits} to show.`;
  };
  reveals.set(number, (index) => {
    while (grid.children.length <= places.indexOf(index)) show(MORE);
    return grid.children[places.indexOf(index)];
  });
  more.addEventListener("click", () => {
    const first = grid.children.length;
    show(MORE);
    grid.children[first]?.querySelector("input, button")?.focus();
  });
  show(FIRST);
  return [make("div", { class: "tools" }, comparisonChoice(number), playChoice(), baseChoice()), said, grid, more];
}

/** The contents of an attribute's panel. */
function panel(attribute, number) {
  const at = view();
  const rest =
    at === 0 && attribute.details.length
      ? make(
          "details",
          { class: "rest" },
          make("summary", {}, "More figures"),
          definitions(attribute.details.map((one) => [one.label, one.value, one.meaning])),
        )
      : null;
  const reason =
    at === 0 && attribute.reason
      ? make("p", { class: "reason" }, `In the search: ${attribute.reason}`)
      : null;
  return [
    reason,
    ...scatter(attribute, number, at),
    definitions(figures(attribute, at)),
    rest,
    ...gallery(attribute, number, at),
  ].filter(Boolean);
}
