// One line an attribute: its most typical pair, its bar, its figures in words. It unfolds to its panel.

const rows = new Map();

/** The pairs that carry what is said of an attribute, as places in its columns, the best first; not all are stored. */
const examples = (attribute) =>
  attribute.examples.filter(
    (at) => hasPicture(attribute.pairs.picture[at]) && hasPicture(report.images[attribute.pairs.image[at]].picture),
  );
const example = (attribute) => examples(attribute)[0];

function thumbs(attribute) {
  const at = example(attribute);
  const before = at === undefined ? null : report.images[attribute.pairs.image[at]].picture;
  if (!hasPicture(before)) return make("span", { class: "thumbs" });
  const frames = [before, attribute.pairs.picture[at]];
  return make("span", { class: "thumbs" }, ...frames.map((one) => make("span", { class: "shot" }, picture(one, ""))));
}

/** For a set, what its row says beside its name. */
function summed(attribute) {
  if (attribute.kind !== "set" || !known(attribute.joint_sum)) return "";
  return `one by one ${signed(attribute.joint_sum)}; ${interaction(attribute)}`;
}

function tags(number) {
  const { kind, placebo } = attributes[number];
  const tag = (kind, text, title) => make("span", { class: `tag ${kind}`, title }, text);
  return [
    kind === "group" ? tag("group", "group") : "",
    placebo
      ? tag(
          "placebo",
          "placebo",
          "The images of this domain cannot have this attribute: a true explanation finds no effect.",
        )
      : "",
    number === report.best_joint ? tag("best", "best set") : "",
  ];
}

function standing(attribute, at) {
  if (at > 0) return "";
  const good = claimed(attribute);
  const p = known(attribute.p_corrected) ? make("small", {}, `p ${pValue(attribute.p_corrected)}`) : null;
  const confirmed = { true: make("small", {}, "confirmed"), false: make("small", {}, "not confirmed") }[
    attribute.confirmed
  ];
  return make(
    "span",
    { class: `standing ${good ? "good" : ""}` },
    good ? "✓ " : "",
    attribute.standing,
    " ",
    p,
    confirmed ? " " : "",
    confirmed,
  );
}

function estimate(attribute, at) {
  const { effect, low, high } = effectIn(attribute, at);
  const again = at === 0 && attribute.holdout;
  const kind = known(effect) && effect !== 0 ? side(effect) : "";
  const held = again
    ? [make("br"), make("small", {}, `${signed(again.effect)}, ${interval(again.low, again.high)} held out`)]
    : [];
  const whom = at === 0 && report.target_kind === "all" ? make("small", {}, ` on ${subject(at, attribute)}`) : "";
  return make(
    "span",
    { class: "number" },
    make("strong", { class: kind }, signed(effect)),
    " ",
    make("small", {}, interval(low, high)),
    whom,
    ...held,
  );
}

/** The row of an attribute; one and the same element however the rows are arranged. */
function row(number) {
  if (!rows.has(number)) rows.set(number, new Row(number));
  return rows.get(number);
}

class Row {
  constructor(number) {
    this.number = number;
    this.attribute = attributes[number];
    const { name, kind } = this.attribute;
    this.path = make("small", { class: "path" });
    this.open = make(
      "button",
      { type: "button", class: "open", "aria-expanded": "false" },
      thumbs(this.attribute),
      make(
        "span",
        { class: "words" },
        make("span", { class: "name" }, name),
        ...tags(number),
        make("small", { class: "alone" }, summed(this.attribute)),
        this.path,
      ),
    );
    this.measured = make("div", { class: "measured" });
    this.line = make("div", { class: `row ${kind}`, id: `row-${number}` }, this.open, this.measured);
    this.panel = make("div", { class: "panel", id: `panel-${number}`, hidden: true });
    this.open.setAttribute("aria-controls", this.panel.id);
    this.open.addEventListener("click", () => this.toggle());
    this.measured.addEventListener("click", () => this.toggle());
    this.measure();
    this.unfold();
  }

  toggle(open = !state.open.has(this.number)) {
    const numbers = new Set(state.open);
    if (open) numbers.add(this.number);
    else numbers.delete(this.number);
    choose({ open: numbers });
  }

  /** Show the figures of the chosen class. */
  measure() {
    const at = view();
    const { n } = effectIn(this.attribute, at);
    const images = make("span", { class: "n" }, make("span", { class: "label" }, "n "), String(n ?? MISSING));
    this.line.classList.toggle("proven", at === 0 && claimed(this.attribute));
    this.line.classList.toggle("unproven", at === 0 && !claimed(this.attribute));
    this.line.classList.toggle("noise-like", at === 0 && faint(this.attribute));
    this.measured.replaceChildren(
      make("div", { class: "plot" }, bar(this.attribute, at), dots(this.attribute, this.number, at)),
      estimate(this.attribute, at),
      images,
      standing(this.attribute, at),
    );
  }

  /** Show or hide the panel, as the state has it; built anew when what it shows has changed. */
  unfold(anew = false) {
    const open = state.open.has(this.number);
    if (open && (anew || this.panel.hidden)) this.panel.replaceChildren(...panel(this.attribute, this.number));
    if (!open) this.panel.replaceChildren();
    this.panel.hidden = !open;
    this.open.setAttribute("aria-expanded", String(open));
    this.line.classList.toggle("unfolded", open);
  }
}

const PANEL_CHOICES = new Set(["class", "edits", "compare", "against"]);

onChange((changed) => {
  const anew = changed.some((name) => PANEL_CHOICES.has(name));
  const focused = document.activeElement;
  const kept = focused?.type === "radio" && [focused.name, focused.value];
  for (const one of rows.values()) {
    if (changed.includes("class")) one.measure();
    if (anew || changed.includes("open")) one.unfold(anew);
  }
  // a radio button that was pressed lies in a panel that was just built anew
  if (anew && kept) document.querySelector(`input[name="${kept[0]}"][value="${kept[1]}"]`)?.focus();
});
