// What the reader chose. It stands in the address behind "#", so that a link shows the same.

const CHOICES = {
  class: "",
  find: "",
  sort: "tree",
  effect: "",
  n: "",
  show: "all",
  edits: "all",
  compare: "side",
  against: "original",
};
const state = { ...CHOICES, open: new Set() };
const listeners = [];

const view = () =>
  Math.max(
    0,
    report.views.findIndex((one, number) => number > 0 && one.label === state.class),
  );
const onChange = (listener) => listeners.push(listener);
const numberOf = new Map(attributes.map((attribute, number) => [attribute.id, number]));

function readAddress() {
  let given;
  try {
    given = new URLSearchParams(location.hash.slice(1));
  } catch {
    given = new URLSearchParams();
  }
  for (const name of Object.keys(CHOICES)) state[name] = given.get(name) ?? CHOICES[name];
  state.open = new Set(
    given
      .getAll("a")
      .filter((id) => numberOf.has(id))
      .map((id) => numberOf.get(id)),
  );
}

function writeAddress() {
  const told = new URLSearchParams();
  for (const number of state.open) told.append("a", attributes[number].id);
  for (const [name, usual] of Object.entries(CHOICES)) if (state[name] !== usual) told.set(name, state[name]);
  const hash = `#${told}`;
  if (hash === location.hash || (hash === "#" && !location.hash)) return;
  try {
    history.replaceState(null, "", hash);
  } catch {
    // a page inside a viewer may not touch its address: then only the link is missing
  }
}

/** Take over some choices, tell everybody who shows them, and note them in the address. */
function choose(changes) {
  Object.assign(state, changes);
  writeAddress();
  for (const listener of listeners) listener(Object.keys(changes));
}

const EDIT_KINDS = {
  all: () => true,
  flipped: (pairs, at) => Boolean(pairs.flipped[at]),
  "no-op": (pairs, at) => pairs.status[at] === 1,
  failed: (pairs, at) => pairs.status[at] === 2,
};

/** The pairs of an attribute that the choice of edits leaves, as places in its columns. */
function chosenPairs(attribute) {
  const wanted = EDIT_KINDS[state.edits] ?? EDIT_KINDS.all;
  return attribute.pairs.image.map((_, at) => at).filter((at) => wanted(attribute.pairs, at));
}

const claimed = (attribute) => attribute.claim === "matters";
const faint = (attribute) => (attribute.below_floor || attribute.placebo) && !claimed(attribute);
const effectIn = (attribute, at) => attribute.views[at] ?? { effect: null, low: null, high: null, n: null };
const filtering = () =>
  Boolean(state.find.trim() || state.effect || state.n || state.show !== "all" || state.edits !== "all");

/** Whether the filters leave an attribute. */
function matches(attribute) {
  const { effect, n } = effectIn(attribute, view());
  const text = `${attribute.name} ${attribute.id}`.toLowerCase();
  if (
    !state.find
      .toLowerCase()
      .split(/\s+/)
      .every((word) => text.includes(word))
  )
    return false;
  if (Number(state.effect) > 0 && !(Math.abs(effect ?? 0) >= Number(state.effect))) return false;
  if (Number(state.n) > 0 && !((n ?? 0) >= Number(state.n))) return false;
  if (state.show === "claimed" && !claimed(attribute)) return false;
  if (state.show === "undecided" && attribute.claim !== "undecided") return false;
  if (state.show === "small" && attribute.claim !== "small") return false;
  if (state.show === "not tested" && attribute.claim !== "not tested") return false;
  return state.edits === "all" || chosenPairs(attribute).length > 0;
}

const strength = (attribute) => Math.abs(effectIn(attribute, view()).effect ?? -1);
const signedEffect = (attribute) => effectIn(attribute, view()).effect ?? 0;
const ORDERS = {
  influence: (a, b) => strength(b) - strength(a),
  raises: (a, b) => signedEffect(b) - signedEffect(a),
  lowers: (a, b) => signedEffect(a) - signedEffect(b),
  n: (a, b) => (effectIn(b, view()).n ?? 0) - (effectIn(a, view()).n ?? 0),
  p: (a, b) => (a.p_corrected ?? 2) - (b.p_corrected ?? 2),
  name: (a, b) => a.name.localeCompare(b.name),
};
