// The panel behind a citation: the article, with the quoted words marked and in sight.

import { dialogView } from "./dialogs.js";
import { element, setAttributes } from "./elements.js";
import { icon } from "./icons.js";
import { articleParagraphs, directionOf, spoken } from "./reading.js";
import { Trouble } from "./service.js";
import { aboutSource, linkView } from "./sources.js";
import { troubleInWords } from "./wording.js";

/** @import { Citation, CitationSource, Context, Source } from "./types" */

export class Passage {
  /** Counts what was opened; only the last one may be shown. */
  #opened = 0;

  /** @param {Context} context */
  constructor(context) {
    const { words } = context;
    this.context = context;
    this.title = element("h2", { id: "passage-title" });
    this.about = element("p", { class: "about" });
    this.text = element("div", { class: "text", tabindex: "0", role: "region", "aria-label": words.passage });
    this.footer = element("footer");
    const close = element("button", { class: "bare", type: "button", "aria-label": words.close, onclick: () => this.dialog.close() }, icon("close"));
    const header = element("header", {}, element("div", {}, this.title, this.about), close);
    const properties = { class: "passage", part: "passage", "aria-labelledby": "passage-title" };
    this.dialog = dialogView(properties, header, this.text, this.footer);
  }

  /** @param {CitationSource | Source} source @param {Citation[]} citations */
  async show(source, citations) {
    const mine = (this.#opened += 1);
    this.#head(source);
    this.text.replaceChildren(this.#notice(this.context.words.loading));
    this.dialog.showModal();
    const before = this.#focused;
    const views = await this.#views(source, citations);
    if (this.#opened !== mine) return;
    this.text.replaceChildren(...views);
    this.#scrollTo(this.text.querySelector("mark"));
    if (this.#focused === before) this.text.focus({ preventScroll: true }); // not from who has moved on meanwhile
  }

  get #focused() {
    return /** @type {ShadowRoot} */ (this.dialog.getRootNode()).activeElement;
  }

  /** @param {CitationSource | Source} source */
  #head(source) {
    const link = this.context.link(source.url);
    this.title.replaceChildren(source.title);
    this.about.replaceChildren(aboutSource(source, this.context));
    this.footer.replaceChildren(...(link ? [linkView(this.context, link, source, { class: "out" }, this.context.words.article, icon("out"))] : []));
    this.footer.hidden = !link;
    setAttributes(this.title, spoken(source.lang));
    setAttributes(this.text, spoken(source.lang));
  }

  /** @param {CitationSource | Source} source @param {Citation[]} citations @returns {Promise<HTMLElement[]>} */
  async #views(source, citations) {
    const { words, service } = this.context;
    const whole = citations.map(({ quote }) => element("blockquote", {}, element("mark", {}, quote)));
    const article = await service.article(source.article_id).catch((/** @type {Trouble} */ trouble) => trouble);
    if (article instanceof Trouble) return [this.#notice(this.#unread(article)), ...whole];
    const { exact, paragraphs } = articleParagraphs(article.text, citations);
    const [first] = paragraphs;
    const titled = first?.length === 1 && !first[0].marked && first[0].text === source.title; // it stands above already
    const views = paragraphs.slice(titled ? 1 : 0).map((runs) => element("p", {}, ...runs.map(({ text, marked }) => (marked ? element("mark", {}, text) : text))));
    return exact ? views : [this.#notice(words.changed), ...whole, ...views];
  }

  /** Why the article cannot be read. @param {Trouble} trouble */
  #unread(trouble) {
    const { words } = this.context;
    if (trouble.status === 404) return words.gone;
    return trouble.kind === "refused" ? words.failed : troubleInWords(trouble, this.context);
  }

  /** @param {string} words */
  #notice(words) {
    const { locale } = this.context;
    return element("p", { class: "notice", lang: locale, dir: directionOf(locale) }, words);
  }

  /** @param {HTMLElement | null} mark */
  #scrollTo(mark) {
    const above = mark ? mark.getBoundingClientRect().top - this.text.getBoundingClientRect().top : 0;
    this.text.scrollTop += Math.max(0, above - this.text.clientHeight / 3);
  }
}
