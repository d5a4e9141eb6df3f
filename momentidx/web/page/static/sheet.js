// The footage sheet: everything that is told of a clip as a log that is edited in place.

import { el } from "./dom.js";

const STARS = 5;
const HEAD_PIXELS = 60;

/** The list below the player; `player` does what a person asks for. */
export class Sheet {
  constructor(root, player) {
    this.root = root;
    this.player = player;
    this.texts = player.texts;
    this.rows = new Map();
    this.open = null;
    this.layer = "";
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
    const names = [...new Set(moments.map((moment) => moment.layer))].sort();
    const options = [["", this.texts.everyLayer], ...names.map((name) => [name, name])];
    this.layers.replaceChildren(...options.map(([value, text]) => el("option", { value, selected: value === this.layer }, text)));
    this.rows.clear();
    const shown = moments.filter((moment) => this.layer === "" || moment.layer === this.layer);
    this.body.replaceChildren(...shown.map((moment, index) => this.row(moment, index + 1)));
    if (shown.length === 0) {
      const columns = String(this.texts.columns.length);
      this.body.append(el("tr", {}, el("td", { colspan: columns }, this.texts.nothing)));
    }
  }

  row(moment, number) {
    const { player, texts } = this;
    const open = () => player.choose(moment, true);
    const go = el("button", { class: "quiet", type: "button", "aria-label": `${texts.show} ${number}`, onclick: open }, number);
    const cells = [
      go,
      this.time(moment, "start_frame", texts.in),
      this.time(moment, "end_frame", texts.out),
      player.pictures.span(moment.duration_frames),
      this.caption(moment),
      this.rating(moment),
      this.labels(moment),
      moment.human ? texts.person : moment.layer,
      this.acts(moment),
    ];
    const row = el("tr", { class: moment.id === this.open ? "sheet-open" : "" }, ...cells.map((cell) => el("td", {}, cell)));
    row.moment = moment;
    this.rows.set(moment.id, row);
    return row;
  }

  time(moment, edge, name) {
    const { player } = this;
    const text = player.pictures.label(moment[edge]);
    const field = el("input", { class: "sheet-time", value: text, "aria-label": name, size: "12", spellcheck: "false" });
    field.addEventListener("change", () => {
      const frame = player.frameOf(field.value);
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
    for (let stars = 0; stars <= STARS; stars += 1) {
      field.append(el("option", { value: String(stars), selected: stars === moment.rating }, "★".repeat(stars) || "–"));
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
    if (!moment.human) return "";
    const button = (text, act) => el("button", { class: "quiet", type: "button", onclick: act }, text);
    return el("span", { class: "sheet-acts" },
      button(this.texts.undoOne, () => this.player.undo(moment.id)),
      button(this.texts.remove, () => this.player.remove(moment)));
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
    if ((await this.player.change(moment, change)) === null) field.value = before;
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
    const field = this.rows.get(id)?.querySelector("textarea");
    field?.focus();
    field?.select();
  }
}
