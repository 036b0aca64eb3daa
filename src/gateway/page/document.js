// Elements of the document, by hand: nothing of what a server says is ever read as HTML.
const SVG = "http://www.w3.org/2000/svg";

export const find = (id) => document.getElementById(id);

export function element(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

export function svgElement(name, attributes, ...children) {
  return fill(document.createElementNS(SVG, name), attributes, children);
}

function fill(made, attributes, children) {
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}
