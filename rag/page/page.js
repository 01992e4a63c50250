// The page: asks, shows the answer as it arrives, and opens the passage behind a citation.
// Text of articles and answers becomes text nodes only.

import { $, element, setAttributes } from "./elements.js";
import { feedbackView } from "./feedback.js";
import { EventReader, answerPieces, articleParagraphs, dateInWords, directionOf, highlightedParts, languageName, safeLink } from "./reading.js";

const LOCALE = "en";
const PHASES = { searching: "Searching the articles", reading: "Reading", writing: "Writing" };
const EXAMPLES = 3;

let conversationId = null;
let running = null;
let opened = null;

const spoken = (lang) => ({ lang, dir: directionOf(lang) });

// ── Asking ──

async function ask(question) {
  running?.abort();
  const mine = (running = new AbortController());
  $("#welcome").hidden = true;
  $("#new").hidden = false;
  $("#send").textContent = "Stop";
  const turn = startTurn(question);
  try {
    await readAnswer(question, turn, mine.signal);
  } catch (error) {
    if (mine.signal.aborted) turn.say("Stopped.");
    else turn.fail(error instanceof Refusal ? error.message : "The connection was lost.", () => ask(question));
  }
  if (running === mine) {
    running = null;
    $("#send").textContent = "Ask";
  }
}

class Refusal extends Error {}

async function readAnswer(question, turn, signal) {
  const response = await post(question, signal);
  const events = new EventReader();
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    for (const { event, data } of events.take(decoder.decode(part.value, { stream: true }))) {
      turn.take(event, data);
      if (event === "message.end") return;
      if (event === "error") throw new Refusal(data.message);
    }
  }
  throw new Refusal("The answer broke off.");
}

async function post(question, signal) {
  const body = JSON.stringify({ question, conversation_id: conversationId, stream: true });
  const headers = { "Content-Type": "application/json", Accept: "text/event-stream" };
  const response = await fetch("/v1/chat", { method: "POST", headers, body, signal });
  if (response.ok) return response;
  const { error } = await response.json();
  if (response.status === 404 && conversationId) {
    conversationId = null; // forgotten by the service: begin anew
    return post(question, signal);
  }
  throw new Refusal(error.message);
}

// ── One turn ──

function startTurn(question) {
  const phase = element("p", { class: "phase", "aria-hidden": "true" }, PHASES.searching);
  const draft = element("p", { class: "answer", "aria-hidden": "true" });
  const parts = element("article", { class: "turn" }, element("h2", { class: "asked", dir: "auto" }, question));
  parts.append(phase, draft);
  $("#log").append(parts);
  parts.scrollIntoView({ block: "start" });
  const finish = (...children) => {
    phase.remove();
    draft.remove();
    parts.append(...children.filter(Boolean));
    parts.scrollIntoView({ block: "start" });
  };
  return {
    take(event, data) {
      if (event === "message.start") {
        conversationId = data.conversation_id;
        setAttributes(draft, spoken(data.lang));
      }
      if (event === "status") phase.textContent = PHASES[data.phase] ?? "";
      if (event === "text.delta") draft.append(data.text);
      if (event === "notice") phase.before(element("p", { class: "notice" }, data.message));
      if (event === "message.end") finish(...answerView(data, question));
    },
    say: (text) => finish(element("p", { class: "notice" }, text)),
    fail: (text, again) => finish(problemView(text, again)),
  };
}

const problemView = (text, again) =>
  element("p", { class: "problem" }, text, element("button", { class: "quiet", type: "button", onclick: again }, "Try again"));

function answerView(answer, question) {
  return [
    answer.standalone_question !== question &&
      element("p", { class: "understood", ...spoken(answer.lang) }, `→ ${answer.standalone_question}`),
    element("p", { class: "answer", ...spoken(answer.lang) }, ...answerPieces(answer.text, answer.citations).map(pieceView)),
    sourcesView("Sources", answer.sources, answer.citations),
    sourcesView("Nearest articles", answer.nearest, []),
    suggestionsView("Ask further", answer.followups, answer.lang),
    answer.status !== "out_of_scope" && feedbackView(answer.message_id),
  ];
}

function pieceView({ text, marker, citation }) {
  if (marker) return markerView(marker, citation);
  return citation ? element("span", { class: "quote", ...spoken(citation.source.lang) }, ...highlightedText(text, citation.highlight)) : text;
}

function highlightedText(text, highlight) {
  const [before, short, after] = highlightedParts(text, highlight);
  return [before, short && element("strong", {}, short), after].filter(Boolean);
}

const markerView = (marker, citation) =>
  element(
    "button",
    {
      class: "marker",
      type: "button",
      "aria-haspopup": "dialog",
      "aria-label": `Source ${marker}: ${citation.source.title}. Show the quoted words`,
      onclick: () => showPassage(citation),
    },
    marker,
  );

function sourcesView(label, sources, citations) {
  if (!sources.length) return null;
  const items = sources.map((source) => sourceView(source, citations.find((citation) => citation.n === source.n)));
  return element("section", { "aria-label": label }, element("h3", { class: "label" }, label), element("ul", { class: "sources" }, ...items));
}

function sourceView(source, citation) {
  const link = safeLink(citation?.source.url ?? source.url);
  const title = element(link ? "a" : "span", { href: link, ...linkTarget(link), ...spoken(source.lang) }, source.title);
  const words = element("div", { class: "words" }, element("div", { class: "title" }, title), element("p", { class: "about" }, aboutSource(source)));
  const open = element("button", { class: "quiet", type: "button", "aria-haspopup": "dialog" }, citation ? "Show quote" : "Read");
  open.setAttribute("aria-label", `${open.textContent}: ${source.title}`);
  open.addEventListener("click", () => showPassage(citation ?? { source, quote: null }));
  const number = citation && element("span", { class: "n", "aria-hidden": "true" }, String(source.n));
  return element("li", {}, number, words, open);
}

const linkTarget = (link) => (link ? { target: "_blank", rel: "noopener" } : {});

function aboutSource(source) {
  const others = source.other_langs?.map((lang) => languageName(lang, LOCALE)).join(", ");
  return [languageName(source.lang, LOCALE), dateInWords(source.published, LOCALE), others && `also in ${others}`]
    .filter(Boolean)
    .join(" · ");
}

function suggestionsView(label, questions, lang) {
  if (!questions.length) return null;
  return element(
    "section",
    { "aria-label": label },
    element("h3", { class: "label" }, label),
    element("ul", { class: "suggestions" }, ...questions.map((question) => suggestion(question, question, lang))),
  );
}

const suggestion = (shown, question, lang) =>
  element("li", {}, element("button", { type: "button", ...spoken(lang), onclick: () => ask(question) }, shown));

// ── The passage behind a citation ──

async function showPassage({ source, quote }) {
  const mine = (opened = {});
  const dialog = $("#passage");
  const text = dialog.querySelector(".text");
  const link = safeLink(source.url);
  $("#passage-title").replaceChildren(source.title);
  setAttributes($("#passage-title"), spoken(source.lang));
  dialog.querySelector(".about").replaceChildren(aboutSource(source));
  dialog.querySelector("footer").replaceChildren(...(link ? [element("a", { href: link, ...linkTarget(link) }, "Open the article")] : []));
  setAttributes(text, spoken(source.lang));
  text.replaceChildren(element("p", { class: "notice", lang: LOCALE, dir: "ltr" }, "Loading the article"));
  dialog.showModal();
  const views = await passageViews(source, quote);
  if (opened !== mine) return;
  text.replaceChildren(...views);
  (text.querySelector("mark") ?? text.firstElementChild)?.scrollIntoView({ block: "center" });
  text.focus({ preventScroll: true });
}

async function passageViews(source, quote) {
  const notice = (words) => element("p", { class: "notice", lang: LOCALE, dir: "ltr" }, words);
  const response = await fetch(`/v1/articles/${encodeURIComponent(source.article_id)}`).catch(() => null);
  if (!response?.ok) return [notice("The article cannot be read at the moment."), quote && element("blockquote", {}, quote)].filter(Boolean);
  const article = await response.json();
  const { exact, paragraphs } = articleParagraphs(article.text, source, quote);
  const views = paragraphs.map((runs) => element("p", {}, ...runs.map(({ text, marked }) => (marked ? element("mark", {}, text) : text))));
  if (quote && !exact) views.unshift(notice("The article has changed since this answer."), element("blockquote", {}, quote));
  return views;
}

// ── The page itself ──

async function showExamples() {
  const response = await fetch("/v1/articles").catch(() => null);
  const articles = response?.ok ? await response.json() : [];
  const works = new Map();
  for (const article of articles) {
    const better = article.lang.split("-")[0] === LOCALE;
    if (better || !works.has(article.work_id)) works.set(article.work_id, article);
  }
  const shown = [...works.values()].slice(0, EXAMPLES);
  const item = ({ title, lang }) => suggestion(`What is “${title}” about?`, `What is “${title}” about?`, LOCALE);
  $("#examples ul").replaceChildren(...shown.map(item));
  $("#examples").hidden = !shown.length;
}

function submit(event) {
  event.preventDefault();
  if (running) {
    running.abort();
    return;
  }
  const question = $("#question").value.trim();
  if (!question) return;
  $("#question").value = "";
  ask(question);
}

function begin() {
  running?.abort();
  conversationId = null;
  $("#log").replaceChildren();
  $("#welcome").hidden = false;
  $("#new").hidden = true;
  $("#question").focus();
}

$("#ask").addEventListener("submit", submit);
$("#question").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) submit(event);
});
$("#new").addEventListener("click", begin);
$("#close").addEventListener("click", () => $("#passage").close());
$("#passage").addEventListener("click", (event) => event.target === $("#passage") && $("#passage").close());
showExamples();
