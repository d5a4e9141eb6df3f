// All clips of the library, by name.

import { el, image } from "../dom.js";

const PAGE = 60;
const TYPING_MILLISECONDS = 200;

export const title = "Footage";

/** The list; `#/footage?q=` names words of a path, reel or camera. */
export function mount(root, params, app) {
  const texts = app.texts.footage;
  const count = el("p", { class: "footage-count", role: "status" });
  const grid = el("ul", { class: "footage-grid" });
  const more = el("button", { type: "button", hidden: true, onclick: () => load() }, texts.more);
  let [asked, offset, later] = [0, 0, 0];
  const words = el("input", {
    type: "search", value: params.q ?? "", "aria-label": texts.words, placeholder: texts.words,
    oninput: () => {
      clearTimeout(later);
      later = setTimeout(restart, TYPING_MILLISECONDS);
    },
  });
  root.append(el("h1", {}, title), el("div", { class: "footage-tools" }, words, count), grid, more);

  async function load() {
    const mine = ++asked;
    try {
      const told = await app.api.get("/footage", { q: words.value, limit: PAGE, offset });
      if (mine !== asked) return;
      if (offset === 0) grid.replaceChildren();
      grid.append(...told.footage.map((clip) => card(clip, texts)));
      offset += told.footage.length;
      count.textContent = told.total ? texts.count(told.total) : words.value ? texts.noneWith : texts.none;
      more.hidden = offset >= told.total;
    } catch (error) {
      app.fail(error);
    }
  }

  function restart() {
    offset = 0;
    load();
  }

  restart();
  return { unmount: () => clearTimeout(later) };
}

function card(clip, texts) {
  const facts = [`${clip.width}×${clip.height}`, clip.codec, clip.start_timecode ?? texts.noTimecode];
  const events = clip.layers.reduce((sum, layer) => sum + layer.events, 0);
  return el("li", { class: "footage-card" },
    el("a", { href: `#/clip/${clip.fingerprint}` },
      clip.poster ? image(clip.poster) : el("span", { class: "footage-blank" }),
      el("span", { class: "footage-name" }, clip.clip)),
    el("span", { class: "footage-facts" }, facts.join(" · ")),
    el("span", { class: "footage-facts" }, texts.events(events), clip.online ? null : ` · ${texts.offline}`));
}
