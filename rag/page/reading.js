// What the page makes of what the service sends: events, pieces of text, links. Pure: no document, no network.
// Offsets count Unicode code points, JavaScript strings count UTF-16 units: text is cut as an array of code points.

const RTL = new Set(["ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi"]);

export const directionOf = (lang) => (RTL.has(lang.split("-")[0]) ? "rtl" : "ltr");

/** Only web addresses become links. */
export function safeLink(url) {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol) ? url : null;
  } catch {
    return null;
  }
}

/** Takes decoded text as it comes, in any cut, and gives the events that are complete: {event, data}. */
export class EventReader {
  #rest = "";

  take(text) {
    const blocks = (this.#rest + text).replaceAll("\r\n", "\n").split("\n\n");
    this.#rest = blocks.pop();
    return blocks.map(readBlock).filter(Boolean);
  }
}

function readBlock(block) {
  const fields = { event: "message", data: [] };
  for (const line of block.split("\n")) {
    const [, name, value] = /^(event|data): ?(.*)$/s.exec(line) ?? [];
    if (name === "event") fields.event = value;
    if (name === "data") fields.data.push(value);
  }
  return fields.data.length ? { event: fields.event, data: JSON.parse(fields.data.join("\n")) } : null;
}

/**
 * An answer's text in order, as pieces {text}, {text, citation} for a quote, and {marker, citation} for an [n].
 * A marker stands for the quote before it that has its number; one that stands for none stays text.
 */
export function answerPieces(text, citations) {
  const points = Array.from(text);
  const pieces = [];
  let at = 0;
  for (const citation of [...citations].sort((a, b) => a.answer.start - b.answer.start)) {
    const { start, end } = citation.answer;
    if (start < at || end > points.length) continue;
    pieces.push(...markerPieces(points.slice(at, start).join(""), citations, at));
    pieces.push({ text: points.slice(start, end).join(""), citation });
    at = end;
  }
  pieces.push(...markerPieces(points.slice(at).join(""), citations, at));
  return pieces.filter((piece) => piece.marker || piece.text);
}

function markerPieces(text, citations, offset) {
  return text.split(/(\[\d+\])/).map((part) => {
    const marker = /^\[(\d+)\]$/.exec(part)?.[1];
    const citation = marker && citedBefore(Number(marker), offset, citations);
    return citation ? { marker, citation } : { text: part };
  });
}

function citedBefore(n, offset, citations) {
  const cited = citations.filter((citation) => citation.n === n);
  return cited.findLast((citation) => citation.answer.start < offset) ?? cited[0];
}

/** A quote before, in and after its short answer; the offsets count code points. */
export function highlightedParts(quote, highlight) {
  const points = Array.from(quote);
  const { start, end } = highlight ?? { start: 0, end: 0 };
  return [points.slice(0, start), points.slice(start, end), points.slice(end)].map((part) => part.join(""));
}

/** Paragraphs of an article as [{text, marked}] each; nothing is marked unless the quote stands exactly there. */
export function articleParagraphs(text, source, quote) {
  const points = Array.from(text);
  const exact = points.slice(source.start, source.end).join("") === quote;
  const [start, end] = exact ? [source.start, source.end] : [0, 0];
  const runs = [[0, start, false], [start, end, true], [end, points.length, false]];
  const paragraphs = [[]];
  for (const [from, to, marked] of runs) {
    points.slice(from, to).join("").split("\n").forEach((part, n) => {
      if (n) paragraphs.push([]);
      if (part) paragraphs.at(-1).push({ text: part, marked });
    });
  }
  return { exact, paragraphs: paragraphs.filter((paragraph) => paragraph.length) };
}

/** "2022", "2022-12" or "2022-12-14" in words, no more exact than it is. */
export function dateInWords(date, locale) {
  if (!date) return null;
  const [year, month, day] = date.slice(0, 10).split("-").map(Number);
  const format = { year: "numeric", ...(month && { month: "long" }), ...(day && { day: "numeric" }), timeZone: "UTC" };
  return new Intl.DateTimeFormat(locale, format).format(Date.UTC(year, (month || 1) - 1, day || 1));
}

export function languageName(lang, locale) {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(lang);
  } catch {
    return lang;
  }
}
