// What readers asked in vain, by week, and the same as a file to take along.

import { Problem, readBlob, readJson } from "./client.js";
import { counted, dateView, element, emptyView, heading, languageChip, linked, number, say, spoken } from "./elements.js";

const WEEKS = [4, 8, 13, 26, 52];
const FILES = { markdown: { words: "Download Markdown", name: "unanswered.md" }, csv: { words: "Download CSV", name: "unanswered.csv" } };
const REASONS = { wrong: "wrong", outdated: "out of date", missing_source: "an article is missing", wrong_language: "wrong language", other: "something else" };

export async function unansweredPage() {
  const weeks = element("select", { id: "weeks" }, WEEKS.map((count) => element("option", { value: count }, `${count} weeks`)));
  const problem = element("p", { class: "problem", role: "alert", hidden: true });
  const list = element("div", {});
  const fill = async () => {
    const report = await readJson(`/v1/admin/unanswered?weeks=${weeks.value}`);
    list.replaceChildren(...reportViews(report));
    say(counted(report.questions, "question"));
  };
  const tried = async (work) => {
    problem.hidden = true;
    try {
      await work();
    } catch (error) {
      problem.textContent = error instanceof Problem ? error.message : "That did not work.";
      problem.hidden = false;
    }
  };
  weeks.addEventListener("change", () => tried(fill));
  await fill();
  const downloads = Object.entries(FILES).map(([format, { words, name }]) =>
    element("button", { class: "quiet", type: "button", onclick: () => tried(() => download(`/v1/admin/unanswered?weeks=${weeks.value}&format=${format}`, name)) }, words),
  );
  const about = element("p", { class: "lead" }, "What no article answered, and answers that readers marked as not helpful. Questions that ask the same stand together, whatever their language.");
  const tools = element("div", { class: "tools" }, element("p", { class: "field" }, element("label", { for: "weeks" }, "Period"), weeks), element("p", { class: "actions" }, downloads));
  return [heading("Unanswered questions", about), tools, problem, list];
}

async function download(path, name) {
  const address = URL.createObjectURL(await readBlob(path));
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

function reportViews(report) {
  const weeks = report.weeks.filter((week) => week.groups.length);
  if (!weeks.length) return [emptyView("Nothing was asked in vain", "In this period every question found an answer, and none was marked as not helpful.")];
  const left = report.left_out > 0 && element("p", { class: "soft" }, `${counted(report.left_out, "older question")} are left out.`);
  return [left, ...weeks.map(weekView)].filter(Boolean);
}

const weekView = (week) =>
  element(
    "section",
    { class: "week", "aria-labelledby": week.week },
    element("h2", { id: week.week }, `Week ${Number(week.week.slice(-2))}`, element("span", { class: "soft" }, " ", dateView(week.first_day), " – ", dateView(week.last_day), ` · ${counted(week.questions, "question")}`)),
    element("ul", { class: "entries" }, week.groups.map(groupView)),
  );

function groupView(group) {
  const reasons = Object.entries(group.reasons).map(([reason, count]) => `${REASONS[reason] ?? reason} ${number(count)}`);
  const facts = [
    group.not_found && `${number(group.not_found)} without an answer`,
    group.thumbs_down && `${number(group.thumbs_down)} not helpful${reasons.length ? ` (${reasons.join(", ")})` : ""}`,
    counted(group.askers, "conversation"),
  ];
  return element(
    "li",
    {},
    element("span", { class: "times", "aria-hidden": "true" }, `${number(group.count)}×`),
    element(
      "div",
      {},
      element("h3", { ...spoken(group.label_lang) }, group.label),
      element("p", { class: "soft" }, element("span", { class: "chips" }, Object.entries(group.langs).map(([lang, count]) => languageChip(lang, count > 1 ? count : null))), " ", facts.filter(Boolean).join(" · ")),
      group.examples.length > 0 && element("details", {}, element("summary", {}, "Also asked as"), element("ul", { class: "plain" }, group.examples.map((text) => element("li", { dir: "auto" }, text)))),
      group.nearest.length > 0 && element("p", { class: "near" }, element("span", { class: "soft" }, "Nearest: "), group.nearest.flatMap((one, place) => [place ? ", " : null, linked(one.url, one.title, { ...spoken(one.lang), title: one.path })])),
    ),
  );
}
