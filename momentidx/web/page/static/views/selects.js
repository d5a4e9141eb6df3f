import { el } from "../dom.js";
import { texts } from "../texts.js";

export const title = texts.views.selects;

export function mount(root) {
  root.append(el("h1", {}, title));
}
