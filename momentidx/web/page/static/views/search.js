// Searching: the box, what it found, and what was searched for before.

import { binPath } from "../bins.js";
import { dialog, el, icon, image } from "../dom.js";
import { fillHome } from "../home.js";
import { choice, choose, remember } from "../memory.js";
import { Results, hashOf } from "../results.js";
import { SearchBox } from "../searchbox.js";
import { texts } from "../texts.js";
import { explain } from "../why.js";
import { number } from "../words.js";
import { exportDialog } from "./export.js";

export const title = texts.views.search;

const FIRST = 30; // a window full and a little more: sixty take twice the time of ten
const NEXT = 120;
const FIRST_CLIPS = 12; // with several moments each
const NEXT_CLIPS = 40;
const ORDERED = 200; // in another order than the best first, more could belong anywhere between these
const MOST = 10000;
const SAVE = "M4 2.5h8v11l-4-3-4 3z";
const KEYS = {
  "/": "box", ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Home: "first", End: "last",
  Enter: "open", s: "select", b: "select", w: "why", r: "like", j: "scrubBack", l: "scrubForward", v: "view", c: "group",
};

/** What was found last, so that coming back from a clip finds the same place. */
let kept = null;

export function mount(root, params, app) {
  const view = new SearchView(root, app);
  view.update(params);
  return view;
}

class SearchView {
  constructor(root, app) {
    this.app = app;
    this.saved = [];
    const t = (this.texts = app.texts.search);
    this.box = new SearchBox(app, (text) => this.ask({ q: text, like: null }), () => this.results.has && this.results.goTo(this.results.inSight));
    this.results = new Results(app, {
      open: (moment) => app.go(hashOf(moment)),
      select: (moment) => app.select(moment, this.params.q),
      why: (moment) => explain(app, this.params.q, moment),
      like: (moment) => this.ask({ like: moment.id, q: null }),
      nearEnd: () => this.loadMore(),
    });
    this.results.asList = choice("layout", ["grid", "list"]) === "list";
    this.count = el("p", { class: "count", role: "status" });
    this.sort = el("select", { "aria-label": t.sort, onchange: () => this.ask({ sort: this.sort.value }) },
      Object.entries(t.sorts).map(([value, text]) => el("option", { value }, text)));
    this.group = this.check(t.group, t.groupSays, () => this.ask({ group: this.group.checked ? "clip" : null }));
    this.all = this.check(t.all, t.allSays, () => this.ask({ all: this.all.checked ? "true" : null }));
    this.layouts = ["grid", "list"].map((name) => el("button", { type: "button", onclick: () => this.lay(name) }, t.layouts[name]));
    this.save = el("button", { type: "button", class: "quiet", onclick: () => this.keep() }, icon(SAVE), t.save);
    this.export = el("button", { type: "button", class: "quiet", onclick: () => this.exported() }, t.export);
    this.tools = el("div", { class: "tools", hidden: true },
      this.count, this.save, this.export,
      el("span", { class: "tools-right" },
        this.all.label, this.group.label, this.sort, el("span", { class: "group", role: "group", "aria-label": t.layout }, this.layouts)));
    this.said = el("div", { class: "said" });
    this.home = el("div", { class: "home", hidden: true });
    this.more = el("button", { type: "button", class: "more", hidden: true, onclick: () => this.loadMore() }, t.more);
    this.end = el("p", { class: "end quiet-text", hidden: true }, t.end);
    root.append(
      el("h1", { class: "visually-hidden" }, title),
      el("div", { class: "search-head" }, this.box.element, this.tools),
      this.said, this.home, this.results.root, el("div", { class: "below" }, this.more, this.end),
    );
    this.showLayout();
    const onStatus = () => {
      const isFirst = !app.scope.status.events || this.home.querySelector(".first-steps");
      if (isFirst && !this.home.hidden) this.welcome();
    };
    app.scope.addEventListener("status", onStatus);
    this.forget = [
      app.keys.use(KEYS, this.actions(), t.keys, t.keysTitle), app.news.hear("found", () => this.home.hidden || this.welcome()),
      () => app.scope.removeEventListener("status", onStatus),
    ];
    this.readSaved();
  }

  /** Export what is listed, in this order. */
  exported() {
    const moments = this.results.moments;
    if (!moments.length) return;
    const events = moments.map(({ id, start_frame, end_frame, score, parts, caption }) =>
      ({ id, start_frame, end_frame, score, caption: parts.length ? caption : null }));
    const query = this.params.q || null;
    exportDialog(this.app, { what: { events, query }, name: query ?? this.texts.results });
  }

  unmount() {
    if (kept) Object.assign(kept, { scroll: scrollY, current: this.results.current });
    this.asking?.abort();
    this.box.close();
    this.results.end();
    this.forget.forEach((forget) => forget());
  }

  check(text, says, changed) {
    const box = el("input", { type: "checkbox", onchange: changed });
    box.label = el("label", { class: "field check", title: says }, box, text);
    return box;
  }

  actions() {
    const results = this.results;
    const here = (act) => () => (results.hasFocus ? act() : false);
    const into = (act) => () => {
      if (results.hasFocus) return act();
      const free = !document.activeElement || document.activeElement.matches("body, main, button");
      return free && results.has ? results.goTo(results.inSight) : false;
    };
    return {
      box: () => this.box.focus(),
      left: into(() => results.goTo(results.current - 1)),
      right: into(() => results.goTo(results.current + 1)),
      up: into(() => results.goRow(-1)),
      down: into(() => results.goRow(1)),
      first: here(() => results.goTo(0)),
      last: here(() => results.goTo(Infinity)),
      open: here(() => results.tells.open(results.moment)),
      select: here(() => results.tells.select(results.moment)),
      why: here(() => results.hasWhy && results.tells.why(results.moment)),
      like: here(() => results.tells.like(results.moment)),
      scrubBack: here(() => results.scrubBy(-1)),
      scrubForward: here(() => results.scrubBy(1)),
      view: () => this.lay(results.asList ? "grid" : "list"),
      group: () => this.ask({ sort: this.isByClip ? null : "clip" }),
    };
  }

  /** Go to the address of a search that differs from this one. */
  ask(changes) {
    const asked = { ...this.params, ...changes };
    const given = Object.entries(asked).filter(([name, value]) => name !== "id" && value !== null && value !== "" && value !== undefined);
    if (!asked.q && !asked.like) return this.app.go("#/search");
    kept = null;
    this.app.go(`#/search?${new URLSearchParams(given)}`);
  }

  /** Show the search that the address names. */
  update(params) {
    this.params = params;
    const isSearch = Boolean(params.q || params.like);
    this.box.close();
    this.box.text = params.q ?? "";
    this.box.fail(null);
    this.sort.value = this.isByClip ? "clip" : params.sort in this.texts.sorts ? params.sort : "score";
    this.group.checked = params.group === "clip";
    this.all.checked = params.all === "true";
    this.results.headings = this.isByClip;
    this.results.hasWhy = Boolean(params.q);
    this.tools.hidden = this.said.hidden = !isSearch;
    this.home.hidden = isSearch;
    this.results.root.hidden = !isSearch;
    this.offerMore(false);
    if (!isSearch) return this.welcome();
    document.title = `${params.q ?? this.texts.likeOf(params.like)} · momentidx`;
    if (kept?.key === keyOf(params)) return this.restore();
    this.search();
  }

  restore() {
    this.show();
    this.results.show(kept.moments, kept.more);
    this.results.current = kept.current ?? 0;
    scrollTo(0, kept.scroll ?? 0);
    if (kept.current) this.results.goTo(kept.current);
  }

  async search() {
    this.asking?.abort();
    this.asking = new AbortController();
    this.results.leavePictures();
    const params = this.params;
    scrollTo(0, 0);
    const late = setTimeout(() => (this.count.textContent = this.texts.loading), 150);
    this.results.root.setAttribute("aria-busy", "true");
    try {
      const found = await this.page([]);
      if (params.q) remember(params.q);
      kept = { key: keyOf(params), moments: found.moments, more: found.more, found, scroll: 0, current: 0 };
      this.show();
      this.results.show(kept.moments, kept.more);
      this.seen(params.q);
    } catch (error) {
      if (error.name === "AbortError") return;
      kept = null;
      this.results.show([], false);
      this.offerMore(false);
      this.tools.hidden = true;
      this.said.replaceChildren();
      if (error.kind === "wrong-use" && params.q) this.box.fail(error);
      else this.said.append(el("p", { class: "warn", role: "alert" }, error.message));
    } finally {
      clearTimeout(late);
      this.results.root.removeAttribute("aria-busy");
    }
  }

  get isByClip() {
    return this.params.sort === "clip" || this.params.sort === "time"; // as it was called in addresses once
  }

  /** What comes after the moments that are there. */
  async page(there) {
    const { q, like, group, all } = this.params;
    const sort = this.isByClip ? "clip" : this.params.sort;
    const offset = sort === "clip" ? new Set(there.map((moment) => moment.footage)).size : there.length;
    const [first, next] = sort === "clip" ? [FIRST_CLIPS, NEXT_CLIPS] : sort === "date" ? [ORDERED, 0] : [FIRST, NEXT];
    const found = await this.app.api.get("/search", { q, like, sort, group, all, limit: offset ? next : first, offset }, { signal: this.asking?.signal });
    if (!next && found.more) Object.assign(found, { more: false, notes: [...found.notes, this.texts.bestOnly(number(first))] });
    return found;
  }

  /** Put the next answers behind those that are there. */
  async loadMore() {
    const mine = kept;
    if (this.isLoading || !mine?.more || mine.moments.length >= MOST) return;
    this.isLoading = true;
    this.more.textContent = this.texts.loadingMore;
    try {
      this.asking ??= new AbortController();
      const found = await this.page(mine.moments);
      if (mine !== kept) return;
      const known = new Set(mine.moments.map((moment) => moment.id));
      mine.moments = [...mine.moments, ...found.moments.filter((moment) => !known.has(moment.id))];
      mine.more = found.more && mine.moments.length < MOST;
      this.show();
      this.results.show(mine.moments, mine.more, true);
    } catch (error) {
      this.app.fail(error);
    } finally {
      this.isLoading = false;
      this.more.textContent = this.texts.more;
    }
  }

  /** Everything about the answers but the moments themselves. */
  show() {
    const t = this.texts;
    const { moments, more, found } = kept;
    this.count.textContent = t.count(number(moments.length), more);
    this.save.hidden = !this.params.q || this.saved.some((each) => each.query === this.params.q);
    const weak = this.params.q && found.doubtful;
    this.said.replaceChildren(
      ...(this.params.like ? [this.likeLine()] : []),
      ...(weak ? [el("p", { class: "note" }, t.weak)] : []),
      ...found.notes.map((note) => el("p", { class: "note" }, note)),
      ...(moments.length ? [] : [this.nothing(found)]),
    );
    this.offerMore(more);
    this.end.hidden = more || moments.length < FIRST / 2 || this.params.sort === "date";
  }

  offerMore(yes) {
    this.more.hidden = !yes;
    if (!yes) this.end.hidden = true;
  }

  nothing(found) {
    const t = this.texts;
    return el("div", { class: "nothing" }, el("h2", {}, t.nothing),
      found.misses.length ? el("ul", {}, found.misses.map((miss) => el("li", {}, t.without(miss.part, miss.count)))) : null,
      found.scope ? el("p", { class: "quiet-text" }, found.scope) : null);
  }

  likeLine() {
    const id = this.params.like;
    const caption = el("span", {}, this.texts.likeOf(id));
    const line = el("p", { class: "like-line" }, image(`/api/v1/events/${encodeURIComponent(id)}/still`), caption,
      el("button", { class: "quiet", type: "button", onclick: () => this.app.go("#/search") }, this.texts.leaveLike));
    this.app.api.get(`/events/${encodeURIComponent(id)}`).then(
      (moment) => (caption.textContent = this.texts.likeCaption(moment.caption)), () => null);
    return line;
  }

  lay(name) {
    choose("layout", name);
    this.results.asList = name === "list";
    this.showLayout();
    this.results.arrange();
  }

  showLayout() {
    ["grid", "list"].forEach((name, index) =>
      this.layouts[index].setAttribute("aria-pressed", String(this.results.asList === (name === "list"))));
  }

  /** Saved searches. */
  async readSaved() {
    try {
      this.saved = await this.app.api.get("/searches");
    } catch {
      this.saved = [];
    }
    this.box.saved = this.saved;
    if (!this.home.hidden) this.welcome();
    if (kept && !this.tools.hidden) this.save.hidden = !this.params.q || this.saved.some((each) => each.query === this.params.q);
  }

  keep() {
    const t = this.texts;
    const query = this.params.q;
    const name = el("input", { type: "text", value: query.slice(0, 60), maxlength: 100, required: true });
    const form = el("form", { class: "save-form", onsubmit: async (event) => {
      event.preventDefault();
      try {
        await this.app.api.put(`/searches/${binPath(name.value.trim())}`, { query });
        box.close();
        this.app.toast(t.savedNow(name.value.trim()));
        this.readSaved();
      } catch (error) {
        this.app.fail(error);
      }
    } }, el("label", { class: "field" }, t.saveAs, name), el("button", { class: "primary", type: "submit" }, t.saveDo));
    const box = dialog(t.save, this.app.texts.app.close, el("code", {}, query), form);
    name.select();
  }

  async unsave(name) {
    try {
      await this.app.api.delete(`/searches/${binPath(name)}`);
      this.app.toast(this.texts.forgotten(name));
    } catch (error) {
      this.app.fail(error);
    }
    this.readSaved();
  }

  /** A person looks at the answers to what is saved: what comes from now on is new. */
  async seen(query) {
    for (const { name } of this.saved.filter((each) => each.query === query)) {
      delete this.app.fresh[name];
      await this.app.api.post(`/searches/${binPath(name)}/seen`).catch(() => null);
    }
  }

  /** What there is before anything was asked. */
  welcome() {
    fillHome(this.home, this.app, this.saved, (name) => this.unsave(name));
    if (!document.activeElement || document.activeElement.matches("body, main")) this.box.input.focus({ preventScroll: true });
  }
}

/** What must be the same for two searches to have the same answers. */
function keyOf({ q, like, sort, group, all }) {
  return JSON.stringify([q, like, sort, group, all]);
}
