// The strip under the picture: a lane of events for each layer, the marks, and where the player stands.
//
// What lies in it can be clicked and dragged. The list below says the same to who does not see it, so the lanes are
// hidden from screen readers; playhead and marks are sliders.

import { el } from "./dom.js";

const LARGE_STEP = 10;
const MOST_ZOOM = 256;
const STILL_PIXELS = 4;

const laneOf = (moment) => (moment.human || moment.kind === "shot" ? moment.layer : `${moment.layer} +`);

export class Lanes {
  /**
   * `pictures` knows the frames; `tells` is called with what a person wants:
   * `jump(frame)`, `open(moment)`, `mark(edge, frame)` while an edge is dragged, and `trim()` when it is let go.
   */
  constructor(root, pictures, tells, texts) {
    this.pictures = pictures;
    this.tells = tells;
    this.zoom = 1;
    this.layers = el("div", { class: "lanes-layers", "aria-hidden": "true" });
    this.range = el("div", { class: "lanes-range", hidden: true });
    this.handles = {
      start: this.slider("lanes-handle lanes-start", texts.in),
      end: this.slider("lanes-handle lanes-end", texts.out),
    };
    this.head = this.slider("lanes-head", texts.playhead);
    this.inner = el("div", { class: "lanes-inner" }, this.layers, this.range, this.handles.start, this.handles.end, this.head);
    this.outer = el("div", { class: "lanes", role: "group", "aria-label": texts.strip }, this.inner);
    root.append(this.outer);
    this.inner.addEventListener("pointerdown", (event) => this.pressed(event));
    for (const edge of ["start", "end"]) this.nudged(this.handles[edge], edge);
    this.nudged(this.head, null);
    this.marks(null, null);
  }

  /** The moments: for each layer a lane of shots and one of what happens in them; people's are the last. */
  show(moments) {
    const lanes = Map.groupBy(moments, laneOf);
    const names = [...lanes.keys()].sort((one, other) => (one === "human") - (other === "human") || one.localeCompare(other));
    this.bars = new Map();
    this.layers.replaceChildren(
      ...names.map((name) => {
        const bars = lanes.get(name).map((moment) => this.bar(moment));
        return el("div", { class: "lanes-layer" }, el("span", { class: "lanes-name" }, name), bars);
      }),
    );
  }

  bar(moment) {
    const bar = el("div", { class: moment.human ? "lanes-event lanes-human" : "lanes-event", title: moment.caption });
    this.place(bar, moment.start_frame, moment.end_frame);
    bar.moment = moment;
    this.bars.set(moment.id, bar);
    return bar;
  }

  /** Put a moment in the place of another of the same lane; whether it could be done. */
  swap(before, now) {
    const bar = this.bars.get(before.id);
    if (!bar || laneOf(before) !== laneOf(now)) return false;
    this.bars.delete(before.id);
    bar.replaceWith(this.bar(now));
    return true;
  }

  /** Which moment is open; null for none. */
  select(id) {
    for (const [each, bar] of this.bars) bar.classList.toggle("lanes-open", each === id);
  }

  /** Where the player stands. */
  move(frame) {
    this.at(this.head, frame);
    this.follow();
  }

  /** The marks; null where there is none. */
  marks(start, end) {
    this.handles.start.hidden = start === null;
    this.handles.end.hidden = end === null;
    if (start !== null) this.at(this.handles.start, start);
    if (end !== null) this.at(this.handles.end, end);
    this.range.hidden = start === null || end === null;
    if (!this.range.hidden) this.place(this.range, start, end);
  }

  /** Twice as wide, or half as wide, with the player's place in view. */
  scale(factor) {
    this.zoom = Math.min(Math.max(this.zoom * factor, 1), MOST_ZOOM);
    this.inner.style.width = `${this.zoom * 100}%`;
    this.follow();
  }

  follow() {
    if (this.zoom === 1) return;
    const place = this.head.offsetLeft;
    const [from, wide] = [this.outer.scrollLeft, this.outer.clientWidth];
    if (place < from || place > from + wide) this.outer.scrollLeft = place - wide / 2;
  }

  slider(kind, label) {
    return el("div", {
      class: kind, role: "slider", tabindex: "0", "aria-label": label, "aria-valuemin": "0",
      "aria-valuemax": String(this.pictures.length), "aria-valuenow": "0", "aria-valuetext": this.pictures.label(0),
    });
  }

  at(slider, frame) {
    slider.style.left = this.percent(frame);
    slider.setAttribute("aria-valuenow", String(frame));
    slider.setAttribute("aria-valuetext", this.pictures.label(frame));
  }

  place(box, start, end) {
    box.style.left = this.percent(start);
    box.style.width = this.percent(end - start);
  }

  percent(frames) {
    return `${(frames / this.pictures.length) * 100}%`;
  }

  frameAt(event) {
    const box = this.inner.getBoundingClientRect();
    const frame = Math.floor(((event.clientX - box.left) / box.width) * this.pictures.length);
    return Math.min(Math.max(frame, 0), this.pictures.length - 1);
  }

  /** An edge is dragged; anywhere else the player goes along with the pointer. */
  pressed(event) {
    if (event.button !== 0) return;
    const edge = Object.keys(this.handles).find((name) => this.handles[name] === event.target);
    const moment = event.target.moment;
    if (moment) this.tells.open(moment);
    event.preventDefault();
    this.inner.setPointerCapture(event.pointerId);
    const moved = (now) => {
      if (moment && Math.abs(now.clientX - event.clientX) < STILL_PIXELS) return;
      const frame = this.frameAt(now);
      if (edge) this.tells.mark(edge, edge === "end" ? frame + 1 : frame);
      else this.tells.jump(frame);
    };
    const control = new AbortController();
    const done = () => {
      control.abort();
      if (edge) this.tells.trim();
    };
    if (!edge && !moment) moved(event);
    this.inner.addEventListener("pointermove", moved, control);
    this.inner.addEventListener("pointerup", done, control);
    this.inner.addEventListener("pointercancel", done, control);
  }

  /** Arrow keys on a slider move it. */
  nudged(slider, edge) {
    slider.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -LARGE_STEP, PageUp: LARGE_STEP };
      if (!(event.key in step) || !edge) return;
      event.preventDefault();
      event.stopPropagation();
      const frame = Number(slider.getAttribute("aria-valuenow")) + step[event.key];
      this.tells.mark(edge, Math.min(Math.max(frame, 0), this.pictures.length));
      this.tells.trim();
    });
  }
}
