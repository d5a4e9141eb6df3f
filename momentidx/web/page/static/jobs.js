// The queue as a table: what is to do, what failed and why, what was left out, what is done.

import { el } from "./dom.js";
import { number, when } from "./words.js";

const TABS = { undone: ["running", "queued"], failed: ["failed"], cancelled: ["cancelled"], done: ["done"] };
const PAGE = 100;
const MOST = 1000;
const AT_MOST_EVERY = 1500;

/** The table; `order(name, null, {jobs})` is called with what a person wants of some jobs. */
export function jobTable(app, order) {
  const t = app.texts.library;
  let tab = "undone";
  let limit = PAGE;
  let later = null;
  const tabs = Object.keys(TABS).map((name) => el("button", { type: "button", onclick: () => choose(name) }, t.states[name]));
  const retryAll = el("button", { type: "button", onclick: () => order("retry", null, {}) }, t.retryAll);
  const body = el("tbody");
  const table = el("table", { class: "jobs" }, el("thead", {}, el("tr", {}, [t.file, t.job, t.jobState].map((text) => el("th", { scope: "col" }, text)), el("td"))), body);
  const none = el("p", { class: "quiet-text" });
  const more = el("button", { type: "button", hidden: true, onclick: () => {
    limit = Math.min(MOST, limit + 3 * PAGE);
    refresh();
  } }, t.moreJobs);
  const element = el("section", { class: "queue" },
    el("header", {}, el("h2", {}, t.queue), el("div", { class: "group", role: "group", "aria-label": t.queue }, tabs), retryAll),
    table, none, more);
  choose(tab);

  function choose(name) {
    tab = name;
    limit = PAGE;
    Object.keys(TABS).forEach((each, index) => tabs[index].setAttribute("aria-pressed", String(each === tab)));
    refresh();
  }

  /** How many jobs there are in each state. */
  function counts(jobs) {
    Object.entries(TABS).forEach(([name, states], index) => {
      const count = states.reduce((sum, state) => sum + jobs[state], 0);
      tabs[index].textContent = `${t.states[name]} ${number(count)}`;
    });
    retryAll.hidden = !jobs.failed;
  }

  function soon() {
    later ??= setTimeout(refresh, AT_MOST_EVERY);
  }

  async function refresh() {
    clearTimeout(later);
    later = null;
    const asked = tab;
    const states = new URLSearchParams([...TABS[tab].map((state) => ["state", state]), ["limit", limit]]);
    try {
      const told = await app.api.get(`/jobs?${states}`);
      if (asked === tab) show(told);
    } catch (error) {
      app.fail(error);
    }
  }

  function show(told) {
    const focused = body.contains(document.activeElement) ? document.activeElement.dataset.key : null;
    body.replaceChildren(...together(told.jobs).map(row));
    if (focused) [...body.querySelectorAll("button")].find((each) => each.dataset.key === focused)?.focus();
    table.hidden = told.jobs.length === 0;
    none.textContent = told.jobs.length ? "" : t.noJobs[tab];
    more.hidden = !told.more || limit >= MOST;
  }

  function row(jobs) {
    const [job] = jobs;
    const name = job.path?.split("/").at(-1) ?? t.nowhere;
    const doing = (what, label) => el("button", {
      type: "button", class: "quiet", "aria-label": label(name), "data-key": `${what} ${job.id}`,
      onclick: () => order(what, null, { jobs: jobs.map((each) => each.id) }),
    }, t[what]);
    return el("tr", {},
      el("td", { class: "path" }, el("span", { class: "name" }, name),
        job.online ? null : el("span", { class: "tag warn" }, t.offline),
        job.path ? el("small", { class: "quiet-text" }, job.path.slice(0, -name.length)) : null),
      el("td", {}, jobs.map((each) => [t.stages[each.stage] ?? each.stage, each.tool].filter(Boolean).join(" ")).join(", ")),
      el("td", {}, el("span", { class: `state ${job.state}` }, t.state[job.state]),
        job.reason ? el("p", { class: "reason" }, job.reason, " ", el("small", { class: "quiet-text" }, `${job.code} · ${t.attempts(job.attempts)}`)) : null,
        job.next_try ? el("p", { class: "quiet-text small" }, t.nextTry(when(job.next_try))) : null),
      el("td", { class: "do" },
        job.state === "queued" ? doing("first", t.firstLabel) : null,
        ["failed", "cancelled"].includes(job.state) ? doing("retry", t.retryLabel) : null,
        ["queued", "running", "failed"].includes(job.state) ? doing("cancel", t.cancelLabel) : null));
  }

  return { element, counts, refresh, soon, end: () => clearTimeout(later) };
}

/** Jobs about one file that stand alike, as one row. */
function together(jobs) {
  const rows = new Map();
  for (const job of jobs) {
    const key = JSON.stringify([job.path, job.path ? job.state : job.id, job.code, job.reason]);
    rows.set(key, [...(rows.get(key) ?? []), job]);
  }
  return [...rows.values()];
}
