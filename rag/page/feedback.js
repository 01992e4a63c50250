// Thumbs up and down under an answer; after a thumbs-down a reason and a comment, both optional.
// A second press takes the judgement back.

import { element } from "./elements.js";

const REASONS = {
  wrong: "It is wrong",
  outdated: "It is out of date",
  missing_source: "An article is missing",
  wrong_language: "It is in the wrong language",
  other: "Something else",
};
const COMMENT_CHARACTERS = 2000;
let count = 0;

export function feedbackView(messageId) {
  const group = `feedback-${(count += 1)}`;
  let rating = null;
  let sent = Promise.resolve(); // one after another: the last press must be the last to arrive
  const state = element("p", { class: "about", role: "status" });
  const buttons = { up: thumb("👍", "Helpful", "up"), down: thumb("👎", "Not helpful", "down") };
  const form = detailsForm(group, sendDetails);

  function thumb(sign, name, value) {
    const shown = element("span", { "aria-hidden": "true" }, sign);
    const press = () => rate(rating === value ? null : value);
    return element("button", { class: "quiet", type: "button", "aria-pressed": "false", onclick: press }, shown, ` ${name}`);
  }

  async function rate(value) {
    const before = rating;
    show(value);
    const done = await send({ rating: value });
    if (!done) show(before);
    state.textContent = !done ? "That could not be sent. Please try again." : value ? "Thank you." : "Taken back.";
  }

  async function sendDetails(details) {
    const done = await send({ rating: "down", ...details });
    state.textContent = done ? "Thank you for telling us." : "That could not be sent. Please try again.";
    if (!done) return;
    form.hidden = true;
    buttons.down.focus();
  }

  function send(judgement) {
    sent = sent.then(() => post(messageId, judgement));
    return sent;
  }

  function show(value) {
    rating = value;
    for (const [name, button] of Object.entries(buttons)) button.setAttribute("aria-pressed", String(name === value));
    form.hidden = value !== "down";
  }

  const label = element("h3", { class: "label", id: `${group}-label` }, "Was this helpful?");
  return element("section", { class: "feedback", "aria-labelledby": `${group}-label` }, label, buttons.up, buttons.down, form, state);
}

function detailsForm(group, sendDetails) {
  const choices = Object.entries(REASONS).map(([value, words]) =>
    element("label", {}, element("input", { type: "radio", name: group, value }), words),
  );
  const comment = element("textarea", { id: `${group}-comment`, rows: "2", maxlength: String(COMMENT_CHARACTERS), dir: "auto", "aria-describedby": `${group}-advice` });
  const form = element(
    "form",
    { hidden: "" },
    element("fieldset", {}, element("legend", {}, "What is the matter with it?"), ...choices),
    element("label", { for: `${group}-comment` }, "Comment (optional)"),
    comment,
    element("p", { class: "about", id: `${group}-advice` }, "Please write no names, addresses or numbers of persons."),
    element("button", { class: "quiet", type: "submit" }, "Send"),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const reason = form.querySelector("input:checked")?.value ?? null;
    sendDetails({ reason, comment: comment.value });
  });
  return form;
}

async function post(messageId, judgement) {
  const body = JSON.stringify(judgement);
  const headers = { "Content-Type": "application/json" };
  const address = `/v1/messages/${encodeURIComponent(messageId)}/feedback`;
  const response = await fetch(address, { method: "POST", headers, body }).catch(() => null);
  return Boolean(response?.ok);
}
