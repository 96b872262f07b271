"use strict";
// The data, elements whose text is only ever text, and numbers as people write them.
// The files of this folder are joined, in the order of their names, to the page's one script.

const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
const report = embedded("diffex-data");
const stored = embedded("diffex-pictures");
const attributes = report.attributes;

const MISSING = "–";
const known = (value) => typeof value === "number" && Number.isFinite(value);

/** The absolute value with two decimals, three below 0.1. */
function magnitude(value) {
  if (!known(value)) return MISSING;
  const size = Math.abs(value);
  return size.toFixed(size >= 0.0995 || size === 0 ? 2 : 3);
}

/** An effect with its sign: +2.31, −0.042. */
function signed(value) {
  const text = magnitude(value);
  if (text === MISSING || Number(text) === 0) return text;
  return (value > 0 ? "+" : "−") + text;
}

const interval = (low, high) => (known(low) && known(high) ? `${signed(low)} to ${signed(high)}` : MISSING);

/** A probability in percent, with a decimal near 0 and 1: 4 %, 0.3 %, under 0.1 %, 99.6 %. */
function percent(value) {
  if (!known(value)) return MISSING;
  if (value > 0 && value < 0.001) return "under 0.1\u00a0%";
  if (value > 0.999 && value < 1) return "over 99.9\u00a0%";
  const edge = (value > 0 && value < 0.01) || (value > 0.99 && value < 1);
  return `${(100 * value).toFixed(edge ? 1 : 0)}\u00a0%`;
}

const share = (value) => (known(value) ? `${Math.round(100 * value)} %` : MISSING);
const counted = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;

function pValue(value) {
  if (!known(value)) return MISSING;
  return value < 1e-4 ? "< 0.0001" : String(Number(value.toPrecision(2)));
}

/** An element; a property that the element does not have is set as an attribute, null is left out. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";

function draw(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(properties)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

const hasPicture = (number) => number !== null && number !== undefined && Boolean(stored.sources[number]);

/** A stored picture, fetched when it comes near the screen; null if there is none. */
function picture(number, alt) {
  if (!hasPicture(number)) return null;
  const width = stored.width[number];
  const height = stored.height[number];
  return make("img", {
    loading: "lazy",
    decoding: "async",
    width,
    height,
    alt,
    src: stored.base + stored.sources[number],
  });
}

const unit = (view) => report.views[view].unit;
const subject = (view, attribute) => {
  if (view > 0) return `‘${report.views[view].label}’`;
  return report.target_kind === "all" && attribute ? `‘${attribute.target}’` : report.subject;
};
const called = (view, attribute) => (view > 0 ? `called ‘${report.views[view].label}’` : attribute.called);
const className = (number) => (number === null || number === undefined ? null : report.classes[number]);
