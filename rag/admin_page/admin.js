// The editors' page: the key, the way from one view to the other, and what is shown while a view is on its way.

import { articlesPage } from "./articles.js";
import { Problem, key, readJson, whenRefused } from "./client.js";
import { driftPage } from "./drift.js";
import { element, heading, say } from "./elements.js";
import { feedbackPage } from "./feedback.js";
import { unansweredPage } from "./unanswered.js";

const PAGES = { articles: articlesPage, unanswered: unansweredPage, feedback: feedbackPage, drift: driftPage };
const PATIENCE_MS = 150; // what comes sooner is shown without a notice before it
const $ = (selector) => document.querySelector(selector);
let shown = null;

const wanted = () => (location.hash.slice(1) in PAGES ? location.hash.slice(1) : "articles");

async function show({ moved = false } = {}) {
  const name = wanted();
  const mine = (shown = {});
  const link = $(`nav a[href="#${name}"]`);
  for (const other of document.querySelectorAll("nav a")) other.toggleAttribute("aria-current", false);
  link.setAttribute("aria-current", "page");
  document.title = `${link.textContent} · Kilde`;
  const waiting = setTimeout(() => $("#page").replaceChildren(heading(link.textContent), element("p", { class: "waiting" }, "Loading")), PATIENCE_MS);
  const views = await PAGES[name]().catch((error) => [problemView(error)]);
  clearTimeout(waiting);
  if (shown !== mine) return;
  $("#page").replaceChildren(...views);
  if (moved) ($("#page h1") ?? $("#view")).focus();
}

function problemView(error) {
  if (!(error instanceof Problem)) console.error(error);
  const words = error instanceof Problem ? error.message : "This cannot be shown.";
  return element("p", { class: "problem", role: "alert" }, words, " ", element("button", { class: "quiet", type: "button", onclick: () => show() }, "Try again"));
}

function closed(words = "") {
  shown = null;
  key.forget();
  $("#page").replaceChildren();
  $("#key-problem").textContent = words;
  $("nav").hidden = $("#leave").hidden = true;
  $("#enter").hidden = false;
  document.title = "Editors · Kilde";
  $("#key").focus();
}

function opened({ moved }) {
  $("nav").hidden = $("#leave").hidden = false;
  $("#enter").hidden = true;
  return show({ moved });
}

async function enter(event) {
  event.preventDefault();
  key.set($("#key").value.trim());
  try {
    await readJson("/v1/admin/stats");
  } catch (error) {
    $("#key-problem").textContent = key.get() ? error.message : $("#key-problem").textContent;
    return;
  }
  $("#key").value = "";
  opened({ moved: true });
}

whenRefused(() => closed("The service does not take this key. It is the value of KILDE_ADMIN_KEY; without one this page stays closed."));
$("#enter").addEventListener("submit", enter);
$("#leave").addEventListener("click", () => {
  closed();
  say("Signed out");
});
addEventListener("hashchange", () => key.get() && wanted() === location.hash.slice(1) && show({ moved: true }));
if (key.get()) opened({ moved: false });
else closed();
