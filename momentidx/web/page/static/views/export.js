// Exporting: every target, what can be said of the timeline, and the check report of each file.

import { dialog, el } from "../dom.js";
import { texts } from "../texts.js";
import { bytes, length } from "../words.js";

export const title = texts.views.export;

const said = texts.export;
const KEPT = "momentidx.export";

/** The view `#/export?selects=Day 1` (or `saved=`, or `q=`). */
export function mount(root, params, app) {
  const what = params.selects ? { selects: params.selects } : params.saved ? { saved: params.saved } : { query: params.q ?? "" };
  const name = params.selects ?? params.saved ?? params.q ?? "";
  root.append(el("h1", {}, said.title(name)));
  const body = el("div", { class: "panel" });
  root.append(body);
  showForm(body, app, { what, name });
}

/** The same as a dialog. With `send(wanted)` something else than `what` is written, and only its own options count. */
export function exportDialog(app, { what = null, name, send = null, options = OPTIONS }) {
  const body = el("div", {});
  dialog(said.title(name), texts.app.close, body);
  showForm(body, app, { what, name, send, options });
}

const OPTIONS = [
  { name: "handles", kind: "text", empty: "0f" },
  { name: "gap", kind: "text", empty: "0f" },
  { name: "start_tc", kind: "text", hint: "01:00:00:00" },
  { name: "rate", kind: "text", hint: said.asFootage },
  { name: "drop_frame", kind: "choice", values: { "": null, df: true, ndf: false } },
  { name: "order", kind: "choice", values: { score: "score", source: "source", date: "date" } },
  { name: "max_duration", kind: "text" },
  { name: "reel_length", kind: "number", least: 8, most: 32 },
  { name: "limit", kind: "number", least: 1, most: 10000, not: "selects" },
  { name: "one_per_clip", kind: "check" },
  { name: "markers_only", kind: "check" },
  { name: "audio", kind: "check", on: true },
];

/** What can be said of an assembled shot list. */
export const ASSEMBLY_OPTIONS = OPTIONS.slice(0, 1);

async function showForm(body, app, { what, name, send = null, options = OPTIONS }) {
  const form = new Form(body, app, { what, name, send, options: options.filter((each) => !(what && each.not in what)) });
  try {
    form.show(await app.api.get("/targets"));
  } catch (error) {
    app.fail(error);
  }
}

class Form {
  constructor(body, app, { what, name, send, options }) {
    Object.assign(this, { app, options, what });
    this.send = send ?? ((wanted) => app.api.post("/exports", { what, ...wanted }));
    this.kept = kept();
    this.name = el("input", { value: name, maxlength: 200, size: 30 });
    this.targets = el("div", { class: "export-form" });
    this.fields = new Map();
    this.go = el("button", { type: "submit", class: "primary" }, said.go);
    this.reports = el("div", { class: "reports", role: "status" });
    this.form = el("form", { class: "export-form", onsubmit: (event) => this.submit(event) },
      this.targets,
      el("label", { class: "field" }, said.name, this.name),
      el("details", {}, el("summary", {}, said.options), el("div", { class: "fields" }, options.map((option) => this.field(option)))),
      el("div", {}, this.go), this.reports);
    body.append(this.form);
  }

  show(targets) {
    const group = (kind, legend) => el("fieldset", {}, el("legend", {}, legend),
      el("div", { class: "choices" }, targets.filter((target) => target.kind === kind).map((target) => this.choice(target))));
    const formats = el("details", { open: targets.some((each) => each.kind === "format" && this.kept.to.includes(each.name)) },
      el("summary", {}, said.formats), group("format", said.formatsLegend));
    this.targets.append(group("program", said.programs), formats);
  }

  choice(target) {
    const box = el("input", { type: "checkbox", name: "to", value: target.name, checked: this.kept.to.includes(target.name) });
    const label = target.kind === "program" ? said.program[target.name] ?? target.name : target.name;
    return el("label", { title: target.summary }, box, el("span", {}, label), el("small", {}, target.suffix));
  }

  field(option) {
    const before = this.kept.options[option.name];
    let input;
    if (option.kind === "choice") {
      const values = Object.keys(option.values);
      input = el("select", {}, values.map((key) => el("option", { value: key, selected: key === before }, said.values[option.name][key || "none"])));
    } else if (option.kind === "check") {
      input = el("input", { type: "checkbox", checked: before ?? option.on ?? false });
    } else {
      const hint = option.empty ?? option.hint ?? "";
      input = el("input", { value: before ?? "", placeholder: hint, ...(option.kind === "number" ? { type: "number", min: option.least, max: option.most } : {}) });
    }
    this.fields.set(option, input);
    const words = el("span", {}, said.option[option.name]);
    return el("label", { class: option.kind === "check" ? "check" : null }, option.kind === "check" ? [input, words] : [words, input]);
  }

  /** What the fields say, as the API takes it, and as it is kept for the next time. */
  read() {
    const wanted = {};
    const keep = {};
    for (const [option, input] of this.fields) {
      if (option.kind === "check") wanted[option.name] = keep[option.name] = input.checked;
      else {
        keep[option.name] = input.value;
        const value = option.kind === "choice" ? option.values[input.value] : option.kind === "number" ? Number(input.value) : input.value.trim();
        if (input.value.trim() !== "" && value !== null) wanted[option.name] = value;
      }
    }
    return { wanted, keep };
  }

  async submit(event) {
    event.preventDefault();
    const to = [...this.form.querySelectorAll("[name=to]:checked")].map((box) => box.value);
    if (!to.length) {
      this.reports.replaceChildren(el("p", { class: "warn" }, said.noTarget));
      return;
    }
    const { wanted, keep } = this.read();
    keeping({ to, options: { ...this.kept.options, ...keep } });
    this.go.disabled = true;
    this.reports.replaceChildren(el("p", { class: "quiet-text" }, said.writing));
    try {
      this.tell(await this.send({ to, name: this.name.value, options: wanted }));
    } catch (error) {
      if (!error.kind) throw error;
      this.reports.replaceChildren(el("p", { class: "warn" }, error.message));
    } finally {
      this.go.disabled = false;
    }
  }

  tell({ files, report }) {
    const found = new Map(files.map((file) => [file.name, file]));
    this.reports.replaceChildren(...report.map((each) => {
      const file = found.get(each.file);
      const link = file && el("a", { href: file.url, download: file.name, class: "button" }, said.download(file.name, bytes(file.bytes)));
      const checked = each.problems.length ? el("span", { class: "tag warn" }, said.problems(each.problems.length)) : el("span", { class: "tag human" }, said.good);
      return el("article", { class: "report", "aria-label": each.file ?? each.target },
        el("header", {}, link ?? el("strong", {}, each.target), checked, file ? el("span", { class: "quiet-text" }, said.clips(each.clips, length(each.seconds))) : null),
        each.problems.length ? el("ul", {}, each.problems.map((problem) => el("li", {}, problem))) : null,
        each.notes.map((note) => el("p", { class: "quiet-text small" }, note)));
    }));
  }
}

function kept() {
  try {
    const { to = [], options = {} } = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return { to: Array.isArray(to) ? to : [], options };
  } catch {
    return { to: [], options: {} };
  }
}

function keeping(choice) {
  localStorage.setItem(KEPT, JSON.stringify(choice));
}
