// What the widget makes of what the service sends: events, pieces of text, links. Pure: no document, no network.
// Offsets count Unicode code points, JavaScript strings count UTF-16 units: text is cut as an array of code points.

/** @import { Citation, Piece, ServerEvent, TextRange } from "./types" */

const RTL = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

/** @param {string} lang */
export const directionOf = (lang) => (RTL.has(lang.split("-")[0]) ? "rtl" : "ltr");

/** The attributes of words in that language. @param {string} lang */
export const spoken = (lang) => ({ lang, dir: directionOf(lang) });

/** Only web addresses become links. @param {string | null | undefined} url */
export function safeLink(url) {
  try {
    return ["http:", "https:"].includes(new URL(url ?? "").protocol) ? (url ?? null) : null;
  } catch {
    return null;
  }
}

/**
 * Only web addresses of these hosts; ".example.org" stands for example.org and all below it.
 * @param {string | null | undefined} url
 * @param {string[]} hosts
 */
export function allowedLink(url, hosts) {
  const link = safeLink(url);
  const host = link && new URL(link).hostname;
  const allows = (/** @type {string} */ allowed) => host === allowed || (allowed[0] === "." && `.${host}`.endsWith(allowed));
  return host && hosts.some(allows) ? link : null;
}

/** Takes decoded text as it comes, in any cut, and gives the events that are complete: {event, data}. */
export class EventReader {
  #rest = "";

  /** @param {string} text @returns {ServerEvent[]} */
  take(text) {
    const blocks = (this.#rest + text).replaceAll("\r\n", "\n").split("\n\n");
    this.#rest = blocks.pop() ?? "";
    return blocks.map(readBlock).filter((event) => event !== null);
  }
}

/** @param {string} block @returns {ServerEvent | null} */
function readBlock(block) {
  let event = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const [, name, value] = /^(event|data): ?(.*)$/s.exec(line) ?? [];
    if (name === "event") event = value;
    if (name === "data") data.push(value);
  }
  return data.length ? { event, data: JSON.parse(data.join("\n")) } : null;
}

/**
 * An answer's text in order, as pieces {text}, {text, citation} for a quote, and {marker, citation} for an [n].
 * A sentence that a quote only supports, as a language model writes it, is no quote.
 * A marker stands for the quote before it that has its number; one that stands for none stays text.
 * @param {string} text
 * @param {Citation[]} citations
 * @returns {Piece[]}
 */
export function answerPieces(text, citations) {
  const points = Array.from(text);
  /** @type {Piece[]} */
  const pieces = [];
  let at = 0;
  for (const citation of [...citations].sort((a, b) => a.answer.start - b.answer.start)) {
    const { start, end } = citation.answer;
    if (start < at || end > points.length) continue;
    pieces.push(...markerPieces(points.slice(at, start).join(""), citations, at));
    const supported = points.slice(start, end).join("");
    pieces.push(supported === citation.quote ? { text: supported, citation } : { text: supported });
    at = end;
  }
  pieces.push(...markerPieces(points.slice(at).join(""), citations, at));
  return pieces.filter((piece, n) => piece.marker || (piece.text && !(isBlank(piece) && pieces[n - 1]?.marker && pieces[n + 1]?.marker)));
}

/** Spaces between two markers in a row would only push them apart. @param {Piece} piece */
const isBlank = ({ text = "" }) => /^[^\S\n]*$/.test(text);

/** @param {string} text @param {Citation[]} citations @param {number} offset @returns {Piece[]} */
function markerPieces(text, citations, offset) {
  return text.split(/(\[\d+\])/).map((part) => {
    const marker = /^\[(\d+)\]$/.exec(part)?.[1];
    const citation = marker && citedBefore(Number(marker), offset, citations);
    return citation ? { marker, citation } : { text: part };
  });
}

/** @param {number} n @param {number} offset @param {Citation[]} citations */
function citedBefore(n, offset, citations) {
  const cited = citations.filter((citation) => citation.n === n);
  return cited.findLast((citation) => citation.answer.start < offset) ?? cited[0];
}

/** A quote before, in and after its short answer; the offsets count code points. @param {string} quote @param {TextRange | null | undefined} highlight */
export function highlightedParts(quote, highlight) {
  const points = Array.from(quote);
  const { start, end } = highlight ?? { start: 0, end: 0 };
  return [points.slice(0, start), points.slice(start, end), points.slice(end)].map((part) => part.join(""));
}

/**
 * Paragraphs of an article as [{text, marked}] each; nothing is marked unless every quote stands exactly there.
 * @param {string} text
 * @param {Citation[]} citations
 */
export function articleParagraphs(text, citations) {
  const points = Array.from(text);
  const exact = citations.every(({ source, quote }) => points.slice(source.start, source.end).join("") === quote);
  const places = exact ? citations.map(({ source }) => source).sort((a, b) => a.start - b.start) : [];
  /** @type {{ text: string, marked: boolean }[][]} */
  const paragraphs = [[]];
  let at = 0;
  const run = (/** @type {number} */ end, /** @type {boolean} */ marked) => {
    points.slice(at, end).join("").split("\n").forEach((part, n) => {
      if (n) paragraphs.push([]);
      if (part) paragraphs.at(-1)?.push({ text: part, marked });
    });
    at = Math.max(at, end);
  };
  for (const { start, end } of places) {
    run(start, false);
    run(end, true);
  }
  run(points.length, false);
  return { exact, paragraphs: paragraphs.filter((paragraph) => paragraph.length) };
}
