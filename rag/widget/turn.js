// One question with its answer, from the first event to the last, or to what went wrong.

import { actionsView } from "./feedback.js";
import { AnswerText } from "./answer-text.js";
import { element, present, setAttributes } from "./elements.js";
import { icon } from "./icons.js";
import { spoken } from "./reading.js";
import { sourcesView } from "./sources.js";
import { sentences, troubleInWords } from "./wording.js";

/** @import { Answer, Citation, Context, Outcome, ServerEvent } from "./types" */
/** @import { Trouble } from "./service.js" */

/** What is said of an LLM's answer. @type {Record<string, (words: Context["words"]) => string>} */
const NOTICES = {
  llm_unavailable: (words) => words.quotesOnly,
  llm_unsupported: (words) => words.quotesOnly,
  llm_silent: (words) => words.quotesOnly,
  llm_wrong_language: (words) => words.quotesOnly,
  llm_interrupted: (words) => words.completed,
  sentence_left_out: (words) => words.leftOut,
  answer_shortened: (words) => words.shortened,
};

export class Turn {
  #text = "";
  /** @type {Citation[]} */
  #citations = [];
  #said = 0;
  /** Nothing of what is shown again is announced. */
  isQuiet = false;

  /** @param {Context} context @param {string} question */
  constructor(context, question) {
    this.context = context;
    this.question = question;
    this.lang = context.locale; // until the answer's own is known
    this.answer = new AnswerText(context);
    this.understood = element("p", { class: "understood", hidden: true });
    this.phase = element("p", { class: "phase" }, context.words.searching);
    const asked = element("h3", { class: "asked", part: "question", dir: "auto" }, question);
    this.node = element("article", { class: "turn", part: "turn", tabindex: "-1" }, asked, this.understood, this.phase, this.answer.node);
  }

  /** @param {ServerEvent} event */
  take({ event, data }) {
    const { words } = this.context;
    if (event === "message.start") this.#begin(data.lang, data.standalone_question);
    if (event === "status") this.phase.textContent = words[/** @type {"searching"} */ (data.phase)] ?? "";
    if (event === "citation") this.#citations.push(data);
    if (event === "text.delta") this.#text += data.text;
    if (event === "notice") this.phase.before(this.#notice(data));
    if (event === "citation" || event === "text.delta") this.#grow(false);
    if (event === "message.end") this.#finish(data);
  }

  /** @param {Answer} answer */
  #finish(answer) {
    const { context } = this;
    this.#begin(answer.lang, answer.standalone_question);
    this.#text = answer.text;
    this.#citations = answer.citations;
    this.#grow(true);
    this.#close(
      sourcesView(context, context.words.sources, answer.sources, answer.citations),
      sourcesView(context, context.words.nearest, answer.nearest, []),
      actionsView(context, answer),
      suggestionsView(context, context.words.further, answer.followups.map((text) => ({ text, lang: answer.lang }))),
    );
  }

  /** @param {Outcome | null} outcome @param {() => void} again */
  end(outcome, again) {
    if (outcome === "stopped") this.#stopped(again);
    else if (outcome && outcome !== "whole") this.#fail(outcome, again);
  }

  /** @param {() => void} again */
  #stopped(again) {
    this.#close(this.#againView("notice", [this.context.words.stopped], again));
    this.#say(this.context.words.stopped);
  }

  /** @param {Trouble} trouble @param {() => void} again */
  #fail(trouble, again) {
    const told = troubleInWords(trouble, this.context);
    const detail = ["refused", "forbidden"].includes(trouble.kind) && trouble.message && element("span", { class: "about", lang: "en", dir: "ltr" }, trouble.message);
    const problem = this.#againView(`problem ${trouble.kind}`, [element("span", {}, told), detail], again);
    problem.prepend(icon("problem"));
    this.#close(problem);
    this.#say(told);
  }

  /** @param {string} lang @param {string} standalone */
  #begin(lang, standalone) {
    this.lang = lang;
    setAttributes(this.answer.node, spoken(lang));
    this.understood.hidden = standalone === this.question;
    const label = element("span", {}, `${this.context.words.understood} `);
    this.understood.replaceChildren(label, element("q", spoken(lang), standalone));
  }

  /** @param {boolean} whole */
  #grow(whole) {
    this.answer.show(this.#text, this.#citations);
    const finished = sentences(this.#text, this.lang, whole);
    for (const sentence of finished.slice(this.#said)) this.#say(sentence, this.lang);
    this.#said = Math.max(this.#said, finished.length);
  }

  /** @param {string} text @param {string} [lang] */
  #say(text, lang) {
    if (!this.isQuiet) this.context.say(text, lang);
  }

  /** @param {...(HTMLElement | null)} parts */
  #close(...parts) {
    this.phase.remove();
    this.node.append(...present(parts));
  }

  /** @param {string} kind @param {(HTMLElement | string | false | "")[]} children @param {() => void} again */
  #againView(kind, children, again) {
    const button = element("button", { class: "quiet", type: "button", onclick: again }, this.context.words.again);
    return element("div", { class: kind }, element("p", {}, ...children), button);
  }

  /** @param {{ code: string, message: string }} notice */
  #notice({ code, message }) {
    const known = NOTICES[code]?.(this.context.words);
    return element("p", known ? { class: "notice" } : { class: "notice", lang: "en", dir: "ltr" }, known ?? message);
  }
}

/** @param {Context} context @param {string} label @param {import("./types").Example[]} questions @param {"h3" | "h4"} [level] */
export function suggestionsView(context, label, questions, level = "h4") {
  if (!questions.length) return null;
  const items = questions.map(({ text, lang }) =>
    element("li", {}, element("button", { type: "button", ...spoken(lang), onclick: () => context.ask(text) }, text)),
  );
  const list = element("ul", { class: "suggestions", role: "list" }, ...items);
  return element("section", { "aria-label": label, part: "suggestions" }, element(level, { class: "label" }, label), list);
}
