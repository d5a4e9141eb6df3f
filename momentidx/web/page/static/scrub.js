// Looking through a moment with the pointer: pictures out of the clip's strip, laid over the still.

import { setVars } from "./dom.js";

const MOST_STRIPS = 300;

export class Scrub {
  constructor(api) {
    this.api = api;
    this.strips = new Map();
  }

  /** Show what is at a part (0 to 1) of a moment on an element that lies over its still. */
  async show(over, moment, part) {
    const asked = (over.asked = (over.asked ?? 0) + 1);
    const strip = await this.strip(moment.footage);
    if (asked !== over.asked) return;
    if (!strip) return over.classList.remove("shown");
    const [first, last] = within(strip.frames, moment.start_frame, moment.end_frame);
    const picture = Math.min(last, first + Math.floor(part * (last - first + 1)));
    const [column, row] = [picture % strip.columns, Math.floor(picture / strip.columns)];
    setVars(over, {
      "background-image": `url("${strip.url}")`,
      "background-size": `${strip.columns * 100}% ${strip.rows * 100}%`,
      "background-position": `${place(column, strip.columns)} ${place(row, strip.rows)}`,
      "--part": part,
    });
    over.classList.add("shown");
  }

  hide(over) {
    over.asked = (over.asked ?? 0) + 1;
    over.classList.remove("shown");
  }

  /** How a clip's strip is laid out, asked for once; null when it has none. */
  strip(footage) {
    if (!this.strips.has(footage)) {
      if (this.strips.size >= MOST_STRIPS) this.strips.delete(this.strips.keys().next().value);
      const told = this.api.get(`/footage/${footage}`).then((sheet) => sheet.strip, () => null);
      this.strips.set(footage, told);
    }
    return this.strips.get(footage);
  }
}

/** First and last picture of a stretch, or the one that is shown when it begins. */
function within(frames, start, end) {
  let [first, last] = [0, 0];
  frames.forEach((frame, index) => {
    if (frame <= start) first = index;
    if (frame < end) last = index;
  });
  return [first, Math.max(first, last)];
}

const place = (index, count) => (count > 1 ? `${(index / (count - 1)) * 100}%` : "0%");
