// Elements, built from names and text. Nothing here makes HTML of text: what a caption or a file name holds is shown.

/**
 * A new element.
 *
 * In `attributes`, `class` is its classes, `on<event>` hears an event, `vars` sets CSS properties, a boolean sets or
 * leaves an attribute out, and null leaves it out. `children` are nodes, texts, lists of these, and null for nothing.
 */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

const SVG = "http://www.w3.org/2000/svg";

/** A picture of one path, for buttons; it says nothing to screen readers, so the button must. */
export function icon(path) {
  const drawn = document.createElementNS(SVG, "path");
  drawn.setAttribute("d", path);
  const box = document.createElementNS(SVG, "svg");
  box.setAttribute("viewBox", "0 0 16 16");
  box.setAttribute("class", "icon");
  box.setAttribute("aria-hidden", "true");
  box.append(drawn);
  return box;
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "vars") setVars(element, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Set CSS properties; a style attribute would be refused by the content-security policy. */
export function setVars(element, vars) {
  for (const [name, value] of Object.entries(vars)) element.style.setProperty(name, value);
}

/** A picture that shows a quiet ground when it cannot be had. */
export function image(url, attributes = {}) {
  const missing = (event) => event.target.classList.add("missing");
  return el("img", { src: url, alt: "", decoding: "async", loading: "lazy", onerror: missing, ...attributes });
}

let dialogs = 0;

/** A dialog that is open; `Escape` and the button close it, and it goes when it is closed. */
export function dialog(title, closeText, ...children) {
  const heading = el("h2", { id: `dialog-${++dialogs}` }, title);
  const close = el("button", { class: "quiet", type: "button", onclick: () => box.close() }, closeText);
  const box = el(
    "dialog",
    { "aria-labelledby": heading.id, onclose: () => box.remove() },
    el("header", {}, heading, close),
    el("div", { class: "dialog-body" }, children),
  );
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}
