// The library: what is indexed, what is going on, the watched folders, the queue, the disk, the doctor, the settings.

import { el } from "../dom.js";
import { jobTable } from "../jobs.js";
import { texts } from "../texts.js";
import { bytes, duration, number, when } from "../words.js";

export const title = texts.views.library;

const KEYS = { p: "pause", e: "examine" };
const FINDING_MARKS = { ok: "✓", note: "i", problem: "⚠", repaired: "✓" };

export function mount(root, _params, app) {
  const t = app.texts.library;
  const pause = el("button", { type: "button", onclick: () => order(everythingIsPaused() ? "resume" : "pause", null) });
  const facts = el("dl", { class: "facts" });
  const work = el("div", { class: "work" });
  const folders = el("div", {});
  const jobs = jobTable(app, order);
  const disk = el("div", { class: "disk" });
  const findings = el("div", { role: "status" });
  const examine = el("button", { type: "button", onclick: () => ask() }, t.examine);
  const settings = el("details", { class: "settings", ontoggle: () => settings.open && readSettings() },
    el("summary", {}, el("h2", {}, t.settings)), el("p", { class: "quiet-text" }, t.settingsSays));
  let progress = null;

  root.append(
    el("header", { class: "library-head" }, el("h1", {}, title), pause),
    el("section", { class: "panel", "aria-label": t.standing }, facts, work),
    el("section", {}, el("h2", {}, t.folders), folders),
    jobs.element,
    el("div", { class: "library-feet" },
      el("section", {}, el("h2", {}, t.disk), disk),
      el("section", {}, el("h2", {}, t.doctor), el("p", { class: "quiet-text" }, t.doctorSays), examine, findings)),
    settings,
  );

  const everythingIsPaused = () => app.scope.status?.paused.includes("") ?? false;

  /** A wish about the queue: POST /jobs/<name>. */
  async function order(name, folder, which = null) {
    try {
      const told = await app.api.post(`/jobs/${name}`, which ?? { folder });
      if (which) app.toast(t.changed[name](told.changed));
      await app.scope.refresh();
      jobs.refresh();
    } catch (error) {
      app.fail(error);
    }
  }

  function showStatus() {
    const now = app.scope.status;
    if (!now) return;
    pause.textContent = everythingIsPaused() ? t.resumeAll : t.pauseAll;
    const pending = now.pending_files
      ? [t.files(number(now.pending_files)), bytes(now.pending_bytes), now.pending_seconds ? duration(now.pending_seconds) : null,
        now.seconds_left ? t.left(duration(now.seconds_left)) : null].filter(Boolean).join(" · ")
      : t.nothingPending;
    facts.replaceChildren(
      ...fact(t.indexed, [duration(now.indexed_seconds), t.clips(number(now.footage)), t.moments(number(now.events))].join(" · ")),
      ...fact(t.pending, pending),
      ...(now.offline ? fact(t.offline, t.offlineSays(number(now.offline))) : []),
      ...(now.decoder_deaths ? fact(t.decoding, t.decoderDeaths(now.decoder_deaths)) : []),
    );
    showFolders(now);
    jobs.counts(now.jobs);
    showWork();
  }

  function showWork() {
    const now = app.scope.status;
    if (!now || !progress) return;
    const said = [];
    if (everythingIsPaused()) said.push(el("p", { class: "warn" }, t.pausedAll));
    if (progress.in_work) {
      const name = progress.in_work.path.split("/").at(-1);
      said.push(el("p", { class: "in-work" },
        el("span", { class: "name", title: progress.in_work.path }, name),
        el("progress", { max: 1, value: progress.in_work.part, "aria-label": t.progressOf(name) }),
        el("span", { class: "number" }, `${Math.round(progress.in_work.part * 100)} %`),
        progress.speed ? el("span", { class: "quiet-text" }, t.speed(progress.speed.toFixed(1))) : null));
    } else if (!progress.indexing) said.push(el("p", { class: "quiet-text" }, t.notIndexing));
    else said.push(el("p", { class: "quiet-text" }, progress.waits ? t.waits(progress.waits) : t.idle));
    if (progress.settling) said.push(el("p", { class: "quiet-text" }, t.settling(progress.settling)));
    work.replaceChildren(...said);
  }

  function showFolders(now) {
    if (!now.roots.length) return folders.replaceChildren(el("p", { class: "quiet-text" }, t.noFolders));
    const focused = folders.contains(document.activeElement) ? document.activeElement.dataset.folder : null;
    folders.replaceChildren(el("table", {}, el("thead", {}, el("tr", {}, [t.folder, t.how, t.standing].map((text) => el("th", { scope: "col" }, text)),
      el("td", {}))), el("tbody", {}, now.roots.map((root) => folderRow(root, now)))));
    if (focused) [...folders.querySelectorAll("button")].find((each) => each.dataset.folder === focused)?.focus();
  }

  function folderRow(root, now) {
    const own = now.paused.includes(root.path);
    const standing = root.offline
      ? el("span", { class: "warn" }, "⚠ ", t.offlineBecause(root.offline), root.offline_since ? el("small", {}, ` ${t.since(when(root.offline_since))}`) : null)
      : el("span", { class: "good" }, "✓ ", t.ok);
    return el("tr", {},
      el("td", { class: "path" }, root.path),
      el("td", {}, t.modes[root.mode ?? "none"], root.why ? el("small", { class: "quiet-text" }, ` (${root.why})`) : null),
      el("td", {}, standing, root.paused ? el("span", { class: "tag warn" }, t.paused) : null),
      el("td", { class: "do" }, el("button", {
        type: "button", "data-folder": root.path, "aria-label": own ? t.resumeLabel(root.path) : t.pauseLabel(root.path),
        disabled: root.paused && !own, onclick: () => order(own ? "resume" : "pause", root.path),
      }, own ? t.resume : t.pause)));
  }

  async function readDisk() {
    try {
      const told = await app.api.get("/disk");
      const parts = Object.entries(told.parts).filter(([, size]) => size).sort((one, other) => other[1] - one[1]);
      disk.replaceChildren(
        el("p", {}, el("strong", {}, bytes(told.bytes)), el("span", { class: "quiet-text" }, ` · ${t.free(bytes(told.free_bytes))}`)),
        el("dl", { class: "parts" }, parts.map(([name, size]) => [
          el("dt", {}, t.diskParts[name] ?? name),
          el("dd", {}, el("span", { class: "bar", vars: { "--part": size / told.bytes } }), el("span", { class: "number" }, bytes(size))),
        ])));
    } catch (error) {
      app.fail(error);
    }
  }

  async function ask() {
    examine.disabled = true;
    findings.replaceChildren(el("p", { class: "quiet-text" }, t.examining));
    try {
      const told = await app.api.get("/doctor");
      const isWell = !told.some((finding) => finding.state === "problem");
      const well = told.filter((finding) => finding.state === "ok");
      findings.replaceChildren(
        el("p", { class: isWell ? "good" : "warn" }, isWell ? `✓ ${t.healthy}` : `⚠ ${t.unwell}`),
        findingsTable(told.filter((finding) => finding.state !== "ok")),
        el("details", {}, el("summary", { class: "quiet-text" }, t.well(well.length)), findingsTable(well)));
    } catch (error) {
      findings.replaceChildren(el("p", { class: "warn" }, error.message));
    } finally {
      examine.disabled = false;
    }
  }

  const findingsTable = (rows) => el("table", { class: "findings" }, el("tbody", {}, rows.map((finding) => el("tr", { class: finding.state },
    el("td", {}, el("span", { role: "img", "aria-label": t.findings[finding.state] ?? finding.state }, FINDING_MARKS[finding.state] ?? "i")),
    el("th", { scope: "row" }, finding.about), el("td", {}, finding.text)))));

  async function readSettings() {
    if (settings.querySelector("table")) return;
    try {
      const rows = await app.api.get("/settings");
      settings.append(el("table", {}, el("thead", {}, el("tr", {}, [t.setting, t.value, t.from].map((text) => el("th", { scope: "col" }, text)))),
        el("tbody", {}, rows.map((row) => el("tr", {},
          el("th", { scope: "row" }, el("code", {}, row.setting), el("p", { class: "quiet-text small" }, row.says)),
          el("td", {}, el("code", {}, JSON.stringify(row.value))), el("td", { class: "quiet-text" }, row.source))))));
    } catch (error) {
      app.fail(error);
    }
  }

  const heard = new AbortController();
  app.scope.addEventListener("status", showStatus, { signal: heard.signal });
  const forget = [
    app.news.hear("progress", (told) => {
      progress = told;
      showWork();
    }),
    app.news.hear("changed", () => jobs.soon()),
    app.keys.use(KEYS, { pause: () => pause.click(), examine: () => examine.click() }, t.keys, title),
  ];
  showStatus();
  app.scope.refresh();
  jobs.refresh();
  readDisk();
  return { unmount: () => {
    heard.abort();
    jobs.end();
    forget.forEach((each) => each());
  } };
}

const fact = (name, text) => [el("dt", {}, name), el("dd", {}, text)];
