// The results: thousands of them, of which only those near the window are elements.
//
// Every moment has a place that is known without drawing it. What comes later lies below what is there, so nothing
// moves when more is loaded.

import { el, icon, image, setVars } from "./dom.js";
import { Scrub } from "./scrub.js";
import { length } from "./words.js";

const GAP = 12;
const NARROWEST_CARD = 264;
const CARD_TEXT = 96;
const LIST_ROW = 66;
const HEADING = 44;
const AHEAD = 900;
const ICONS = {
  select: "M8 3v10M3 8h10",
  why: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.7.4-1.1.9-1.1 1.8M8 12.5v.01",
  like: "M2.5 4.5h7v7h-7zM6.5 4.5v-2h7v7h-4",
};
const SCRUB_STEP = 0.1;

export class Results {
  /** `tells` is called with what a person wants: `open`, `select`, `why`, `like` (a moment each), and `nearEnd`. */
  constructor(app, tells) {
    this.texts = app.texts.search;
    this.tells = tells;
    this.scrub = new Scrub(app.api);
    this.moments = [];
    this.more = false;
    this.asList = false;
    this.headings = false;
    this.hasWhy = true;
    this.current = 0;
    this.drawn = new Map();
    this.root = el("section", { class: "results", "aria-label": this.texts.results });
    this.root.addEventListener("focusin", (event) => this.focused(event));
    this.listening = new AbortController();
    const draw = () => (this.frame ??= requestAnimationFrame(() => this.draw()));
    addEventListener("scroll", draw, { passive: true, signal: this.listening.signal });
    this.watching = new ResizeObserver(() => this.root.clientWidth !== this.width && this.arrange());
    this.watching.observe(this.root);
  }

  end() {
    this.listening.abort();
    this.watching.disconnect();
    cancelAnimationFrame(this.frame);
    this.leavePictures();
  }

  /** Show other moments, or the same with some more behind them. */
  show(moments, more, isLonger = false) {
    this.moments = moments;
    this.more = more;
    if (!isLonger) {
      this.current = 0;
      this.tops = null;
      return this.arrange();
    }
    this.place();
    this.drawn.forEach((element) => element.hasAttribute("aria-setsize") && element.setAttribute("aria-setsize", this.size));
    this.draw();
  }

  /** Draw everything anew; what is in sight stays there, and what had the focus keeps it. */
  arrange() {
    const hadFocus = this.hasFocus;
    const above = this.above;
    const seen = this.tops && above > 0 ? this.firstFrom(above) : 0;
    this.width = this.root.clientWidth;
    this.clear();
    this.place();
    if (seen > 0 && seen < this.moments.length) scrollBy(0, this.tops[seen] - above);
    this.draw(0); // what is in sight is painted first
    this.frame = requestAnimationFrame(() => setTimeout(() => this.draw()));
    if (hadFocus) this.goTo(this.current);
  }

  /** How far the results reach above the window; below 0 when something else does. */
  get above() {
    const head = document.querySelector(".search-head")?.getBoundingClientRect().bottom ?? 0;
    return head - this.root.getBoundingClientRect().top;
  }

  /** The moment that the keys begin with: the one that was looked at last, or else the first in sight. */
  get inSight() {
    const top = this.tops[this.current];
    const isSeen = top >= this.above && top < this.above + innerHeight;
    return isSeen ? this.current : Math.min(this.firstFrom(this.above), this.moments.length - 1);
  }

  get size() {
    return this.more ? -1 : this.moments.length;
  }

  clear() {
    this.leavePictures();
    this.drawn.forEach((element) => element.remove());
    this.drawn.clear();
  }

  /** Ask no more for pictures that have not come: all of a browser's requests share six connections. */
  leavePictures(within = this.root) {
    for (const picture of within.querySelectorAll("img")) if (!picture.complete) picture.removeAttribute("src");
  }

  /** Where everything lies: left and top of each moment, and the headings. */
  place() {
    const width = this.width;
    const columns = this.asList ? 1 : Math.max(1, Math.floor((width + GAP) / (NARROWEST_CARD + GAP)));
    const cell = Math.floor((width - GAP * (columns - 1)) / columns);
    const still = Math.floor((cell * 9) / 16);
    const row = this.asList ? LIST_ROW : still + CARD_TEXT + GAP;
    Object.assign(this, { columns, cell, row });
    this.tops = new Float64Array(this.moments.length);
    this.lefts = new Float64Array(this.moments.length);
    this.heads = new Map();
    let [column, top] = [0, 0];
    this.moments.forEach((moment, index) => {
      const isNew = this.headings && moment.footage !== this.moments[index - 1]?.footage;
      if (column === columns || (isNew && column > 0)) [column, top] = [0, top + row];
      if (isNew) {
        this.heads.set(index, top);
        top += HEADING;
      }
      this.tops[index] = top;
      this.lefts[index] = column * (cell + GAP);
      column += 1;
    });
    setVars(this.root, { height: `${this.moments.length ? top + row : 0}px`, "--cell": `${cell}px`, "--still": `${still}px` });
    this.root.classList.toggle("list", this.asList);
  }

  /** Draw what is in the window, and so far above and below it. */
  draw(ahead = AHEAD) {
    this.frame = null;
    if (!this.root.isConnected) return;
    const above = -this.root.getBoundingClientRect().top;
    const [from, to] = [above - ahead - this.row, above + innerHeight + ahead];
    const wanted = new Set();
    for (let index = this.firstFrom(from); index < this.moments.length && this.tops[index] < to; index++) wanted.add(index);
    const held = this.root.contains(document.activeElement) ? this.current : null;
    for (const [key, element] of this.drawn) {
      const index = Number(String(key).replace("h", ""));
      if (wanted.has(index) || index === held) continue;
      this.leavePictures(element);
      element.remove();
      this.drawn.delete(key);
    }
    for (const index of wanted) {
      if (this.heads.has(index)) this.put(`h${index}`, () => this.heading(index), 0, this.heads.get(index));
      this.put(index, () => this.card(index), this.lefts[index], this.tops[index]);
    }
    if (ahead && this.more && above + innerHeight + AHEAD > this.root.offsetHeight) this.tells.nearEnd();
  }

  put(key, make, left, top) {
    if (this.drawn.has(key)) return;
    const element = make();
    setVars(element, { transform: `translate(${left}px, ${top}px)` });
    this.drawn.set(key, element);
    const next = [...this.root.children].find((other) => Number(other.dataset.order) > Number(element.dataset.order));
    this.root.insertBefore(element, next ?? null);
  }

  /** The first moment that lies at a height or below it. */
  firstFrom(top) {
    let [low, high] = [0, this.moments.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle] < top) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  heading(index) {
    const moment = this.moments[index];
    return el("h2", { class: "results-heading", "data-order": index - 0.5 },
      el("a", { href: `#/clip/${moment.footage}` }, moment.clip),
      el("span", { class: "quiet-text small" }, folderOf(moment.path)));
  }

  card(index) {
    const moment = this.moments[index];
    const t = this.texts;
    const over = el("span", { class: "scrub" });
    const still = el("a", { class: "still", href: hashOf(moment), tabindex: -1, "aria-hidden": "true" },
      image(moment.still, { loading: "eager", fetchpriority: "low", onload: (event) => fit(event.target, over) }), over,
      el("span", { class: "length time" }, length(moment.end_seconds - moment.start_seconds)));
    still.addEventListener("pointermove", (event) => {
      const box = still.getBoundingClientRect();
      this.scrub.show(over, moment, Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width)));
    });
    still.addEventListener("pointerleave", () => this.scrub.hide(over));
    const times = [moment.start_timecode ?? seconds(moment.start_seconds), moment.end_timecode ?? seconds(moment.end_seconds)];
    const card = el("article", {
      class: "card", tabindex: index === this.current ? 0 : -1, "data-index": index, "data-order": index,
      "aria-label": `${moment.caption} ${moment.clip} ${times[0]}`, "aria-posinset": index + 1,
      "aria-setsize": this.size,
      ondblclick: () => this.tells.open(moment),
    },
    still,
    el("div", { class: "card-text" },
      el("p", { class: "caption", title: moment.caption }, captionOf(moment)),
      el("p", { class: "clip-line" },
        el("span", { class: "clip", title: moment.path }, moment.clip),
        el("span", { class: `tag${moment.human ? " human" : ""}` }, moment.layer),
        moment.online ? null : el("span", { class: "tag warn" }, t.offline),
        moment.rating ? el("span", { class: "stars", role: "img", "aria-label": t.rating(moment.rating) }, "★".repeat(moment.rating)) : null),
      el("p", { class: "times time" },
        el("span", { class: "from-to" }, el("span", {}, times[0]), el("span", { class: "quiet-text" }, " – "), el("span", {}, times[1])),
        el("span", { class: "row-length" }, length(moment.end_seconds - moment.start_seconds)),
        moment.score === null ? null : el("span", { class: "score", title: t.score, vars: { "--score": moment.score } }, moment.score.toFixed(2)))),
    el("div", { class: "acts" },
      this.act("select", moment), this.hasWhy ? this.act("why", moment) : null, this.act("like", moment)));
    return card;
  }

  act(name, moment) {
    const tell = (event) => {
      event.stopPropagation();
      this.tells[name](moment);
    };
    const label = this.texts[name];
    return el("button", { type: "button", title: label, "aria-label": label, onclick: tell, ondblclick: (event) => event.stopPropagation() }, icon(ICONS[name]));
  }

  focused(event) {
    const card = event.target.closest("article");
    if (!card) return;
    const former = this.drawn.get(this.current);
    if (former) former.tabIndex = -1;
    this.current = Number(card.dataset.index);
    card.tabIndex = 0;
  }

  get has() {
    return this.moments.length > 0;
  }
  get hasFocus() {
    return this.root.contains(document.activeElement);
  }
  get moment() {
    return this.moments[this.current];
  }

  /** Go to a moment by its place in the results, and show it whole. */
  goTo(index) {
    if (!this.has) return;
    this.current = Math.max(0, Math.min(index, this.moments.length - 1));
    const top = this.tops[this.current] - (this.heads.has(this.current) ? HEADING : 0);
    const box = this.root.getBoundingClientRect();
    const [upper, lower] = [top - this.above, box.top + this.tops[this.current] + this.row];
    if (upper < 0) scrollBy(0, upper - GAP);
    else if (lower > innerHeight) scrollBy(0, lower - innerHeight + GAP);
    this.draw();
    this.put(this.current, () => this.card(this.current), this.lefts[this.current], this.tops[this.current]);
    this.drawn.get(this.current).focus({ preventScroll: true });
  }

  /** Go to the one above or below, as it looks. */
  goRow(by) {
    const [top, left] = [this.tops[this.current], this.lefts[this.current]];
    let index = this.current;
    while (index + by >= 0 && index + by < this.moments.length && this.tops[index] === top) index += by;
    if (this.tops[index] === top) return;
    const row = this.tops[index];
    let best = index;
    for (let other = index; this.tops[other] === row; other += by) {
      if (Math.abs(this.lefts[other] - left) < Math.abs(this.lefts[best] - left)) best = other;
    }
    this.goTo(best);
  }

  /** Look through the current moment, forward or back. */
  scrubBy(direction) {
    const over = this.drawn.get(this.current)?.querySelector(".scrub");
    if (!over) return;
    const part = over.classList.contains("shown") ? Number(over.style.getPropertyValue("--part")) + direction * SCRUB_STEP : 0;
    this.scrub.show(over, this.moment, Math.min(0.999, Math.max(0, part)));
  }
}

export const hashOf = (moment) => `#/clip/${moment.footage}?event=${moment.id}`;

const seconds = (value) => `${value.toFixed(2)} s`;
const folderOf = (path) => path.slice(0, path.lastIndexOf("/"));
const captionOf = (moment) => (moment.parts.length ? moment.parts.map((part) => part.caption).join(" → ") : moment.caption);

/** Lay what is over a still just where its picture is. */
function fit(still, over) {
  setVars(over, { "aspect-ratio": `${still.naturalWidth} / ${still.naturalHeight}` });
  over.classList.toggle("wide", still.naturalWidth * 9 > still.naturalHeight * 16);
}
