import { el } from "../dom.js";
import { texts } from "../texts.js";

export const title = texts.views.export;

export function mount(root) {
  root.append(el("h1", {}, title));
}
