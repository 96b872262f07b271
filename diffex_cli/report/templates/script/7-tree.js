// The hierarchy as nested lists, or, sorted otherwise, as one list; sets of attributes in a list of their own.

const folds = new Map();

const inside = (node) => [node, ...node.children.flatMap(inside)];
const measuredIn = (node) =>
  inside(node)
    .map((one) => one.attribute)
    .filter((number) => number !== null);
const isOpen = (number) => state.open.has(number);
const weak = (number) => attributes[number].below_floor && !claimed(attributes[number]) && !isOpen(number);
const names = (list) => list.map((node) => node.name).join(", ");

/** A button that shows and hides a list; what the reader chose is remembered. */
function fold(key, label, usual, list, kind = "fold") {
  const open = folds.get(key) ?? usual;
  const button = make("button", {
    type: "button",
    class: kind,
    "aria-expanded": String(open),
    "aria-controls": list.id,
  });
  if (kind === "fold") button.setAttribute("aria-label", label);
  else button.textContent = label;
  list.hidden = !open;
  button.addEventListener("click", () => {
    const now = button.getAttribute("aria-expanded") !== "true";
    folds.set(key, now);
    button.setAttribute("aria-expanded", String(now));
    list.hidden = !now;
  });
  return button;
}

let made = 0;
const newList = (kind, ...items) => make("ul", { class: kind, id: `list-${(made += 1)}` }, ...items);

function hold(number, foldButton, below) {
  const { line, panel, path } = row(number);
  path.textContent = "";
  line.querySelector(".fold, .leaf")?.remove();
  line.prepend(foldButton ?? make("span", { class: "leaf" }));
  return make("li", {}, line, panel, below ?? "");
}

function item(node) {
  const below =
    node.children.length || node.unseen.length
      ? newList("tree", ...branches(node.children, node.id), unseen(node.unseen))
      : null;
  const usual =
    filtering() ||
    node.children
      .flatMap(measuredIn)
      .some((number) => claimed(attributes[number]) || attributes[number].kept || isOpen(number));
  const button = below ? fold(`in ${node.id}`, `Finer attributes of ${node.name}`, usual, below) : null;
  if (node.attribute !== null) return hold(node.attribute, button, below);
  const words = make(
    "span",
    { class: "words" },
    make("span", { class: "name" }, node.name),
    make("small", { class: "path" }, "not scored itself"),
  );
  return make(
    "li",
    {},
    make(
      "div",
      { class: "row group" },
      button ?? make("span", { class: "leaf" }),
      make("span", { class: "open" }, words),
    ),
    below ?? "",
  );
}

const unseen = (list) =>
  list.length && !filtering() ? make("li", { class: "unseen" }, `Not scored: ${list.join(", ")}`) : "";

/** The nodes that the filters leave; those that noise can explain, with all below them, folded behind one button. */
function branches(nodes, key) {
  const left = nodes.filter((node) => measuredIn(node).some((number) => matches(attributes[number])));
  if (filtering() || view() > 0) return left.map(item);
  const faint = left.filter((node) => measuredIn(node).every(weak));
  if (!faint.length) return left.map(item);
  const list = newList("tree faint", ...faint.map(item));
  const label = `${counted(faint.length, "attribute")} below the noise floor: ${names(faint)}`;
  return [
    ...left.filter((node) => !faint.includes(node)).map(item),
    make("li", { class: "folded" }, fold(`faint ${key}`, label, false, list, "reveal"), list),
  ];
}

function pathOf(attribute) {
  const path = [];
  for (let at = attribute.parent; at !== null && at !== undefined; at = attributes[at].parent)
    path.unshift(attributes[at].name);
  return path.join(" › ");
}

function sorted(numbers) {
  const order = ORDERS[state.sort] ?? ORDERS.influence;
  return numbers.sort((a, b) => order(attributes[a], attributes[b]) || a - b);
}

function flat(numbers) {
  return sorted(numbers).map((number) => {
    const held = hold(number);
    row(number).path.textContent = pathOf(attributes[number]);
    return held;
  });
}

const setNumbers = new Set(report.order.sets);
const singles = attributes.map((_, number) => number).filter((number) => !setNumbers.has(number));
const leftOf = (numbers) => [...numbers].filter((number) => matches(attributes[number]));

function arrange() {
  const tree = document.getElementById("tree");
  const hierarchy = !Object.hasOwn(ORDERS, state.sort);
  const shown = leftOf(singles);
  tree.replaceChildren(
    ...(hierarchy ? [...branches(report.tree.roots, ""), unseen(report.tree.unseen)] : flat(shown)).filter(Boolean),
  );
  const together = leftOf(setNumbers);
  const chosen = together.filter((number) => claimed(attributes[number]) || isOpen(number) || filtering());
  const others = together.filter((number) => !chosen.includes(number));
  const list = newList("tree", ...(hierarchy ? others.map((number) => hold(number)) : flat(others)));
  const rest = others.length
    ? [
        make(
          "li",
          { class: "folded" },
          fold("sets", `${counted(others.length, "set")} not shown to matter`, !chosen.length, list, "reveal"),
          list,
        ),
      ]
    : [];
  document
    .getElementById("sets")
    ?.replaceChildren(...(hierarchy ? chosen.map((number) => hold(number)) : flat(chosen)), ...rest);
  tell(shown.length, together.length);
}

function tell(shown, together) {
  const sets = setNumbers.size ? ` and ${together} of ${counted(setNumbers.size, "set")}` : "";
  document.getElementById("shown").textContent = `${shown} of ${counted(singles.length, "attribute")}${sets} shown`;
}

const ARRANGING = new Set(["class", "find", "sort", "effect", "n", "show", "edits"]);
onChange((changed) => {
  if (changed.some((name) => ARRANGING.has(name))) arrange();
});

/** Unfold an attribute and all that it lies in. */
function uncover(number) {
  const missing = !row(number).line.isConnected || !matches(attributes[number]);
  if (missing) choose({ find: "", effect: "", n: "", show: "all", edits: "all" });
  choose({ open: new Set([...state.open, number]) });
  for (let list = row(number).line.closest("ul[hidden]"); list; list = list.closest("ul[hidden]")) {
    document.querySelector(`[aria-controls="${list.id}"]`).click();
  }
}

const glide = () => (still.matches ? "instant" : "smooth");

/** Go to an attribute. */
function visit(number) {
  uncover(number);
  row(number).line.scrollIntoView({ block: "start", behavior: glide() });
  row(number).open.focus({ preventScroll: true });
}

/** Go to one pair of an attribute. */
function visitPair(number, index) {
  uncover(number);
  if (!chosenPairs(attributes[number]).includes(index)) choose({ edits: "all" });
  const figure = reveals.get(number)(index);
  figure.scrollIntoView({ block: "center", behavior: glide() });
  figure.focus({ preventScroll: true });
}
