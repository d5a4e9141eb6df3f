// Bins: chosen moments in the order of the cut, with notes and ratings.

import { binPath } from "../bins.js";
import { dialog, el, icon, image } from "../dom.js";
import { Reordering } from "../reordering.js";
import { stars } from "../stars.js";
import { texts } from "../texts.js";
import { length } from "../words.js";
import { exportDialog } from "./export.js";

export const title = texts.views.selects;

const said = texts.selects;
const HANDLE = "M5 4h6M5 8h6M5 12h6";
const KEYS = {
  ArrowDown: "next", ArrowUp: "previous", Home: "first", End: "last", "Alt+ArrowDown": "down", "Alt+ArrowUp": "up",
  Enter: "open", n: "note", e: "export", Delete: "remove",
  0: "unrate", 1: "rate1", 2: "rate2", 3: "rate3", 4: "rate4", 5: "rate5",
};

export function mount(root, params, app) {
  const view = new Selects(root, app);
  view.open(params.id || null);
  return { update: (next) => view.open(next.id || null), unmount: () => view.leave() };
}

class Selects {
  constructor(root, app) {
    this.app = app;
    this.name = null;
    this.entries = [];
    this.bins = el("ul", { class: "bin-list" });
    const name = el("input", { class: "new-bin", "aria-label": said.newBin, placeholder: said.newBin, maxlength: 100 });
    const begin = (event) => {
      event.preventDefault();
      if (name.value.trim()) app.go(`#/selects/${encodeURIComponent(name.value.trim())}`);
      name.value = "";
    };
    this.heading = el("h1", {});
    this.total = el("p", { class: "quiet-text", "aria-live": "polite" });
    this.export = el("button", { type: "button", class: "primary", onclick: () => this.exported() }, said.export);
    this.takeApart = el("button", { type: "button", class: "quiet", onclick: () => this.removeBin() }, said.removeBin);
    this.list = el("ol", { class: "entries", "aria-label": said.entries });
    this.empty = el("p", { class: "quiet-text", hidden: true });
    root.append(
      el("nav", { class: "bins", "aria-label": said.bins }, el("h2", {}, said.bins), this.bins, el("form", { onsubmit: begin }, name)),
      el("section", { class: "bin", "aria-label": said.bin },
        el("header", {}, el("div", {}, this.heading, this.total), this.export, this.takeApart), this.empty, this.list),
    );
    this.reordering = new Reordering(this.list, (order) => this.arranged(order));
    const rates = [0, 1, 2, 3, 4, 5].map((number) => [number ? `rate${number}` : "unrate", () => this.withEntry((entry) => this.change(entry, { rating: number }))]);
    this.forgetKeys = app.keys.use(KEYS, {
      next: () => this.step(1), previous: () => this.step(-1), first: () => this.focus(0), last: () => this.focus(this.entries.length - 1),
      down: () => this.withEntry((entry) => this.move(entry, 1)), up: () => this.withEntry((entry) => this.move(entry, -1)),
      open: () => this.withEntry((entry) => app.go(clipHash(entry))),
      note: () => this.withEntry((entry) => this.rows.get(entry.entry).note.focus()),
      remove: () => this.withEntry((entry) => this.remove(entry)),
      export: () => (this.entries.length ? this.exported() : false),
      ...Object.fromEntries(rates),
    }, said.keys, said.keysTitle);
    this.forgetNews = app.news.hear("changed", () => this.heard());
  }

  leave() {
    this.forgetKeys();
    this.forgetNews();
  }

  async open(name) {
    this.name = name ?? this.app.bin;
    this.app.bin = this.name; // what is chosen next goes into the bin that was looked at last
    await this.reload();
  }

  /** Another tab, or the command line, may have changed something; not while a person is at it here. */
  async heard() {
    const writing = this.list.contains(document.activeElement?.closest("input"));
    if (this.name !== null && !this.reordering.busy && !writing) await this.reload();
  }

  async reload() {
    try {
      const bins = await this.app.api.get("/selects");
      this.showBins(bins);
      const known = bins.some((bin) => bin.bin === this.name);
      this.show(known ? await this.app.api.get(`/selects/${binPath(this.name)}`) : null);
    } catch (error) {
      this.app.fail(error);
    }
  }

  showBins(bins) {
    this.bins.replaceChildren(...bins.map((bin) => el("li", {},
      el("a", { href: `#/selects/${encodeURIComponent(bin.bin)}`, "aria-current": bin.bin === this.name ? "page" : null },
        el("span", { class: "bin-name" }, bin.bin), el("span", { class: "quiet-text number" }, said.summary(bin.selects, length(bin.seconds)))))));
    if (!bins.length) this.bins.append(el("li", { class: "quiet-text" }, said.noBins));
  }

  /** Show a bin as it stands; the entry that had the focus keeps it. */
  show(bin) {
    const focused = this.current()?.entry ?? null;
    const place = this.focusedPlace();
    const before = this.entries;
    this.entries = bin?.entries ?? [];
    const same = before.length && before.map((entry) => entry.entry).join() === this.entries.map((entry) => entry.entry).join();
    this.heading.textContent = bin?.bin ?? this.name;
    this.total.textContent = bin ? said.total(bin.selects, length(bin.seconds)) : "";
    this.empty.hidden = Boolean(bin);
    this.empty.textContent = said.emptyBin;
    this.export.hidden = this.takeApart.hidden = !bin;
    if (same) {
      this.entries = this.entries.map((entry, place) => Object.assign(before[place], entry));
      for (const entry of this.entries) this.rows.get(entry.entry).update();
      return;
    }
    this.rows = new Map(this.entries.map((entry) => [entry.entry, this.row(entry)]));
    this.list.replaceChildren(...[...this.rows.values()].map((row) => row.item));
    if (place === null) return;
    const again = this.entries.findIndex((entry) => entry.entry === focused);
    this.focus(again >= 0 ? again : Math.min(place, this.entries.length - 1));
  }

  row(entry) {
    const note = el("input", {
      class: "note", value: entry.note, placeholder: said.note, "aria-label": said.noteOn(entry.position), maxlength: 2000,
      onchange: () => this.change(entry, { note: note.value }),
      onkeydown: (event) => ["Enter", "Escape"].includes(event.key) && this.focusEntry(entry),
    });
    const rated = stars(entry.rating, said, (rating) => this.change(entry, { rating }));
    const times = `${entry.start_timecode ?? `${entry.start_frame} f`} – ${entry.end_timecode ?? `${entry.end_frame} f`}`;
    const handle = el("span", { class: "handle", title: said.drag }, icon(HANDLE));
    const item = el("li", {
      class: "entry", tabindex: entry.position === 1 ? 0 : -1, "data-entry": entry.entry,
      "aria-label": said.entry(entry.position, entry.caption),
      onfocus: (event) => event.target === item && this.roam(item),
    },
      handle,
      el("span", { class: "number position" }, String(entry.position)),
      el("a", { class: "picture", href: clipHash(entry), "aria-label": said.open(entry.clip) }, image(entry.still)),
      el("div", { class: "told" },
        el("p", { class: "caption" }, entry.caption),
        el("p", { class: "facts quiet-text small" }, el("span", {}, entry.clip), el("span", { class: "time" }, times),
          el("span", { class: "time" }, length(entry.end_seconds - entry.start_seconds)),
          entry.online ? null : el("span", { class: "tag warn" }, said.offline)),
        note),
      rated.box,
      el("span", { class: "moves" },
        el("button", { type: "button", class: "quiet", "aria-label": said.up(entry.position), disabled: entry.position === 1, onclick: () => this.move(entry, -1) }, "↑"),
        el("button", { type: "button", class: "quiet", "aria-label": said.down(entry.position), disabled: entry.position === this.entries.length, onclick: () => this.move(entry, 1) }, "↓"),
        el("button", { type: "button", class: "quiet", "aria-label": said.remove(entry.position), onclick: () => this.remove(entry) }, "×")),
    );
    this.reordering.hold(handle, item);
    const update = () => {
      if (document.activeElement !== note) note.value = entry.note;
      rated.show(entry.rating);
    };
    return { item, note, update };
  }

  // Focus -----------------------------------------------------------------------------------------------------

  focusedPlace() {
    const item = document.activeElement?.closest?.(".entry");
    const place = item && this.list.contains(item) ? [...this.list.children].indexOf(item) : -1;
    return place < 0 ? null : place;
  }

  current() {
    const place = this.focusedPlace();
    return place === null ? null : this.entries[place];
  }

  focus(place) {
    const row = this.rows?.get(this.entries[Math.max(0, Math.min(place, this.entries.length - 1))]?.entry);
    row?.item.focus();
    row?.item.scrollIntoView({ block: "nearest" });
  }

  focusEntry(entry) {
    this.focus(this.entries.findIndex((each) => each.entry === entry.entry));
  }

  step(by) {
    const place = this.focusedPlace();
    this.focus(place === null ? 0 : place + by);
    return this.entries.length > 0;
  }

  roam(item) {
    for (const each of this.list.children) each.tabIndex = each === item ? 0 : -1;
  }

  withEntry(act) {
    const entry = this.current();
    if (!entry) return false;
    act(entry);
    return true;
  }

  // Changes ---------------------------------------------------------------------------------------------------

  /** Do something to the bin, then show how it stands; when somebody else was quicker, say so and look again. */
  async doing(work) {
    try {
      const bin = await work();
      const bins = await this.app.api.get("/selects");
      this.showBins(bins);
      this.show(bin ?? (bins.some((each) => each.bin === this.name) ? await this.app.api.get(this.path()) : null));
      return true;
    } catch (error) {
      this.app.fail(error);
      if ([404, 409].includes(error.status)) await this.reload();
      return false;
    }
  }

  path(entry = null) {
    return `/selects/${binPath(this.name)}${entry ? `/${entry.position}?entry=${entry.entry}` : ""}`;
  }

  change(entry, change) {
    return this.doing(() => this.app.api.patch(this.path(entry), change));
  }

  move(entry, by) {
    const position = entry.position + by;
    if (position < 1 || position > this.entries.length) return null;
    return this.change(entry, { position });
  }

  arranged(order) {
    return this.doing(() => this.app.api.put(`${this.path()}/order`, { entries: order }));
  }

  async remove(entry) {
    const done = await this.doing(() => this.app.api.delete(this.path(entry)));
    const undo = el("button", { type: "button", class: "quiet", onclick: () => this.putBack(entry) }, said.undo);
    if (done) this.app.toast(said.removed, undo);
  }

  putBack(entry) {
    return this.doing(async () => {
      const { id, start_frame, end_frame, score, note, rating, query } = entry;
      await this.app.api.post(this.path(), { moments: [{ id, start_frame, end_frame, score }], query });
      const { entries } = await this.app.api.get(this.path());
      const last = entries.at(-1);
      return this.app.api.patch(this.path(last), { note, rating, position: Math.min(entry.position, entries.length) });
    });
  }

  removeBin() {
    const sure = el("button", { type: "button", class: "primary" }, said.removeBin);
    const box = dialog(said.removeSure(this.name), texts.app.close, el("p", {}, said.removeSays(this.entries.length)), sure);
    sure.addEventListener("click", async () => {
      box.close();
      await this.doing(() => this.app.api.delete(this.path()));
    });
  }

  exported() {
    exportDialog(this.app, { what: { selects: this.name }, name: this.name });
  }
}

function clipHash(entry) {
  return `#/clip/${entry.footage}?event=${entry.id}`;
}
