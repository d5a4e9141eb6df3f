// A shot list becomes a cut: takes are found for each line, a person picks, and the timeline is written.

import { el, image } from "../dom.js";
import { texts } from "../texts.js";
import { length } from "../words.js";
import { ASSEMBLY_OPTIONS, exportDialog } from "./export.js";

export const title = texts.views.assemble;

const said = texts.assemble;
const KEPT = "momentidx.shotlist";
const FLOOR = 0.25;

export function mount(root, _params, app) {
  const view = new Assemble(root, app);
  return { unmount: () => view.leave() };
}

class Assemble {
  constructor(root, app) {
    this.app = app;
    this.slots = [];
    this.text = el("textarea", { "aria-label": said.list, placeholder: said.example, spellcheck: false, maxlength: 200000 });
    this.text.value = sessionStorage.getItem(KEPT) ?? "";
    this.written = el("select", {}, Object.entries(said.written).map(([value, text]) => el("option", { value }, text)));
    this.alternates = el("input", { type: "number", min: 0, max: 9, value: 2 });
    this.floor = el("input", { type: "number", min: 0, max: 1, step: 0.05, value: FLOOR });
    this.repeat = el("input", { type: "checkbox" });
    this.go = el("button", { type: "submit", class: "primary" }, said.find);
    this.export = el("button", { type: "button", hidden: true, onclick: () => this.exported() }, said.export);
    this.keep = el("input", { type: "checkbox", checked: true });
    this.keeping = el("label", { class: "field", hidden: true }, this.keep, said.keepAlternates);
    this.state = el("p", { class: "quiet-text", role: "status" });
    this.list = el("div", { class: "slots" });
    const options = [
      el("label", { class: "wide" }, said.writtenAs, this.written),
      el("label", {}, said.alternates, this.alternates),
      el("label", {}, said.floor, this.floor),
      el("label", { class: "check wide" }, this.repeat, said.repeat),
    ];
    root.append(
      el("h1", {}, title),
      el("form", { class: "shot-list", onsubmit: (event) => this.find(event) }, this.text, el("div", { class: "fields" }, options, el("div", { class: "wide" }, this.go))),
      el("div", { class: "field" }, this.state, this.export, this.keeping),
      this.list,
    );
    this.forgetKeys = app.keys.use({ e: "export" }, { export: () => (this.slots.length ? this.exported() : false) }, said.keys, title);
  }

  leave() {
    sessionStorage.setItem(KEPT, this.text.value);
    this.forgetKeys();
  }

  async find(event) {
    event.preventDefault();
    sessionStorage.setItem(KEPT, this.text.value);
    this.go.disabled = true;
    this.state.textContent = said.finding;
    const wanted = {
      text: this.text.value, written: this.written.value, alternates: Number(this.alternates.value),
      floor: Number(this.floor.value), repeat: this.repeat.checked,
    };
    try {
      this.show(await this.app.api.post("/assemble", wanted));
    } catch (error) {
      this.show([]);
      this.state.textContent = error.kind ? error.message : texts.app.unforeseen;
    } finally {
      this.go.disabled = false;
    }
  }

  show(slots) {
    this.slots = slots.map((slot) => ({ ...slot, picked: slot.takes[0]?.id ?? null }));
    this.list.replaceChildren(...this.slots.map((slot) => this.slot(slot)));
    this.export.hidden = this.keeping.hidden = !slots.length;
    this.count();
  }

  count() {
    const filled = this.slots.filter((slot) => slot.picked !== null).length;
    this.state.textContent = this.slots.length ? said.state(filled, this.slots.length) : "";
    this.export.disabled = filled === 0;
  }

  /** A slot: its takes and the next best answer to pick from, or a gap. */
  slot(slot) {
    const among = [...slot.takes, ...(slot.runner_up && !slot.takes.some((take) => take.id === slot.runner_up.id) ? [slot.runner_up] : [])];
    const takes = among.map((take, index) => this.take(slot, take, index < slot.takes.length ? said.rank(index) : said.next));
    const wanted = slot.seconds === null ? "" : ` · ${length(slot.seconds)}`;
    return el("fieldset", { class: "slot" },
      el("legend", {}, `${slot.slot}. ${slot.words}`, el("span", { class: "quiet-text" }, wanted)),
      slot.reason ? el("p", { class: "warn" }, said.gap(slot.reason)) : null,
      el("div", { class: "takes" }, takes, this.choice(slot, null, el("span", {}, said.leaveGap))));
  }

  take(slot, take, rank) {
    const at = take.start_timecode ?? `${take.start_frame} f`;
    return this.choice(slot, take.id,
      el("span", {}, rank), take.score === null ? null : el("span", { class: "number quiet-text" }, take.score.toFixed(2)),
      image(take.still), el("span", {}, take.caption),
      el("span", { class: "facts quiet-text small" }, el("span", {}, take.clip), el("span", { class: "time" }, at),
        el("span", { class: "time" }, length(take.end_seconds - take.start_seconds))));
  }

  choice(slot, id, head, ...below) {
    const pick = () => {
      slot.picked = id;
      this.count();
    };
    const radio = el("input", { type: "radio", name: `slot-${slot.slot}`, checked: slot.picked === id, onchange: pick });
    const [score, ...rest] = below;
    return el("label", { class: "take" }, el("span", { class: "head" }, radio, head, score), rest);
  }

  /** What was picked, the other takes behind it. */
  picked() {
    return this.slots.map((slot) => {
      const all = [...slot.takes, ...(slot.runner_up ? [slot.runner_up] : [])];
      const first = all.filter((take) => take.id === slot.picked);
      const others = this.keep.checked && first.length ? slot.takes.filter((take) => take.id !== slot.picked) : [];
      const takes = [...first.slice(0, 1), ...others].map(({ id, start_frame, end_frame, score }) => ({ id, start_frame, end_frame, score }));
      return { words: slot.words, seconds: slot.seconds, takes };
    });
  }

  exported() {
    const send = ({ to, name, options }) =>
      this.app.api.post("/assemble/export", { slots: this.picked(), to, name, handles: options.handles ?? "0f" });
    exportDialog(this.app, { name: said.name, send, options: ASSEMBLY_OPTIONS });
  }
}
