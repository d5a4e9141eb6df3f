// Why a moment was found: what its score is made of.

import { dialog, el } from "./dom.js";

export async function explain(app, query, moment) {
  const t = app.texts.search;
  try {
    const why = await app.api.get("/search/why", { q: query, event: moment.id });
    const parts = why.words ? Object.entries(t.whyParts) : [];
    dialog(t.whyTitle, app.texts.app.close,
      el("p", {}, moment.caption),
      el("table", { class: "why" },
        el("tbody", {}, [["score", t.score], ...parts].map(([name, text]) => el("tr", {},
          el("th", { scope: "row" }, text),
          el("td", {}, el("meter", { min: 0, max: 1, value: why[name], "aria-label": text })),
          el("td", { class: "number" }, why[name].toFixed(2)))))),
      why.shared.length ? el("p", {}, t.shared(why.shared)) : null,
      why.facts.length ? el("p", {}, t.facts(why.facts)) : null,
      why.human ? el("p", {}, t.said) : null,
      el("p", { class: "quiet-text small" }, why.sentence));
  } catch (error) {
    app.fail(error);
  }
}
