// Filters the list of questions. Everything is on the page already; this only hides what is not wanted.
"use strict";

const cases = [...document.querySelectorAll(".case")];
const text = document.getElementById("filter-text");
const choices = ["kinds", "lang", "tags"].map((name) => [name, document.getElementById(`filter-${name}`)]);
const shown = document.getElementById("shown");
const wrongTold = shown.textContent;
const rightAnswers = document.getElementById("right-answers");
const rightShown = document.getElementById("right-shown");
const rightTold = rightShown?.textContent;

const folded = (words) => words.normalize("NFKC").toLocaleLowerCase();
const texts = new Map();
const textOf = (one) => {
  if (!texts.has(one)) texts.set(one, folded(one.textContent));
  return texts.get(one);
};

const isWanted = (one, words) =>
  choices.every(([name, choice]) => !choice.value || one.dataset[name].split("\n").includes(choice.value)) &&
  words.every((word) => textOf(one).includes(word));

const count = (kind) => {
  const all = cases.filter((one) => one.classList.contains(kind));
  return [all.length, all.filter((one) => !one.hidden).length];
};

// Unfiltered, what the page says of all of them, of which it may list a part.
const show = (where, unfiltered, title, kind) => {
  const [all, wanted] = count(kind);
  const isPart = unfiltered !== `${title}: ${all}`;
  where.textContent = all === wanted ? unfiltered : `${title}: ${wanted} of ${all}${isPart ? " listed" : ""}`;
};

const apply = () => {
  const words = folded(text.value).split(/\s+/).filter(Boolean);
  for (const one of cases) one.hidden = !isWanted(one, words);
  show(shown, wrongTold, "Wrong answers", "wrong");
  if (rightShown) show(rightShown, rightTold, "Right answers", "right");
};

const reset = () => {
  text.value = "";
  for (const [, choice] of choices) choice.value = "";
  apply();
};

// A link to a question shows it, whatever is filtered or folded.
const showTarget = () => {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target?.classList.contains("case")) return;
  if (target.hidden) reset();
  if (rightAnswers?.contains(target)) rightAnswers.open = true;
  target.scrollIntoView();
};

document.querySelector(".filters").hidden = false;
text.addEventListener("input", apply);
for (const [, choice] of choices) choice.addEventListener("change", apply);
document.getElementById("filter-reset").addEventListener("click", reset);
addEventListener("hashchange", showTarget);
apply();
showTarget();
