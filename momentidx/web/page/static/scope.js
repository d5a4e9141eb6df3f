// The line that says what is searched: "312 h indexed · 4 h pending · 2 failed", kept up to date by the news.

import { el } from "./dom.js";
import { bytes, duration, number } from "./words.js";

const AT_MOST_EVERY = 2000;
const AT_MOST_OF_THE_TIME = 0.05;

export class Scope extends EventTarget {
  /** `status` is the last answer of /status; the event "status" says that there is another. */
  constructor(app) {
    super();
    this.app = app;
    this.status = null;
    this.took = 0;
    this.line = el("a", { class: "scope", href: "#/library" }, app.texts.scope.unknown); // a link without words cannot be read out
    app.news.hear("changed", () => this.soon());
    app.news.hear("progress", () => this.soon());
    app.news.addEventListener("back", () => this.soon());
    this.soon();
  }

  soon(atLeast = this.status ? AT_MOST_EVERY : 0) {
    this.due ??= setTimeout(() => this.refresh(), Math.max(atLeast, this.took / AT_MOST_OF_THE_TIME));
  }

  async refresh() {
    clearTimeout(this.due);
    this.due = null;
    const began = performance.now();
    try {
      this.status = await this.app.api.get("/status");
      this.took = performance.now() - began;
    } catch (error) {
      if (error.status >= 500) this.soon(AT_MOST_EVERY); // no news may come for long
      return;
    }
    this.line.replaceChildren(...this.parts().flatMap((part, index) => (index ? [" · ", part] : [part])));
    this.dispatchEvent(new CustomEvent("status"));
  }

  parts() {
    const now = this.status;
    const t = this.app.texts.scope;
    return [
      el("span", {}, t.indexed(duration(now.indexed_seconds))),
      now.pending_files && el("span", {}, t.pending(now.pending_seconds ? duration(now.pending_seconds) : bytes(now.pending_bytes))),
      now.paused.length && el("span", { class: "warn" }, t.paused),
      now.failed && el("span", { class: "warn" }, t.failed(number(now.failed))),
      now.offline && el("span", {}, t.offline(number(now.offline))),
    ].filter(Boolean);
  }
}
