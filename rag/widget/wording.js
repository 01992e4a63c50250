// Dates, languages, waiting times, troubles and sentences, in the words of a language. Pure.

/** A text with its {names} filled in. @param {string} text @param {Record<string, string | number>} values */
export const filled = (text, values) => text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** "2022", "2022-12" or "2022-12-14" in words, no more exact than it is. @param {string | null} date @param {string} locale */
export function dateInWords(date, locale) {
  if (!date) return null;
  const [year, month, day] = date.slice(0, 10).split("-").map(Number);
  /** @type {Intl.DateTimeFormatOptions} */
  const format = { year: "numeric", timeZone: "UTC" };
  if (month) format.month = "long";
  if (day) format.day = "numeric";
  return new Intl.DateTimeFormat(locale, format).format(Date.UTC(year, (month || 1) - 1, day || 1));
}

/** @param {string} lang @param {string} locale */
export function languageName(lang, locale) {
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(lang) ?? lang;
  } catch {
    return lang;
  }
}

/** "in 20 seconds", "in 5 minutes", "in 3 hours"; never too early. @param {number} seconds @param {string} locale */
export function waitInWords(seconds, locale) {
  const format = new Intl.RelativeTimeFormat(locale);
  if (seconds < 90) return format.format(Math.ceil(seconds), "second");
  if (seconds < 5400) return format.format(Math.ceil(seconds / 60), "minute");
  return format.format(Math.ceil(seconds / 3600), "hour");
}

/** What went wrong, and what to do. @param {import("./service.js").Trouble} trouble @param {import("./types").Context} context */
export function troubleInWords({ kind, waitS }, { words, locale }) {
  if (kind !== "limit") return words[kind];
  return waitS ? filled(words.limit, { when: waitInWords(waitS, locale) }) : words.limitLater;
}

/**
 * The sentences of a text, without source markers; while more of the text is to come, only those that are finished.
 * @param {string} text
 * @param {string} lang
 * @param {boolean} whole
 */
export function sentences(text, lang, whole) {
  const plain = text.replace(/\s*\[\d+\]/g, "");
  if (!("Segmenter" in Intl)) return whole ? [plain] : []; // browsers from before 2024
  const segments = new Intl.Segmenter(lang, { granularity: "sentence" }).segment(plain);
  const found = Array.from(segments, ({ segment }) => segment.trim());
  return (whole ? found : found.slice(0, -1)).filter(Boolean);
}

/** An answer to paste elsewhere, its sources below it. @param {import("./types").Answer} answer @param {string} locale */
export function copyText(answer, locale) {
  const line = (/** @type {import("./types").Source} */ source) => {
    const url = answer.citations.find(({ n }) => n === source.n)?.source.url ?? source.url;
    const about = [source.title, languageName(source.lang, locale), dateInWords(source.published, locale), url];
    return `[${source.n}] ${about.filter(Boolean).join(" · ")}`;
  };
  return [answer.text, answer.sources.map(line).join("\n")].filter(Boolean).join("\n\n");
}
