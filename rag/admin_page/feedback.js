// What readers said of answers, the newest first.

import { readJson } from "./client.js";
import { counted, dateView, element, emptyView, heading, languageChip, linked, number, spoken } from "./elements.js";

const LISTED = 500;
const REASONS = { wrong: "It is wrong", outdated: "It is out of date", missing_source: "An article is missing", wrong_language: "It is in the wrong language", other: "Something else" };
const STATUSES = { answered: "answered", partial: "answered in part", not_found: "not found", out_of_scope: "not about the articles" };
const CHOICES = { all: "All", down: "Not helpful", up: "Helpful" };

export async function feedbackPage() {
  const { total, feedback } = await readJson(`/v1/admin/feedback?limit=${LISTED}`);
  const about = element("p", { class: "lead" }, "What readers said of answers. Names, addresses and numbers are taken out where they were recognised.");
  if (!feedback.length) return [heading("Feedback", about), emptyView("No feedback yet", "Readers give it with the thumbs under an answer.")];
  const list = element("ul", { class: "entries" });
  const buttons = Object.entries(CHOICES).map(([choice, words]) => {
    const count = feedback.filter((one) => choice === "all" || one.rating === choice).length;
    return element("button", { type: "button", "aria-pressed": "false", "data-choice": choice, onclick: () => choose(choice) }, `${words} `, element("span", { class: "soft" }, number(count)));
  });
  function choose(choice) {
    for (const button of buttons) button.setAttribute("aria-pressed", String(button.dataset.choice === choice));
    list.replaceChildren(...feedback.filter((one) => choice === "all" || one.rating === choice).map(judgementView));
  }
  choose("all");
  const rest = total > feedback.length && element("p", { class: "soft" }, `The newest ${number(feedback.length)} of ${counted(total, "judgement")}.`);
  return [heading("Feedback", about), element("div", { class: "choices", role: "group", "aria-label": "Which" }, buttons), list, rest].filter(Boolean);
}

const judgementView = (one) =>
  element(
    "li",
    {},
    element("span", { class: `thumb ${one.rating}`, role: "img", "aria-label": one.rating === "up" ? "Helpful" : "Not helpful" }, one.rating === "up" ? "👍" : "👎"),
    element(
      "div",
      {},
      element("h2", { ...spoken(one.lang) }, one.question),
      one.comment && element("blockquote", { dir: "auto" }, one.comment),
      element("p", { class: "soft" }, [one.reason && element("strong", {}, REASONS[one.reason] ?? one.reason), dateView(one.given_at), languageChip(one.lang), STATUSES[one.status] ?? one.status].filter(Boolean).flatMap((part, place) => [place ? " · " : null, part])),
      one.sources.length > 0 && element("p", { class: "near" }, element("span", { class: "soft" }, one.status === "not_found" ? "Nearest: " : "From: "), one.sources.flatMap((source, place) => [place ? ", " : null, linked(source.url, source.title, { ...spoken(source.lang), title: source.path })])),
    ),
  );
