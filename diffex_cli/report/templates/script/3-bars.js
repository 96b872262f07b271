// Signed bars on one shared axis: bar, interval, noise floor, and the effect on held-out images below.

const MARGIN = 2;

/** The position of an effect in percent of the width; zero lies at 50, what is beyond the axis at its end. */
function place(value, axis) {
  if (!(axis > 0)) return 50;
  return 50 + (50 - MARGIN) * Math.max(-1, Math.min(1, value / axis));
}

const line = (kind, x1, x2, y1, y2) => draw("line", { class: kind, x1: `${x1}%`, x2: `${x2}%`, y1, y2 });

function block(kind, from, to, y, height) {
  const [x, end] = from < to ? [from, to] : [to, from];
  return draw("rect", { class: kind, x: `${x}%`, width: `${end - x}%`, y, height });
}

const side = (effect) => (effect < 0 ? "lowers" : "raises");

function noise(axis) {
  const floor = report.floor?.value;
  return known(floor) && floor > 0 ? [block("noise", place(-floor, axis), place(floor, axis), 0, "100%")] : [];
}

function whisker(low, high, axis, y) {
  if (!known(low) || !known(high)) return [];
  const [from, to] = [place(low, axis), place(high, axis)];
  return [
    line("whisker", from, to, y, y),
    line("whisker", from, from, y - 3.5, y + 3.5),
    line("whisker", to, to, y - 3.5, y + 3.5),
  ];
}

/** Solid: shown to matter; pale: not; hollow: what noise can do. */
function manner(attribute, at, effect) {
  if (at === 0 && faint(attribute)) return "weak";
  return at === 0 && !claimed(attribute) ? `${side(effect)} pale` : side(effect);
}

/** The bar of an attribute in a view. The row says the same in words, so it is hidden from screen readers. */
function bar(attribute, at) {
  const axis = report.views[at].axis;
  const { effect, low, high } = effectIn(attribute, at);
  const svg = draw("svg", { class: "bar", "aria-hidden": "true", focusable: "false" });
  if (at === 0) svg.append(...noise(axis));
  svg.append(line("zero", 50, 50, 0, "100%"));
  if (!known(effect)) return svg;
  svg.append(
    block(`effect ${manner(attribute, at, effect)}`, 50, place(effect, axis), 5, 10),
    ...whisker(low, high, axis, 10),
  );
  if (at > 0) return svg;
  const parts = sum(attribute, axis);
  const again = attribute.holdout ? heldOut(attribute.holdout, axis, parts.length ? 32 : 22) : [];
  svg.classList.add(`lanes-${1 + Boolean(parts.length) + Boolean(again.length)}`);
  svg.append(...parts, ...again);
  return svg;
}

function heldOut(again, axis, y) {
  const ring = draw("circle", { class: "again", cx: `${place(again.effect, axis)}%`, cy: y, r: 3.5 });
  if (!known(again.low) || !known(again.high)) return [ring];
  return [line("again", place(again.low, axis), place(again.high, axis), y, y), ring];
}

/** Under a set's bar: the effects of its attributes alone, laid end to end, up to their sum. */
function sum(attribute, axis) {
  if (!attribute.parts.length) return [];
  let end = 0;
  const pieces = [];
  for (const part of attribute.parts) {
    if (!known(part.effect)) return [];
    pieces.push(block(`part ${side(part.effect)}`, place(end, axis), place(end + part.effect, axis), 18, 6));
    end += part.effect;
  }
  return [...pieces, line("total", place(end, axis), place(end, axis), 15, 27)];
}
