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

/** The words of one of LANGUAGES; English where they cannot be had. @param {string} language @returns {Promise<Strings>} */
export async function wordsOf(language) {
  if (language === "en") return english;
  return import(`./strings/${language}.js`).then((module) => module.default, () => english);
}
