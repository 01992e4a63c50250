// Which of its languages the widget speaks.

import english from "./strings/en.js";

/** @import { Strings } from "./types" */

export const LANGUAGES = ["ar", "da", "de", "en", "es", "fi", "fr", "he", "it", "ja", "nb", "nl", "pl", "pt", "ru", "sv", "tr", "uk", "zh"];
const SAME = /** @type {Record<string, string>} */ ({ iw: "he", nn: "nb", no: "nb" });

/** The first of some language tags that the widget speaks, else English. @param {readonly (string | null | undefined | false)[]} wanted */
export function chosenLanguage(wanted) {
  for (const tag of wanted) {
    const base = (tag || "").toLowerCase().split("-")[0];
    const spoken = SAME[base] ?? base;
    if (LANGUAGES.includes(spoken)) return spoken;
  }
  return "en";
}

/**
 * The words of one of LANGUAGES, and which it is: English where they cannot be had.
 * @param {string} language
 * @returns {Promise<{ words: Strings, language: string }>}
 */
export async function wordsOf(language) {
  const inEnglish = { words: english, language: "en" };
  if (language === "en") return inEnglish;
  return import(`./strings/${language}.js`).then((module) => ({ words: module.default, language }), () => inEnglish);
}
