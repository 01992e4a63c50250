// The articles below an answer: title, language, date, and a button that opens the passage.

import { element } from "./elements.js";
import { icon } from "./icons.js";
import { spoken } from "./reading.js";
import { dateInWords, filled, languageName } from "./wording.js";

/** @import { Citation, CitationSource, Context, Source } from "./types" */

/** @param {Context} context @param {string} label @param {Source[]} sources @param {Citation[]} citations */
export function sourcesView(context, label, sources, citations) {
  if (!sources.length) return null;
  const items = sources.map((source) => sourceView(context, source, citations.filter((citation) => citation.n === source.n)));
  const list = element("ul", { class: "sources", role: "list" }, ...items);
  return element("section", { "aria-label": label, part: "sources" }, element("h4", { class: "label" }, label), list);
}

/** @param {Context} context @param {Source} source @param {Citation[]} citations those of it */
function sourceView(context, source, citations) {
  const [citation] = citations;
  const words = citation ? context.words.quote : context.words.read;
  const open = () => context.showPassage(citation?.source ?? source, citations);
  const number = citation && element("span", { class: "n", "aria-hidden": "true" }, String(source.n));
  const about = element("p", { class: "about" }, aboutSource(source, context));
  const title = element("div", { class: "title" }, titleView(context, source, citation));
  const label = `${words}: ${source.title}`;
  const button = element("button", { class: "quiet", type: "button", "aria-haspopup": "dialog", "aria-label": label, onclick: open }, element("span", {}, words), citation && icon("quote"));
  return element("li", {}, number, element("div", { class: "words" }, title, about), button);
}

/** @param {Context} context @param {Source} source @param {Citation | undefined} citation */
function titleView(context, source, citation) {
  const link = context.link(citation?.source.url ?? source.url);
  if (!link) return element("span", spoken(source.lang), source.title);
  return linkView(context, link, source, spoken(source.lang), source.title);
}

/**
 * A link to an article, which tells the page that it was followed.
 * @param {Context} context
 * @param {string} link
 * @param {Source | CitationSource} source
 * @param {Record<string, string>} properties
 * @param {...(Node | string)} children
 */
export function linkView(context, link, source, properties, ...children) {
  const onclick = () => context.tell("source-click", { article_id: source.article_id, url: link });
  return element("a", { href: link, target: "_blank", rel: "noopener", onclick, ...properties }, ...children);
}

/** @param {Source | CitationSource} source @param {Context} context */
export function aboutSource(source, { words, locale }) {
  const others = "other_langs" in source && source.other_langs?.map((lang) => languageName(lang, locale)).join(", ");
  return [languageName(source.lang, locale), dateInWords(source.published, locale), others && filled(words.alsoIn, { langs: others })]
    .filter(Boolean)
    .join(" · ");
}
