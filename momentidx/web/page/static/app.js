// The page: which view is shown, and what all of them share.

import { Api, News } from "./api.js";
import { binPath } from "./bins.js";
import { dialog, el } from "./dom.js";
import { Keys, PRESETS, shown } from "./keys.js";
import { Scope } from "./scope.js";
import { texts } from "./texts.js";

const VIEWS = {
  search: () => import("./views/search.js"),
  clip: () => import("./views/player.js"),
  footage: () => import("./views/footage.js"),
  selects: () => import("./views/selects.js"),
  export: () => import("./views/export.js"),
  assemble: () => import("./views/assemble.js"),
  library: () => import("./views/library.js"),
};
const NAVIGATION = ["search", "footage", "selects", "assemble", "library"];
const UNDER = { clip: "search", export: "selects" };
const BIN_KEPT = "momentidx.bin";
const TOAST_MS = 5000;

const GLOBAL_KEYS = {
  "?": "help",
  "g s": "search", "g f": "footage", "g b": "selects", "g a": "assemble", "g l": "library",
};

class App {
  constructor() {
    this.texts = texts;
    this.root = document.querySelector("main");
    this.toasts = document.querySelector(".toasts");
    this.api = new Api(texts.app, (why) => this.offline(why));
    this.news = new News(this.api);
    this.fresh = {}; // how many new answers each saved search has since it was looked at
    this.news.hear("found", (found) => this.found(found));
    this.keys = new Keys();
    this.scope = new Scope(this);
    this.shown = null;
    this.bar();
    const goTo = Object.fromEntries(NAVIGATION.map((name) => [name, () => this.go(`#/${name}`)]));
    this.keys.use(GLOBAL_KEYS, { ...goTo, help: () => this.help() }, texts.app.keys, texts.app.everywhere);
    history.scrollRestoration = "manual";
    addEventListener("hashchange", () => this.route());
    this.route();
  }

  /** Show another view: `#/clip/<fingerprint>?event=12`. */
  go(hash) {
    if (hash !== location.hash) history.pushState(null, "", hash); // at once: `hashchange` comes a frame later
    this.route();
  }

  /** Say something for a moment. */
  toast(text, action = null) {
    const said = el("div", { class: "toast" }, el("span", {}, text), " ", action);
    this.toasts.append(said);
    setTimeout(() => said.remove(), TOAST_MS);
  }

  /** New footage answers a saved search. */
  found({ name, query, count }) {
    this.fresh[name] = (this.fresh[name] ?? 0) + count;
    const look = el("a", { href: `#/search?${new URLSearchParams({ q: query })}` }, name);
    this.toast(texts.search.newCount(count), look);
  }

  /** Put a moment, as long as it is told to be, at the end of the bin that was used last. */
  async select(moment, query = null) {
    const bin = this.bin;
    const { id, start_frame, end_frame, score } = moment;
    const caption = moment.parts?.length ? moment.caption : null;
    try {
      const told = await this.api.post(`/selects/${binPath(bin)}`, { moments: [{ id, start_frame, end_frame, score, caption }], query });
      const look = el("a", { href: `#/selects/${encodeURIComponent(bin)}` }, bin);
      this.toast(told.added ? texts.app.selected : texts.app.selectedBefore, look);
      return true;
    } catch (error) {
      this.fail(error);
      return false;
    }
  }

  get bin() {
    return localStorage.getItem(BIN_KEPT) || texts.app.firstBin;
  }
  set bin(name) {
    localStorage.setItem(BIN_KEPT, name);
  }

  /** Say what went wrong. */
  fail(error) {
    if (error.name === "AbortError") return;
    if (!error.kind) console.error(error);
    this.toast(error.kind ? error.message : texts.app.unforeseen);
  }

  /** Say all the time why the server does not answer; null: it does. */
  offline(why) {
    if (this.isOffline === why) return;
    this.isOffline = why;
    document.body.classList.toggle("offline", Boolean(why));
    this.banner.hidden = !why;
    this.banner.textContent = why;
    if (!why) this.news?.dispatchEvent(new CustomEvent("back"));
  }

  bar() {
    const links = NAVIGATION.map((name) => el("a", { href: `#/${name}`, "data-view": name }, texts.views[name]));
    this.links = links;
    const keys = el("button", { class: "quiet", type: "button", onclick: () => this.help() }, texts.app.help);
    const skip = el("button", { class: "skip", type: "button", onclick: () => this.root.focus() }, texts.app.skip);
    this.banner = el("div", { class: "banner", role: "alert", hidden: true });
    document.querySelector("header.top").append(
      skip,
      el("span", { class: "brand", translate: "no" }, "momentidx"),
      el("nav", { "aria-label": texts.app.views }, links),
      this.scope.line,
      keys,
    );
    document.querySelector("header.top").after(this.banner);
  }

  async route() {
    const { name, params } = parse(location.hash);
    const under = name === "clip" && this.under ? this.under : UNDER[name] ?? name; // a clip belongs to where it was opened
    this.under = under;
    for (const link of this.links) {
      if (link.dataset.view === under) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    if (this.shown?.name === name && this.shown.life?.update) return this.shown.life.update(params);
    this.shown?.life?.unmount?.();
    this.root.replaceChildren();
    this.root.className = `view ${name}-view`;
    scrollTo(0, 0);
    const shown = { name, life: null };
    this.shown = shown;
    const view = await VIEWS[name]();
    if (this.shown !== shown) return;
    document.title = `${view.title} · momentidx`;
    shown.life = view.mount(this.root, parse(location.hash).params, this) ?? null;
  }

  help() {
    if (document.querySelector("dialog[open]")) return;
    const parts = this.keys.list().map(({ title, rows }) => [
      el("h3", {}, title),
      el("dl", { class: "keys" }, rows.map((row) => [
        el("dt", {}, row.keys.map((key) => el("span", { class: "combination" }, shown(key).map((part) => el("kbd", {}, part))))),
        el("dd", {}, row.says),
      ])),
    ]);
    const choice = el("select", { onchange: (event) => again(event.target.value) },
      PRESETS.map((name) => el("option", { value: name, selected: name === this.keys.preset }, texts.app.presets[name])));
    const again = (name) => {
      this.keys.choose(name);
      box.close();
      box.remove();
      this.help();
    };
    const box = dialog(texts.app.help, texts.app.close, el("label", { class: "field" }, texts.app.preset, choice), parts);
  }
}

/** `#/clip/ab?event=3` as {name: "clip", params: {id: "ab", event: "3"}}; what is unknown leads to the search. */
function parse(hash) {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name, ...rest] = path.split("/");
  const given = Object.fromEntries(new URLSearchParams(query));
  if (!Object.hasOwn(VIEWS, name)) return { name: "search", params: { id: null } };
  return { name, params: { ...given, id: rest.length ? decoded(rest.join("/")) : null } };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

new App();
