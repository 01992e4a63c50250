// DOM elements from values, and values as words. Text becomes text nodes only.

const LOCALE = "en-GB";
const RIGHT_TO_LEFT = new Set(["ar", "fa", "he", "ur", "yi", "ps", "ckb", "sd", "ug", "dv"]);

/** Properties that begin with "on" are listeners, null and false ones are left out; so are such children. */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

/** Attributes of text in a language. */
export const spoken = (lang) => ({ lang, dir: RIGHT_TO_LEFT.has(lang.split("-")[0]) ? "rtl" : "ltr" });

export function languageName(lang) {
  try {
    return new Intl.DisplayNames([LOCALE], { type: "language" }).of(lang);
  } catch {
    return lang;
  }
}

/** A link where the address is one of the web, else the words alone. */
export function linked(address, words, properties = {}) {
  const isWeb = /^https?:\/\//i.test(address ?? "");
  return isWeb ? element("a", { ...properties, href: address, target: "_blank", rel: "noopener" }, words) : element("span", properties, words);
}

export const number = (value) => new Intl.NumberFormat(LOCALE).format(value);

export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** A date as exactly as it is known: 2022, December 2022, 14 December 2022; a time where one is given. */
export function when(date) {
  if (!date) return null;
  const parts = ["year", "month", "day"].slice(0, date.split("T")[0].split("-").length);
  const style = { year: "numeric", month: "short", day: "numeric" };
  const shown = Object.fromEntries(parts.map((part) => [part, style[part]]));
  const time = date.includes("T") ? { hour: "2-digit", minute: "2-digit" } : { timeZone: "UTC" };
  const parsed = new Date(date);
  return Number.isNaN(parsed.getTime()) ? date : new Intl.DateTimeFormat(LOCALE, { ...shown, ...time }).format(parsed);
}

export const dateView = (date) => (date ? element("time", { datetime: date }, when(date)) : null);

export function languageChip(lang, count = null) {
  const name = languageName(lang);
  return element("span", { class: "chip", title: name }, element("span", { "aria-hidden": "true" }, lang), element("span", { class: "unseen" }, name), count && ` ${number(count)}`);
}

/** Read out, and seen by nobody. */
export function say(words) {
  document.querySelector("#said").textContent = words;
}

export const emptyView = (title, words) => element("div", { class: "empty" }, element("p", { class: "lead" }, title), element("p", {}, words));

export const heading = (title, ...about) => element("div", { class: "heading" }, element("h1", { tabindex: "-1" }, title), about);
