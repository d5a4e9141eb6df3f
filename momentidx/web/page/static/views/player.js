// One clip: its picture, the strip of what happens in it, and its footage sheet.

import { el } from "../dom.js";
import { Lanes } from "../lanes.js";
import { Moments } from "../moments.js";
import { Playback } from "../playback.js";
import { PLAYER_KEYS } from "../playerkeys.js";
import { Sheet } from "../sheet.js";
import { Pictures } from "../timecode.js";

const ASK_MILLISECONDS = 1000;

export const title = "Clip";

/** Show the clip `params.id`, at the moment `params.event` or the frame `params.frame` if one is named. */
export function mount(root, params, app) {
  let player = null;
  const update = (now) => {
    if (player?.fingerprint === now.id && player.pictures) return player.goTo(now);
    player?.close();
    player = new Player(root, now.id, app);
    player.begin(now).catch((error) => app.fail(error));
  };
  update(params);
  return { update, unmount: () => player.close() };
}

class Player {
  constructor(root, fingerprint, app) {
    this.root = root;
    this.app = app;
    this.texts = app.texts.player;
    this.fingerprint = fingerprint;
    this.url = `/footage/${encodeURIComponent(fingerprint ?? "")}`;
    this.marks = { start: null, end: null };
    this.open = null;
    this.start = 0;
    this.moments = new Moments(app, this.url, this);
    this.closed = false;
  }

  async begin(params) {
    const { api } = this.app;
    [this.facts] = await Promise.all([api.get(this.url), this.moments.load()]);
    const table = this.facts.variable_rate ? await this.moments.attempt(() => api.get(`${this.url}/times`)) : null;
    if (this.closed) return;
    this.pictures = new Pictures(this.facts, table ?? { base: "1/1", times: null });
    this.build();
    this.listed();
    this.goTo(params);
    await this.load();
  }

  goTo({ event, frame }) {
    const moment = event ? this.moments.find(Number(event)) : null;
    if (moment) this.choose(moment, true);
    else if (event) this.app.toast(this.texts.gone);
    else if (frame) this.jump(Number(frame));
  }

  build() {
    const { texts, facts, pictures } = this;
    this.acts = this.actions();
    this.video = el("video", { class: "player-video", playsinline: true, preload: "auto", "aria-label": facts.clip });
    if (facts.poster) this.video.poster = facts.poster;
    this.message = el("p", { class: "player-message", role: "status", hidden: true });
    this.progress = el("progress", { class: "player-progress", max: "1", hidden: true, "aria-label": texts.making });
    this.stage = el("div", { class: "player-stage" }, this.video, this.message, this.progress);
    this.timecode = el("output", { class: "player-timecode" }, pictures.label(0));
    this.frameText = el("output", { class: "player-frame" });
    this.speedText = el("output", { class: "player-speed" });
    this.place = el("input", {
      class: "player-place", "aria-label": texts.goTo, placeholder: texts.goTo, size: "12", onchange: () => this.typed(),
    });
    this.markText = { start: el("output"), end: el("output"), length: el("output") };
    const marks = el(
      "dl",
      { class: "player-marks" },
      ...Object.entries({ start: texts.in, end: texts.out, length: texts.length }).map(([name, text]) =>
        el("div", {}, el("dt", {}, text), el("dd", {}, this.markText[name])),
      ),
    );
    this.copyButton = this.button("copy");
    this.copyButton.hidden = true;
    const strip = el("div", { class: "player-strip" });
    const sheet = el("section", { class: "sheet", "aria-label": texts.sheet });
    this.root.replaceChildren(
      el(
        "section",
        { class: "player", "aria-label": texts.player },
        el("header", {}, el("h1", { class: "player-title" }, facts.clip, el("small", {}, this.about())), this.copyButton),
        this.stage,
        el("div", { class: "player-readout" }, this.timecode, this.frameText, this.speedText, this.place, marks),
        strip,
        this.buttons(),
      ),
      sheet,
    );
    this.lanes = new Lanes(
      strip,
      pictures,
      {
        jump: (frame) => this.jump(frame),
        open: (moment) => this.choose(moment, true),
        mark: (edge, frame) => this.mark(edge, frame, true),
        trim: () => this.trim(),
      },
      texts,
    );
    this.sheet = new Sheet(sheet, this);
    this.letGo = [
      this.app.keys.use(PLAYER_KEYS, this.acts, texts.actions, texts.player),
      this.app.news.hear("changed", () => this.moments.heard()),
    ];
  }

  about() {
    const { facts, pictures } = this;
    const rate = `${+(pictures.rate[0] / pictures.rate[1]).toFixed(3)} fps${facts.variable_rate ? `, ${this.texts.variable}` : ""}`;
    return [` ${facts.width}×${facts.height}`, facts.codec, rate, pictures.label(0), pictures.span(facts.duration_frames)].join(" · ");
  }

  button(action) {
    const act = () => this.acts[action]();
    return el("button", { type: "button", "data-action": action, onclick: act }, this.texts.actions[action]);
  }

  buttons() {
    const button = (action) => this.button(action);
    this.playButton = button("toggle");
    const groups = [
      [button("back"), button("stepBack"), this.playButton, button("stepForward"), button("forward")],
      [button("markIn"), button("markOut"), button("playMarked"), button("clearMarks")],
      [button("trim"), button("addNote"), button("select"), button("undo")],
      [button("zoomOut"), button("zoomIn")],
    ];
    return el("div", { class: "player-buttons", role: "toolbar", "aria-label": this.texts.controls },
      ...groups.map((group) => el("div", { class: "player-group" }, ...group)));
  }

  get frame() {
    return this.playback?.frame ?? this.start;
  }

  // What is played

  async load() {
    if (!this.facts.online) this.say(this.texts.offline);
    else if (this.facts.plays) await this.play(this.facts.media, () => this.loadCopy());
    else await this.loadCopy();
  }

  async loadCopy() {
    const state = await this.copied();
    if (state === null) return;
    if (state.state === "ready") await this.play(this.facts.copy_media, () => this.say(this.texts.unplayable));
    else this.say(state.reason ?? this.texts.unplayable);
  }

  /** Wait for the copy; null when the view is closed meanwhile. Nobody asks then, and the server gives the work up. */
  async copied() {
    const { api } = this.app;
    let state = await api.post(`${this.url}/proxy`).catch((error) => ({ state: "failed", reason: error.message }));
    this.progress.hidden = false;
    while (!this.closed && state.state === "making") {
      this.progress.value = state.progress;
      this.say(`${this.texts.making} ${Math.round(state.progress * 100)} %`);
      await new Promise((next) => setTimeout(next, ASK_MILLISECONDS));
      state = await api.get(`${this.url}/proxy`);
      if (state.state === "none" && !this.closed) state = await api.post(`${this.url}/proxy`);
    }
    if (this.closed) return null;
    this.progress.hidden = true;
    return state;
  }

  async play(url, otherwise) {
    const { frame } = this;
    this.playback?.close();
    this.playback = null;
    this.video.src = url;
    const playback = new Playback(this.video, this.pictures);
    try {
      await playback.begin();
    } catch {
      playback.close();
      if (!this.closed) await otherwise();
      return;
    }
    if (this.closed) return playback.close();
    this.playback = playback;
    playback.addEventListener("picture", () => this.shown());
    playback.addEventListener("state", () => this.stated());
    this.copyButton.hidden = url === this.facts.copy_media;
    this.say("");
    playback.toFrame(frame);
    this.shown();
  }

  say(text) {
    this.message.textContent = text;
    this.message.hidden = text === "";
  }

  shown() {
    const { frame, playback } = this;
    this.stage.dataset.picture = String(playback.picture);
    this.timecode.textContent = this.pictures.labelOf(playback.picture);
    this.frameText.textContent = `${this.texts.frame} ${frame}`;
    this.lanes.move(frame);
    this.sheet.playing(frame);
  }

  stated() {
    const speed = this.playback.speed;
    this.speedText.textContent = speed === 0 ? "" : `${speed}×`;
    this.playButton.textContent = speed === 0 ? this.texts.actions.toggle : this.texts.pause;
  }

  // Where the player goes

  jump(frame) {
    this.start = frame;
    this.playback?.pause();
    this.playback?.toFrame(frame);
  }

  typed() {
    const frame = this.pictures.read(this.place.value);
    this.place.setAttribute("aria-invalid", String(frame === null));
    if (frame !== null) this.jump(frame);
  }

  neighbour(direction) {
    const { frame } = this;
    const edges = [...new Set(this.moments.all.flatMap((moment) => [moment.start_frame, moment.end_frame]))];
    edges.push(0, this.pictures.length - 1);
    const beyond = edges.filter((edge) => (edge - frame) * direction > 0);
    if (beyond.length) this.jump(direction > 0 ? Math.min(...beyond) : Math.max(...beyond));
  }

  // Marks and the open moment

  /** Open a moment: its edges are the marks. */
  choose(moment, jump = false) {
    this.open = moment;
    this.marks = { start: moment.start_frame, end: moment.end_frame };
    this.marked();
    this.lanes.select(moment.id);
    this.sheet.select(moment.id);
    if (jump) this.jump(moment.start_frame);
  }

  mark(edge, frame, follow = false) {
    const other = edge === "start" ? this.marks.end : this.marks.start;
    const fits = other === null || (edge === "start" ? frame < other : frame > other);
    this.marks = { ...this.marks, [edge]: frame };
    if (!fits) this.marks[edge === "start" ? "end" : "start"] = null;
    this.marked();
    if (follow) this.playback?.toFrame(edge === "end" ? frame - 1 : frame);
  }

  marked() {
    const { start, end } = this.marks;
    const text = (frame) => (frame === null ? "–" : this.pictures.label(frame));
    this.markText.start.textContent = text(start);
    this.markText.end.textContent = text(end);
    this.markText.length.textContent = start === null || end === null ? "–" : this.pictures.span(end - start);
    this.lanes.marks(start, end);
  }

  /** Give the open moment the marks. */
  async trim() {
    const { start, end } = this.marks;
    const moment = this.open;
    if (!moment || start === null || end === null) return;
    if (start === moment.start_frame && end === moment.end_frame) return;
    await this.moments.change(moment, { start_frame: start, end_frame: end });
  }

  // What a person says

  async addNote() {
    const { start, end } = this.marks;
    const { frame } = this;
    const [first, last] = start === null || end === null ? [frame, frame + 1] : [start, end];
    const made = await this.moments.add({ start_frame: first, end_frame: last, caption: this.texts.newNote });
    if (!made) return;
    this.choose(made);
    this.sheet.edit(made.id);
  }

  async undo() {
    if (!(await this.moments.undo())) this.app.toast(this.texts.nothingToUndo);
  }

  /** Show all moments anew. */
  listed() {
    this.open = this.open && this.moments.find(this.open.id);
    this.lanes.show(this.moments.all);
    this.lanes.select(this.open?.id ?? null);
    this.sheet.show(this.moments.all, this.open?.id ?? null);
  }

  /** Show a moment in the place of another; marks that were its edges go along. */
  replaced(before, now) {
    const { start, end } = this.marks;
    const follow = before !== null && start === before.start_frame && end === before.end_frame;
    if (this.open !== null && this.open.id === before?.id) this.open = now;
    if (before && now && before.start_frame === now.start_frame) {
      this.sheet.swap(before, now);
      if (!this.lanes.swap(before, now)) this.lanes.show(this.moments.all);
    } else {
      this.listed();
    }
    if (this.open === null) return;
    if (follow && this.open === now) this.choose(now);
    this.lanes.select(this.open.id);
    this.sheet.select(this.open.id);
  }

  busy() {
    return this.root.querySelector(".sheet :is(input, textarea, select):focus") !== null;
  }

  // Keys and buttons

  /** What can be done, by name. */
  actions() {
    const { rate } = this.pictures;
    const second = Math.round(rate[0] / rate[1]);
    const step = (count) => () => this.playback?.step(count);
    return {
      back: () => this.playback?.shuttle(-1),
      forward: () => this.playback?.shuttle(1),
      pause: () => this.playback?.pause(),
      toggle: () => this.playback?.toggle(),
      stepBack: step(-1),
      stepForward: step(1),
      fiveBack: step(-5),
      fiveForward: step(5),
      tenBack: step(-10),
      tenForward: step(10),
      secondBack: step(-second),
      secondForward: step(second),
      toStart: () => this.jump(0),
      toEnd: () => this.jump(this.pictures.length - 1),
      previousEvent: () => this.neighbour(-1),
      nextEvent: () => this.neighbour(1),
      markIn: () => this.mark("start", this.frame),
      markOut: () => this.mark("end", this.frame + 1),
      toIn: () => this.marks.start !== null && this.jump(this.marks.start),
      toOut: () => this.marks.end !== null && this.jump(this.marks.end - 1),
      clearIn: () => this.clear({ start: null }),
      clearOut: () => this.clear({ end: null }),
      clearMarks: () => this.clear({ start: null, end: null }),
      markEvent: () => this.around(this.frame),
      playMarked: () => this.playMarked(),
      trim: () => this.trim(),
      addNote: () => this.addNote(),
      select: () => this.toSelects(),
      undo: () => this.undo(),
      zoomIn: () => this.lanes.scale(2),
      zoomOut: () => this.lanes.scale(1 / 2),
      copy: () => this.loadCopy(),
    };
  }

  clear(marks) {
    this.marks = { ...this.marks, ...marks };
    this.marked();
  }

  around(frame) {
    const inside = this.moments.all.filter((moment) => moment.start_frame <= frame && frame < moment.end_frame);
    if (inside.length) this.choose(inside.reduce((best, each) => (each.duration_frames < best.duration_frames ? each : best)));
  }

  playMarked() {
    const { start, end } = this.marks;
    if (start !== null && end !== null) this.playback?.playRange(start, end);
  }

  toSelects() {
    if (!this.open) return this.app.toast(this.texts.chooseFirst);
    const { start, end } = this.marks;
    const marked = start !== null && end !== null && start < this.open.end_frame && this.open.start_frame < end;
    this.app.select(marked ? { ...this.open, start_frame: start, end_frame: end } : this.open);
  }

  close() {
    this.closed = true;
    this.moments.close();
    for (const letGo of this.letGo ?? []) letGo();
    this.playback?.close();
  }
}
