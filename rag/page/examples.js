// Questions to begin with: those of the sample articles where these are indexed, else some made of the titles.
// In: the list of articles, a language. Out: questions. Pure.

/** @typedef {{ work_id: string, path: string, lang: string, title: string }} Listed an article, as the service lists it */
/** @typedef {{ lang: string, text: string }} Example */

const MOST = 3;
/** Only the sample articles have all of these. */
const SAMPLE = ["models/q8-55-e-tron/_index.md", "news/zandhaven-2022-correction.md", "guides/v2h-basics.ja.md"];
const QUESTIONS = /** @type {Record<string, string[]>} */ ({
  en: ["What is the range of the Q8 55 e-tron?", "How many cars were built in Zandhaven in 2022?", "Does fast charging harm the battery?"],
  de: ["Wie hoch ist die Reichweite des Q8 55 e-tron?", "Wie viele Autos wurden 2022 in Zandhaven gebaut?", "Schadet Schnellladen der Batterie?"],
  nl: ["Hoeveel auto's zijn er in 2022 in Zandhaven gebouwd?", "Hoeveel laadpunten heeft het laadplein in Zandhaven?"],
  fr: ["Quelle est l'autonomie du Q8 50 e-tron ?", "La recharge rapide abîme-t-elle la batterie ?", "Combien de bornes compte l'aire des Trois-Chênes ?"],
  es: ["¿Qué autonomía tiene el Q8 55 e-tron?", "¿Cuántos metros mide el ciclo WLTP?", "¿Cuándo salió de fábrica el primer Heron?"],
  it: ["Che autonomia ha la Q8 55 e-tron?", "Quante auto sono state costruite a Zandhaven nel 2022?"],
  pt: ["Qual é a autonomia do Q8 55 e-tron?", "Quantos carros foram construídos em Zandhaven em 2022?"],
  nb: ["Hva er rekkevidden til Q8 55 e-tron?", "Hvor mye rekkevidde mister bilen om vinteren?"],
  sv: ["Vilken räckvidd har Q8 55 e-tron?", "Hur många bilar byggdes i Zandhaven 2022?"],
  da: ["Hvad er rækkevidden for Q8 55 e-tron?", "Hvor mange biler blev der bygget i Zandhaven i 2022?"],
  fi: ["Mikä on Q8 55 e-tronin toimintamatka?", "Kuinka monta autoa Zandhavenissa rakennettiin vuonna 2022?"],
  pl: ["Jaki zasięg ma Q8 55 e-tron?", "Ile samochodów zbudowano w Zandhaven w 2022 roku?"],
  tr: ["Q8 55 e-tron'un menzili ne kadar?", "2022'de Zandhaven'da kaç otomobil üretildi?"],
  uk: ["Який запас ходу в e-tron GT?", "Скільки ємності лишається в батареї після 100 000 км?"],
  ru: ["Сколько машин построили в Zandhaven в 2022 году?", "Вредит ли быстрая зарядка батарее?"],
  ar: ["كم في المئة انخفض المدى بسبب الحر؟", "هل يضر الشحن السريع بالبطارية؟"],
  he: ["מה הטווח של Q8 55 e-tron?", "כמה מכוניות נבנו ב-Zandhaven בשנת 2022?"],
  ja: ["急速充電は電池を傷めますか？", "V2Hの設置にいくらかかりましたか？"],
  zh: ["Q8 55 e-tron 的续航里程是多少？", "2022年Zandhaven生产了多少辆汽车？"],
});

/** @param {Listed[]} articles @param {string} lang @returns {Example[]} */
export function examplesFor(articles, lang) {
  const paths = new Set(articles.map(({ path }) => path));
  if (!SAMPLE.every((path) => paths.has(path))) return ofTitles(articles);
  return QUESTIONS[lang].map((text) => ({ lang, text }));
}

/** One for each work, by its English title where it has one. @param {Listed[]} articles @returns {Example[]} */
function ofTitles(articles) {
  const works = new Map();
  for (const article of articles) {
    if (article.lang.split("-")[0] === "en" || !works.has(article.work_id)) works.set(article.work_id, article);
  }
  return [...works.values()].slice(0, MOST).map(({ title }) => ({ lang: "en", text: `What is “${title}” about?` }));
}
