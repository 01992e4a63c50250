// The demo page around the widget: its language, questions to begin with, and the code to embed.

import { LANGUAGES, chosenLanguage, directionOf, element, languageName, spoken, wordsOf } from "/widget/v1/widget.js";
import { examplesFor } from "./examples.js";

/** @import { Listed } from "./examples.js" */

const hero = /** @type {HTMLElement} */ (document.querySelector("#hero"));
const english = Array.from(hero.children, (child) => child.textContent);
const chat = /** @type {HTMLElement} */ (document.querySelector("#chat"));
const choice = /** @type {HTMLSelectElement} */ (document.querySelector("#language"));
const snippet = /** @type {HTMLElement} */ (document.querySelector("#snippet"));
const copied = /** @type {HTMLElement} */ (document.querySelector("#copied"));

function offerLanguages() {
  const options = LANGUAGES.map((lang) => element("option", { value: lang, ...spoken(lang) }, languageName(lang, lang)));
  choice.append(...options);
  choice.value = chosenLanguage(navigator.languages);
}

/** @param {Listed[]} articles */
function show(articles) {
  const lang = choice.value;
  const items = examplesFor(articles, lang).map((example) => element("li", { lang: example.lang }, example.text));
  chat.replaceChildren(element("ul", { hidden: true }, ...items));
  chat.setAttribute("lang", lang);
  chat.setAttribute("dir", directionOf(lang));
  greet(lang);
}

/** What readers see first, in their language; what is for publishers stays English. @param {string} wanted */
async function greet(wanted) {
  const { words, language } = await wordsOf(wanted);
  if (wanted !== choice.value) return;
  const texts = language === "en" ? english : [words.heading, words.intro];
  Array.from(hero.children).forEach((child, n) => child.replaceChildren(texts[n] ?? ""));
  hero.lang = language;
  hero.dir = directionOf(language);
  document.documentElement.classList.remove("greeting");
}

/** @returns {Promise<Listed[]>} */
async function listed() {
  const response = await fetch("/v1/articles").catch(() => null);
  return response?.ok ? response.json() : [];
}

async function copySnippet() {
  const done = await (navigator.clipboard?.writeText(snippet.textContent ?? "") ?? Promise.reject()).then(() => true, () => false);
  copied.textContent = done ? "Copied." : "It could not be copied. Please select it.";
}

snippet.textContent = `<script type="module" src="${location.origin}/widget/v1/widget.js" data-site-id="YOUR-SITE"></script>`;
document.querySelector("#copy")?.addEventListener("click", copySnippet);
offerLanguages();
chat.setAttribute("lang", choice.value);
greet(choice.value);
const articles = await listed();
choice.addEventListener("change", () => show(articles));
show(articles);
