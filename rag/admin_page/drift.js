// Translations of one work that disagree on a figure or a date.

import { readJson } from "./client.js";
import { counted, dateView, element, emptyView, heading, languageName, linked, say, spoken } from "./elements.js";

export async function driftPage() {
  say("Comparing translations");
  const { works, drifts } = await readJson("/v1/admin/drift");
  const about = element("p", { class: "lead" }, `${counted(works, "work")} with several versions ${works === 1 ? "was" : "were"} compared, sentence by sentence. A figure that a version leaves out is not listed.`);
  say(counted(drifts.length, "disagreement"));
  if (!drifts.length) return [heading("Translations that disagree", about), emptyView("All versions agree", "No translation gives another figure or date than its counterparts.")];
  const byWork = [...Map.groupBy(drifts, (drift) => drift.work_id).values()];
  return [heading("Translations that disagree", about), ...byWork.map(workView)];
}

function workView(drifts) {
  const said = drifts.flatMap((drift) => drift.statements);
  const first = said.find((one) => one.lang.split("-")[0] === "en") ?? said[0];
  const id = `work-${first.article_id}`;
  return element(
    "section",
    { class: "drifts", "aria-labelledby": id },
    element("h2", { id }, element("span", { ...spoken(first.lang) }, first.title), element("span", { class: "soft" }, ` ${counted(drifts.length, "disagreement")}`)),
    drifts.map(driftView),
  );
}

function driftView({ newest, statements }) {
  const right = statements.find((said) => said.article_id === newest)?.value;
  return element("ul", { class: "card drift" }, statements.map((said) => statementView(said, said.article_id === newest, right !== undefined && said.value !== right)));
}

function statementView(said, isNewest, isOther) {
  const [before, after] = around(said);
  return element(
    "li",
    { class: isNewest ? "newest" : null },
    element("p", { class: isOther ? "figure other" : "figure", ...spoken(said.lang) }, said.figure),
    element(
      "div",
      {},
      element("p", { ...spoken(said.lang) }, before, element("mark", {}, said.figure), after),
      element("p", { class: "soft" }, languageName(said.lang), " · ", said.dated ? dateView(said.dated) : "no date", isNewest && [" · ", element("strong", {}, "newest")], isOther && [" · ", element("strong", {}, "differs")], " · ", linked(said.url, said.path, { class: "path" })),
    ),
  );
}

/** The passage before and behind its figure; offsets count code points. */
function around({ passage, passage_start: from, start, end }) {
  const characters = [...passage];
  return [characters.slice(0, start - from).join(""), characters.slice(end - from).join("")];
}
