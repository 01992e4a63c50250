// What is indexed: figures, a new run, files that were left out, and the articles by work.

import { readJson } from "./client.js";
import { counted, dateView, element, emptyView, heading, languageChip, languageName, linked, number, spoken, when } from "./elements.js";
import { ingestView } from "./ingest.js";

const SHOWN = 100;
const STATES = {
  ok: { words: "Ready", tone: "good" },
  rebuilding: { words: "Being rebuilt", tone: "fair" },
  degraded: { words: "Search runs in memory", tone: "fair" },
};

export async function articlesPage() {
  const [overview, articles] = await Promise.all([readJson("/v1/admin/index"), readJson("/v1/articles")]);
  const figures = element("div", {}, figuresView(overview));
  const left = element("div", {}, problemsView(overview.problems));
  const works = element("div", {}, worksView(articles));
  const refresh = async () => {
    const [now, found] = await Promise.all([readJson("/v1/admin/index"), readJson("/v1/articles")]);
    figures.replaceChildren(figuresView(now));
    left.replaceChildren(...[problemsView(now.problems)].filter(Boolean));
    works.replaceChildren(worksView(found));
    return now;
  };
  return [heading("Articles"), figures, ingestView(overview, refresh), left, works];
}

function figuresView({ stats, readiness }) {
  const state = STATES[readiness.index];
  const facts = [
    ["Articles", number(stats.articles)],
    ["Works", number(stats.works)],
    ["Passages", number(stats.chunks)],
    ["Languages", number(Object.keys(stats.articles_by_lang).length)],
    ["Last ingest", stats.last_ingest ? dateView(stats.last_ingest) : "never"],
    ["Index", element("span", { class: `tone ${state.tone}`, title: readiness.message }, state.words)],
  ];
  return element("dl", { class: "figures" }, facts.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

function problemsView(problems) {
  if (!problems.length) return null;
  const failed = problems.filter((one) => one.outcome === "failed").length;
  const title = [failed && `${number(failed)} failed`, problems.length > failed && `${number(problems.length - failed)} skipped`].filter(Boolean).join(", ");
  const list = element("ul", { class: "left-out" }, problems.map(problemView));
  return element("details", { class: "card", open: failed > 0 }, element("summary", {}, element("h2", {}, "Left out"), element("span", { class: "soft" }, title)), list);
}

const problemView = (one) =>
  element(
    "li",
    {},
    element("span", { class: `tone ${one.outcome === "failed" ? "bad" : "fair"}` }, one.outcome),
    element("div", {}, element("p", { class: "path" }, one.path), element("p", {}, one.reason), one.article_id && element("p", { class: "soft" }, "The version before it stays indexed.")),
  );

// ── Works ──

function worksView(articles) {
  if (!articles.length) return emptyView("Nothing is indexed yet", "Name the folder of your articles above, or run kilde ingest.");
  const works = [...Map.groupBy(articles, (article) => article.work_id).values()];
  const list = element("div", { class: "works" });
  const found = element("p", { class: "soft", role: "status" });
  const more = element("button", { class: "quiet", type: "button" }, "Show more");
  const words = element("input", { id: "words", type: "search", autocomplete: "off", placeholder: "Title or path" });
  const lang = element("select", { id: "lang" }, element("option", { value: "" }, "All languages"), langs(articles).map((tag) => element("option", { value: tag }, languageName(tag))));
  let limit = SHOWN;
  const fill = () => {
    const fitting = works.filter((versions) => versions.some((one) => fits(one, words.value, lang.value)));
    list.replaceChildren(...fitting.slice(0, limit).map(workView));
    more.hidden = fitting.length <= limit;
    found.textContent = fitting.length === works.length ? counted(works.length, "work") : `${number(fitting.length)} of ${counted(works.length, "work")}`;
  };
  const again = (most) => {
    limit = most;
    fill();
  };
  words.addEventListener("input", () => again(SHOWN));
  lang.addEventListener("change", () => again(SHOWN));
  more.addEventListener("click", () => again(limit + SHOWN));
  fill();
  const tools = element("div", { class: "tools" }, field("words", "Find", words), field("lang", "Language", lang), found);
  return element("section", { "aria-labelledby": "works" }, element("h2", { id: "works" }, "Works"), tools, list, more);
}

const field = (id, label, input) => element("p", { class: "field" }, element("label", { for: id }, label), input);

const langs = (articles) => [...new Set(articles.map((one) => one.lang))].sort((a, b) => languageName(a).localeCompare(languageName(b)));

function fits(article, words, lang) {
  const text = `${article.title} ${article.path}`.toLocaleLowerCase();
  return (!lang || article.lang === lang) && words.toLocaleLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function workView(versions) {
  const first = versions.find((one) => one.lang.split("-")[0] === "en") ?? versions[0];
  const newest = versions.map((one) => one.modified ?? one.published ?? "").sort().at(-1);
  const passages = versions.reduce((sum, one) => sum + one.chunks, 0);
  return element(
    "details",
    { class: "work" },
    element(
      "summary",
      {},
      element("span", { class: "title", ...spoken(first.lang) }, first.title),
      element("span", { class: "chips" }, versions.map((one) => languageChip(one.lang))),
      element("span", { class: "soft date" }, newest ? when(newest) : "no date"),
      element("span", { class: "soft count" }, counted(passages, "passage")),
    ),
    element("ul", { class: "versions" }, versions.map(versionView)),
  );
}

const versionView = (one) =>
  element(
    "li",
    {},
    element("span", { class: "soft" }, languageName(one.lang)),
    element("div", {}, linked(one.url, one.title, spoken(one.lang)), element("p", { class: "path" }, one.path)),
    element("span", { class: "soft" }, one.published ? ["published ", dateView(one.published)] : "no date", one.modified && [element("br"), "changed ", dateView(one.modified)]),
    element("span", { class: "soft count" }, counted(one.chunks, "passage")),
  );
