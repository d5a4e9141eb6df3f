// The box for the query: it completes filters and words, offers what was searched before, and shows where an error is.

import { el } from "./dom.js";
import { searches } from "./memory.js";
import { number } from "./words.js";

const TYPING_MS = 90;
const MOST_BEFORE = 8;

export class SearchBox {
  /** `submit(text)` is called when a person wants to search; `leave()` when they go down to the results. */
  constructor(app, submit, leave) {
    Object.assign(this, { app, submit, leave });
    const t = (this.texts = app.texts.search);
    this.saved = [];
    this.options = [];
    this.active = -1;
    this.input = el("input", {
      type: "text", class: "query", role: "combobox", "aria-label": t.box, "aria-expanded": "false", "aria-controls": "options",
      "aria-autocomplete": "list", "aria-describedby": "query-error", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
      placeholder: t.placeholder, maxlength: 2000, enterkeyhint: "search",
    });
    this.list = el("ul", { class: "options", id: "options", role: "listbox", "aria-label": t.options, hidden: true });
    this.error = el("div", { class: "query-error", id: "query-error", role: "alert" });
    this.element = el("form", { class: "searchbox", role: "search", onsubmit: (event) => this.submitted(event) },
      el("div", { class: "query-line" }, this.input, this.list), el("button", { class: "primary", type: "submit" }, t.go), this.error);
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (event) => this.pressed(event));
    this.input.addEventListener("blur", () => this.close());
  }

  get text() {
    return this.input.value;
  }
  set text(value) {
    this.input.value = value;
  }

  focus() {
    this.input.focus();
    this.input.select();
  }

  /** Show what is wrong with the query, under its column; null: nothing. */
  fail(error) {
    this.input.setAttribute("aria-invalid", error ? "true" : "false");
    if (!error) return this.error.replaceChildren();
    const shown = [el("p", {}, error.message)];
    if (error.column) {
      const letters = [...this.text];
      const at = Math.min(error.column, letters.length + 1) - 1;
      const wrong = letters.slice(at).join("").match(/^\S*/)[0] || " ";
      const rest = letters.slice(at).join("").slice(wrong.length);
      shown.unshift(el("code", { "aria-hidden": "true" }, letters.slice(0, at).join(""), el("mark", {}, wrong), rest));
    }
    this.error.replaceChildren(...shown);
  }

  submitted(event) {
    event.preventDefault();
    this.close();
    this.submit(this.text.trim());
  }

  typed() {
    this.fail(null);
    clearTimeout(this.later);
    if (!this.text.trim()) return this.offerBefore();
    this.later = setTimeout(() => this.complete(), TYPING_MS);
  }

  async complete() {
    this.asking?.abort();
    this.asking = new AbortController();
    const text = this.text;
    const at = [...text.slice(0, this.input.selectionStart)].length;
    try {
      const told = await this.app.api.get("/complete", { q: text, at }, { signal: this.asking.signal });
      if (text !== this.text || document.activeElement !== this.input) return;
      this.offer(told.options.map((option) => ({ ...option, start: told.start, end: told.end })));
    } catch (error) {
      if (error.name !== "AbortError") this.close();
    }
  }

  /** What was saved and what was searched for before. */
  offerBefore() {
    const saved = this.saved.map((each) => ({ whole: each.query, text: each.name, says: each.query }));
    const before = searches().filter((query) => !this.saved.some((each) => each.query === query));
    this.offer([...saved, ...before.slice(0, MOST_BEFORE).map((query) => ({ whole: query, text: query, says: "" }))]);
  }

  offer(options) {
    this.options = options;
    this.active = -1;
    this.input.removeAttribute("aria-activedescendant");
    this.list.replaceChildren(...options.map((option, index) => el("li", {
      role: "option", id: `option-${index}`, "aria-selected": "false",
      onpointerdown: (event) => {
        event.preventDefault();
        this.take(index);
      },
    }, el("span", { class: "option-text" }, option.text), el("span", { class: "option-says" }, option.says),
    option.count ? el("span", { class: "option-count number" }, number(option.count)) : null)));
    this.open(options.length > 0);
  }

  open(yes) {
    this.list.hidden = !yes;
    this.input.setAttribute("aria-expanded", String(yes));
  }

  close() {
    clearTimeout(this.later);
    this.asking?.abort();
    this.open(false);
    this.active = -1;
  }

  pressed(event) {
    if (event.isComposing) return;
    const isOpen = !this.list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (isOpen) this.point(event.key === "ArrowDown" ? 1 : -1);
      else if (event.key === "ArrowDown" && this.text.trim()) this.leave();
      else if (event.key === "ArrowDown") this.offerBefore();
      event.preventDefault();
    } else if (event.key === "Escape" && isOpen) {
      this.close();
      event.preventDefault();
    } else if (isOpen && this.active >= 0 && (event.key === "Enter" || event.key === "Tab")) {
      this.take(this.active);
      event.preventDefault();
    }
  }

  point(by) {
    const count = this.options.length;
    this.active = this.active < 0 && by < 0 ? count - 1 : (this.active + by + count + 1) % (count + 1);
    if (this.active === count) this.active = -1;
    [...this.list.children].forEach((item, index) => {
      item.setAttribute("aria-selected", String(index === this.active));
      if (index === this.active) item.scrollIntoView({ block: "nearest" });
    });
    if (this.active < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `option-${this.active}`);
  }

  take(index) {
    const option = this.options[index];
    if (option.whole !== undefined) {
      this.text = option.whole;
      this.close();
      return this.submit(this.text);
    }
    const letters = [...this.text];
    const before = letters.slice(0, option.start).join("");
    const after = letters.slice(option.end).join("");
    const goesOn = option.text.endsWith(":");
    const blank = goesOn || after.startsWith(" ") ? "" : " ";
    this.text = before + option.text + blank + after;
    const caret = (before + option.text + blank).length;
    this.input.setSelectionRange(caret, caret);
    this.close();
    if (goesOn) this.complete();
  }
}
