// The footage sheet: everything that is told of a clip as a log that is edited in place.

import { el } from "./dom.js";

const BEST_RATING = 5;
const HEAD_PIXELS = 60;

const stars = (rating) => "★".repeat(rating) || "–";

/** The list below the player; `player` does what a person asks for. */
export class Sheet {
  constructor(root, player) {
    this.root = root;
    this.player = player;
    this.texts = player.texts;
    this.rows = new Map();
    this.open = null;
    this.layer = "";
    const seen = (entries) => entries.filter((entry) => entry.isIntersecting).forEach((entry) => this.makeReady(entry.target));
    this.view = new IntersectionObserver(seen, { root, rootMargin: "300px" });
    const chosen = () => {
      this.layer = this.layers.value;
      this.show(this.moments, this.open);
    };
    this.layers = el("select", { "aria-label": this.texts.layer, onchange: chosen });
    const links = Object.entries(player.facts.captions).map(([form, url]) =>
      el("a", { href: url, download: true }, form.toUpperCase()));
    const print = el("button", { type: "button", onclick: () => window.print() }, this.texts.print);
    this.body = el("tbody");
    const heads = this.texts.columns.map((text) => el("th", { scope: "col" }, text));
    root.append(
      el("div", { class: "sheet-tools" }, el("h2", {}, this.texts.sheet), this.layers, ...links, print),
      el("table", { class: "sheet-table" }, el("thead", {}, el("tr", {}, ...heads)), this.body),
    );
  }

  show(moments, open) {
    this.moments = moments;
    this.open = open;
    this.offer();
    this.rows.clear();
    this.view.disconnect();
    const shown = moments.filter((moment) => this.layer === "" || moment.layer === this.layer);
    this.body.replaceChildren(...shown.map((moment, index) => this.row(moment, index + 1)));
    if (shown.length === 0) {
      const columns = String(this.texts.columns.length);
      this.body.append(el("tr", {}, el("td", { colspan: columns }, this.texts.nothing)));
    }
  }

  /** Whose words there are to choose from. */
  offer() {
    const names = [...new Set(this.moments.map((moment) => moment.layer))].sort();
    const options = [["", this.texts.everyLayer], ...names.map((name) => [name, name])];
    this.layers.replaceChildren(...options.map(([value, text]) => el("option", { value, selected: value === this.layer }, text)));
  }

  /** A row of plain text; it can be edited from when it comes into view, so that long lists are quick. */
  row(moment, number) {
    const { pictures } = this.player;
    const cells = [
      number,
      pictures.label(moment.start_frame),
      pictures.label(moment.end_frame),
      pictures.span(moment.duration_frames),
      moment.caption,
      stars(moment.rating),
      moment.labels.join(", "),
      moment.human ? this.texts.person : moment.layer,
      "",
    ];
    const row = el("tr", { class: moment.id === this.open ? "sheet-open" : "" }, cells.map((cell) => el("td", {}, cell)));
    Object.assign(row, { moment, number, ready: false });
    this.rows.set(moment.id, row);
    this.view.observe(row);
    return row;
  }

  /** Put fields in the place of a row's texts. */
  makeReady(row) {
    this.view.unobserve(row);
    if (row.ready) return;
    row.ready = true;
    const { moment, number, cells } = row;
    const open = () => this.player.choose(moment, true);
    const label = `${this.texts.show} ${number}`;
    cells[0].replaceChildren(el("button", { class: "quiet", type: "button", "aria-label": label, onclick: open }, number));
    cells[1].replaceChildren(this.time(moment, "start_frame", this.texts.in));
    cells[2].replaceChildren(this.time(moment, "end_frame", this.texts.out));
    cells[4].replaceChildren(this.caption(moment));
    cells[5].replaceChildren(this.rating(moment));
    cells[6].replaceChildren(this.labels(moment));
    cells[8].replaceChildren(...this.acts(moment));
  }

  /** Put a moment in the place of another that begins with it; what has the focus keeps it. */
  swap(before, now) {
    const row = this.rows.get(before.id);
    if (!row) return;
    const active = row.contains(document.activeElement) ? document.activeElement : null;
    this.rows.delete(before.id);
    this.moments = this.moments.map((moment) => (moment.id === before.id ? now : moment));
    this.offer();
    const fresh = this.row(now, row.number);
    this.makeReady(fresh);
    row.replaceWith(fresh);
    if (active) fresh.cells[active.closest("td").cellIndex].querySelector(active.localName)?.focus();
  }

  time(moment, edge, name) {
    const { player } = this;
    const text = player.pictures.label(moment[edge]);
    const field = el("input", { class: "sheet-time", value: text, "aria-label": name, size: "12", spellcheck: "false" });
    field.addEventListener("change", () => {
      const frame = player.pictures.read(field.value);
      field.setAttribute("aria-invalid", String(frame === null));
      if (frame === null) player.app.toast(this.texts.noTime);
      else this.save(field, moment, { [edge]: frame }, text);
    });
    return this.leaving(field, text);
  }

  caption(moment) {
    const field = el("textarea", { class: "sheet-caption", rows: "1", "aria-label": this.texts.caption }, moment.caption);
    field.addEventListener("change", () => this.save(field, moment, { caption: field.value }, moment.caption));
    return this.leaving(field, moment.caption);
  }

  rating(moment) {
    const field = el("select", { "aria-label": this.texts.rating });
    for (let rating = 0; rating <= BEST_RATING; rating += 1) {
      field.append(el("option", { value: String(rating), selected: rating === moment.rating }, stars(rating)));
    }
    field.addEventListener("change", () => this.save(field, moment, { rating: Number(field.value) }, String(moment.rating)));
    return field;
  }

  labels(moment) {
    const text = moment.labels.join(", ");
    const field = el("input", { class: "sheet-labels", value: text, "aria-label": this.texts.labels });
    field.addEventListener("change", () => {
      const labels = field.value.split(",").map((label) => label.trim()).filter((label) => label !== "");
      this.save(field, moment, { labels }, text);
    });
    return this.leaving(field, text);
  }

  /** What can be taken back of a person's words. */
  acts(moment) {
    if (!moment.human) return [];
    const button = (text, act) => el("button", { class: "quiet", type: "button", onclick: act }, text);
    return [
      button(this.texts.undoOne, () => this.player.moments.undo(moment.id)),
      button(this.texts.remove, () => this.player.moments.remove(moment)),
    ];
  }

  /** Enter keeps what was typed, Escape brings back what stood there. */
  leaving(field, before) {
    field.addEventListener("keydown", (event) => {
      if (event.key === "Escape") field.value = before;
      if (event.key === "Escape" || (event.key === "Enter" && !event.shiftKey)) {
        event.preventDefault();
        field.blur();
      }
      event.stopPropagation();
    });
    return field;
  }

  async save(field, moment, change, before) {
    if ((await this.player.moments.change(moment, change)) === null) field.value = before;
  }

  /** Which moment is open. */
  select(id) {
    this.open = id;
    for (const [each, row] of this.rows) row.classList.toggle("sheet-open", each === id);
    const row = this.rows.get(id);
    if (row) this.reveal(row);
  }

  /** Scroll the sheet, and nothing else, until a row can be seen. */
  reveal(row) {
    const [box, place] = [this.root.getBoundingClientRect(), row.getBoundingClientRect()];
    const hidden = place.top < box.top + HEAD_PIXELS || place.bottom > box.bottom;
    if (hidden) this.root.scrollTop += place.top - box.top - box.height / 2;
  }

  /** Mark the rows of what is on the screen. */
  playing(frame) {
    for (const row of this.rows.values()) {
      const now = row.moment.start_frame <= frame && frame < row.moment.end_frame;
      if (now !== row.hasAttribute("aria-current")) now ? row.setAttribute("aria-current", "time") : row.removeAttribute("aria-current");
    }
  }

  /** Let a person write the caption of a moment. */
  edit(id) {
    const row = this.rows.get(id);
    if (!row) return;
    this.makeReady(row);
    const field = row.querySelector("textarea");
    field.focus();
    field.select();
  }
}
