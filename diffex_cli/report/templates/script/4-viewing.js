// What the dialog shows of a pair: the two pictures at one scale, what the classifier says of them, and their files.

const ZOOMS = [1, 2, 4, 8];
const LARGEST = 8; // a tiny picture is not blown up without end

/** A stored picture at its largest: address and size, and the size of the picture in its file. */
function largest(number) {
  const { large } = stored;
  const from = large?.sources[number] ? large : stored;
  const [width, height] = [from.width[number], from.height[number]];
  return {
    address: from.base + from.sources[number],
    small: stored.base + stored.sources[number],
    width,
    height,
    own: large ? [large.own_width[number], large.own_height[number]] : [width, height],
  };
}

/** The pairs that the arrow keys walk through: those that the gallery shows and that have a picture. */
const walkable = (attribute) => chosenPairs(attribute).filter((at) => hasPicture(attribute.pairs.picture[at]));

function stepPair(by) {
  const places = walkable(attributes[viewer.number]);
  const next = places[places.indexOf(viewer.index) + by];
  if (next !== undefined) showPair(viewer.number, next);
}

function showPair(number, index) {
  const [attribute, parts] = [attributes[number], viewer.parts];
  const facts = pairFacts(attribute, view(), index);
  const places = walkable(attribute);
  const place = places.indexOf(index);
  Object.assign(viewer, { number, index, after: false });
  parts.title.textContent = attribute.name;
  parts.count.textContent = place < 0 ? "" : `${place + 1} of ${places.length}`;
  // they keep the focus at the ends, and with it the keys
  parts.previous.setAttribute("aria-disabled", String(place <= 0));
  parts.next.setAttribute("aria-disabled", String(place < 0 || place === places.length - 1));
  const shots = [facts.before, facts.after];
  viewer.pictures = shots.map(({ number: picture }) => (hasPicture(picture) ? largest(picture) : null));
  const names = [facts.before.label.replace("before", "Before"), `After: ${attribute.after}`];
  const labels = [fromReconstruction() ? facts.classes[0] : className(facts.image.prediction), facts.classes[1]];
  const whom = subject(view(), attribute);
  const of = whom.startsWith("‘") ? ` of ${whom}` : "";
  parts.sides.forEach((side, at) => {
    const score = `probability${of} ${percent(shots[at].probability)}`;
    const words = [labels[at] && `called ‘${labels[at]}’`, score].filter(Boolean);
    side.caption.replaceChildren(make("strong", {}, names[at]), ` · ${words.join(" · ")}`);
    showPicture(side, viewer.pictures[at], shots[at].alt);
  });
  parts.told.replaceChildren(scoreTable(attribute, index), fileRecord(attribute, index, facts));
  layOut();
  for (const { pane } of parts.sides) pane.scrollTo(0, 0);
}

function showPicture({ image, pane }, found, alt) {
  image.hidden = !found;
  pane.classList.toggle("absent", !found);
  if (!found) return;
  image.alt = alt;
  image.onerror = () => {
    image.onerror = null;
    image.src = found.small; // the folder of the large ones was left behind
  };
  image.src = found.address;
}

/** The scale at which the larger of the two fits into its pane. */
function fitting() {
  const { clientWidth, clientHeight } = viewer.parts.sides[viewer.blink && viewer.after ? 1 : 0].pane;
  const [width, height] = viewExtent();
  return Math.min(clientWidth / width, clientHeight / height, LARGEST);
}

const viewExtent = () =>
  ["width", "height"].map((side) => Math.max(1, ...viewer.pictures.map((one) => one?.[side] ?? 1)));
const viewScale = () => viewer.zoom || fitting();

/** Both pictures get the same size, so that they lie on each other when they are shown in turns. */
function layOut() {
  const { dialog, stage, sides, side, blink, zoom } = viewer.parts;
  if (!dialog.open) return;
  stage.classList.toggle("blinking", viewer.blink);
  stage.classList.toggle("fitted", !viewer.zoom);
  sides.forEach(({ figure }, at) => figure.classList.toggle("off", viewer.blink && Number(viewer.after) !== at));
  const hidden = viewer.blink && sides.findIndex(({ pane }) => pane === document.activeElement);
  if (hidden === Number(!viewer.after)) sides[Number(viewer.after)].pane.focus({ preventScroll: true });
  side.setAttribute("aria-pressed", String(!viewer.blink));
  blink.setAttribute("aria-pressed", String(viewer.blink));
  blink.textContent = viewer.blink ? `Blink: ${viewer.after ? "after" : "before"}` : "Blink";
  const factor = viewScale();
  const [width, height] = viewExtent();
  for (const { image } of sides) {
    image.style.width = `${Math.floor(width * factor)}px`;
    image.style.height = `${Math.floor(height * factor)}px`;
    image.classList.toggle("crisp", viewer.zoom > 1);
  }
  zoom.textContent = `${Math.round(100 * factor)} %`;
}

/** What the classifier says before and after. */
function scoreTable(attribute, index) {
  const [at, pairs] = [view(), attribute.pairs];
  const image = report.images[pairs.image[index]];
  const own = at === 0 ? pairs.logit?.[index] : null;
  const bases = report.scale === "logit" && at > 0 ? [image.value[at], image.base_value[at]] : [];
  const delta = pairs.delta[at]?.[index];
  const logits = own ?? [...bases, known(bases[1]) && known(delta) ? bases[1] + delta : null];
  const rows = [
    ["before", image.prediction, (at === 0 ? pairs.before?.[index] : null) ?? image.probability[at], logits[0]],
    ["before, reconstructed", image.base_prediction, image.base_probability[at], logits[1]],
    ["after", pairs.prediction[index], pairs.probability[at]?.[index], logits[2]],
  ].filter((_, place) => place !== 1 || reconstructionsDiffer);
  const called = rows.some(([, label]) => className(label));
  const unit = report.quantity === "score" ? "score" : "logit";
  const head = ["", called ? "called" : null, "probability", unit].filter((text) => text !== null);
  const cell = (text) => make("td", {}, text);
  return make(
    "table",
    { class: "scores" },
    make("caption", {}, `What the classifier says; probability and ${unit}: ${subject(at, attribute)}`),
    make("thead", {}, make("tr", {}, ...head.map((text) => (text ? make("th", { scope: "col" }, text) : cell(""))))),
    make(
      "tbody",
      {},
      ...rows.map(([name, label, score, logit]) =>
        make(
          "tr",
          {},
          make("th", { scope: "row" }, name),
          called ? cell(className(label) ?? MISSING) : null,
          cell(percent(score)),
          cell(signed(logit)),
        ),
      ),
    ),
  );
}

/** What became of the edit, and where its pictures lie. */
function fileRecord(attribute, index, facts) {
  const { image, status, reason, delta, flipped, unseen, classes, changed } = facts;
  const [from, to] = classes;
  const extentOf = known(changed) ? `${share(changed)} of the pixels changed visibly` : "";
  const edited = status === 1 ? `changed nothing: ${reason ?? "no pixel differs"}` : extentOf || STATUS[status];
  const file = (path) => (path ? make("code", {}, path) : null);
  const rows = [
    ["Change", known(delta) ? `${signed(delta)} ${unit(view())}${reconstructionsDiffer ? ", against the reconstruction" : ""}` : MISSING],
    flipped && from && to ? ["Decision", `flips from ${from} to ${to}`] : null,
    unseen ? ["Class", unseen] : null,
    ["Edit", edited],
    ["Picture", image.source],
    ["Its file", file(image.file)],
    ["The edit’s file", file(attribute.pairs.file?.[index])],
    ["Shown at", shownAt()],
  ];
  return make(
    "dl",
    { class: "record-of" },
    ...rows.filter((row) => row?.[1]).map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))),
  );
}

function shownAt() {
  const found = viewer.pictures.find(Boolean);
  if (!found) return null;
  const size = `${found.width} × ${found.height} pixels`;
  const [width, height] = found.own;
  if (width === found.width && height === found.height) return `${size}, as in its file`;
  const remedy = `diffex report --max-pixels ${Math.max(width, height)}`;
  return `${size} of ${width} × ${height}; ${remedy} stores all of them`;
}
