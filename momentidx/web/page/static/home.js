// What the search shows before anything was asked: examples, saved searches, and what was searched before.

import { el } from "./dom.js";
import { forgetSearches, searches } from "./memory.js";

/** `unsave(name)` is called when a person wants a saved search to go. */
export function fillHome(home, app, saved, unsave) {
  const t = app.texts.search;
  const link = (query, ...inner) => el("a", { href: `#/search?${new URLSearchParams({ q: query })}` }, inner);
  const before = searches();
  home.replaceChildren(
    ...firstSteps(app.scope.status, t),
    el("section", { class: "examples" }, el("h2", {}, t.welcome), el("p", { class: "quiet-text" }, t.welcomeSays),
      el("ul", {}, t.examples.map(([query, says]) => el("li", {}, link(query, el("code", {}, query)), el("small", { class: "quiet-text" }, says))))),
    el("section", {}, el("h2", {}, t.saved),
      saved.length ? el("ul", { class: "searches" }, saved.map((each) => el("li", {},
        link(each.query, el("strong", {}, each.name), each.query === each.name ? null : el("span", { class: "quiet-text" }, each.query)),
        app.fresh[each.name] ? el("span", { class: "tag human" }, t.newCount(app.fresh[each.name])) : null,
        el("button", { class: "quiet", type: "button", "aria-label": t.forget(each.name), title: t.forget(each.name), onclick: () => unsave(each.name) }, "✕"),
      ))) : el("p", { class: "quiet-text" }, t.noSaved)),
    el("section", {}, el("header", {}, el("h2", {}, t.history), before.length ? el("button", { class: "quiet", type: "button", onclick: () => {
      forgetSearches();
      fillHome(home, app, saved, unsave);
    } }, t.clearHistory) : null),
    before.length ? el("ul", { class: "searches" }, before.slice(0, 12).map((query) => el("li", {}, link(query, query)))) : el("p", { class: "quiet-text" }, t.noHistory)),
  );
}

/** What has to happen before anything can be found; nothing once there are moments. */
function firstSteps(status, t) {
  if (!status || status.events) return [];
  const steps = status.pending_files
    ? [t.waiting, el("a", { href: "#/library" }, t.howItGoes)]
    : status.writer && status.roots.length
      ? [t.copyInto, ...status.roots.map(({ path }) => el("code", {}, path))]
      : [t.watch, el("code", {}, "momentidx watch /path/to/footage")];
  return [el("section", { class: "first-steps" }, el("h2", {}, t.nothingYet), ...steps.map((step) => el("p", {}, step)))];
}
