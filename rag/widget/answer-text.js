// The text of an answer as it grows: quotes set apart, markers as buttons. What is shown already stays in place, so that
// neither the focus nor a press is lost while more text arrives.

import { element } from "./elements.js";
import { answerPieces, highlightedParts, spoken } from "./reading.js";
import { filled } from "./wording.js";

/** @import { Citation, Context, Piece } from "./types" */

export class AnswerText {
  /** @type {string[]} */
  #shown = [];

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.node = element("p", { class: "answer", part: "answer" });
  }

  /** @param {string} text @param {Citation[]} citations */
  show(text, citations) {
    const pieces = answerPieces(text, citations);
    const keys = pieces.map(key);
    const same = keys.findIndex((made, n) => made !== this.#shown[n]);
    const from = same < 0 ? keys.length : same;
    while (this.node.childNodes.length > from) this.node.lastChild?.remove();
    this.node.append(...pieces.slice(from).map((piece) => this.#view(piece)));
    this.#shown = keys;
  }

  /** @param {Piece} piece */
  #view({ text = "", marker, citation }) {
    if (marker && citation) return this.#marker(marker, citation);
    if (!citation) return element("span", {}, ...withGaps(text));
    return element("q", { class: "quote", part: "quote", ...spoken(citation.source.lang) }, ...highlighted(text, citation));
  }

  /** @param {string} marker @param {Citation} citation */
  #marker(marker, citation) {
    const label = filled(this.context.words.marker, { n: marker, title: citation.source.title });
    const onclick = () => this.context.showPassage(citation.source, [citation]);
    return element("button", { class: "marker", part: "marker", type: "button", "aria-haspopup": "dialog", "aria-label": label, onclick }, marker);
  }
}

/** An empty line becomes the gap between two paragraphs. @param {string} text */
const withGaps = (text) => text.split(/(\n\s*\n)/).map((part, n) => (n % 2 ? element("span", { class: "gap" }, part) : part));

/** @param {Piece} piece */
const key = ({ text, marker, citation }) => JSON.stringify([text, marker, citation?.answer.start, citation?.highlight]);

/** @param {string} text @param {Citation} citation */
function highlighted(text, citation) {
  const [before, short, after] = highlightedParts(text, citation.highlight);
  return [before, short && element("strong", {}, short), after];
}
