// The first screen, and the pictures at a glance.

/** A pair as two pictures with the words under them. */
function couple(attribute, index) {
  const { before, after } = pairFacts(attribute, 0, index, false);
  const enlarge = `${numberOf.get(attribute.id)}:${index}`;
  return make("div", { class: "couple", data: { enlarge } }, titled(before), titled(after, `after: ${attribute.after}`));
}

/** The pair that carries what is said of an attribute, if one is stored, into a figure that waits for it. */
function stand(figure, number) {
  const index = number === undefined ? undefined : example(attributes[number]);
  if (index === undefined) return;
  const attribute = attributes[number];
  if (attribute.claim !== "matters" && attribute.claim !== "undecided") return;
  const change = `${signed(attribute.pairs.delta[0][index])} ${report.unit}`;
  const doubt = claimed(attribute) ? "" : make("b", {}, "Not shown to matter. ");
  const open = make("button", { type: "button", class: "plain" }, `see all ${attribute.pairs.pictured}`);
  open.addEventListener("click", () => visitPair(number, index));
  figure.append(
    couple(attribute, index),
    make(
      "figcaption",
      {},
      doubt,
      `One of ${counted(attribute.pairs.pictured, "picture")}: ${change}, `,
      term("example", "near the mean"),
      ` of ${signed(attribute.effect)}. `,
      open,
      ", ",
      enlargeButton(number, index, "plain"),
    ),
  );
  figure.hidden = false;
}

/** The pairs of what the answer names, the first one large, and the strongest bars. */
function front() {
  const [first, against] = report.overview.headline.map((piece) => piece.attribute).filter(known);
  stand(document.getElementById("hero"), first ?? report.order.strip[0]);
  if (claimed(attributes[against] ?? {})) stand(document.getElementById("counter"), against);
  for (const line of document.querySelectorAll(".strongest li")) {
    const number = Number(line.dataset.number);
    line.querySelector(".plot").append(bar(attributes[number], 0), dots(attributes[number], number, 0));
  }
}

const PAIRS_EACH = { 1: 3, 2: 2 };

/** At a glance: for each leading attribute the pair that carries it; of few attributes several, to fill the row. */
function glance() {
  const list = document.getElementById("strip");
  if (!list) return;
  const each = PAIRS_EACH[report.order.strip.length] ?? 1;
  for (const number of report.order.strip) {
    const attribute = attributes[number];
    for (const index of examples(attribute).slice(0, each)) {
      const link = make("a", { href: `#a${number}`, data: { attribute: number } }, attribute.name);
      const target = report.target_kind === "all" ? make("small", {}, `on ‘${attribute.target}’`) : "";
      const shown = each > 1 ? attribute.pairs.delta[0][index] : attribute.effect;
      const of = make("small", {}, `${report.unit} ${each > 1 ? "on this picture" : "on average"}`);
      const mean = make("span", {}, make("strong", { class: side(shown) }, signed(shown)), " ", of);
      const words = make("figcaption", {}, link, mean, target);
      list.append(make("li", {}, make("figure", {}, words, couple(attribute, index))));
    }
  }
  list.classList.add(list.children.length > 3 ? "tall" : "wide");
  list.closest("section").hidden = !list.children.length;
}
