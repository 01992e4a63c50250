// What can be done with an answer: judge it, with a reason and a comment after a thumbs-down, and copy it.
// A second press on a thumb takes the judgement back.

import { element, setAttributes } from "./elements.js";
import { icon } from "./icons.js";
import { copyText } from "./wording.js";

/** @import { Answer, Context, Judged, Judgement, Rating } from "./types" */

const REASONS = /** @type {const} */ (["wrong", "outdated", "missing_source", "wrong_language", "other"]);
const COMMENT_CHARACTERS = 2000;
/** What is said of a judgement; after a thumbs-down, which asks for a reason, only once that is given. */
const SAID = {
  up: (/** @type {Context["words"]} */ words) => words.thanks,
  down: () => "",
  none: (/** @type {Context["words"]} */ words) => words.takenBack,
};
let count = 0;

/** @param {Context} context @param {Answer} answer */
export function actionsView(context, answer) {
  const { words } = context;
  const state = element("p", { class: "about state", role: "status" });
  const copy = iconButton("copy", words.copy, async () => {
    const done = await copied(copyText(answer, context.locale));
    state.textContent = done ? words.copied : words.unsent;
  });
  const { buttons, form } = feedback(context, answer.message_id, state);
  const judging = answer.status !== "out_of_scope" && buttons;
  return element("div", { class: "actions", part: "actions" }, element("div", { class: "row" }, ...(judging || []), copy, state), form);
}

/** @param {Context} context @param {string} messageId @param {HTMLElement} state */
function feedback(context, messageId, state) {
  const { words } = context;
  let judged = context.conversation.judgedOf(messageId);
  let sent = Promise.resolve(true); // one after another: the last press must be the last to arrive
  const thumb = (/** @type {"up" | "down"} */ value) =>
    iconButton(value, value === "up" ? words.helpful : words.unhelpful, () => rate(judged.rating === value ? null : value));
  const thumbs = { up: thumb("up"), down: thumb("down") };
  const form = detailsForm(context, sendDetails);
  setAttributes(thumbs.down, { "aria-controls": form.id });
  show(judged);

  /** @param {Rating} rating */
  async function rate(rating) {
    const before = judged;
    settle({ rating });
    if (rating === "down") showForm();
    const done = await send({ rating });
    if (!done) settle(before);
    state.textContent = done ? SAID[rating ?? "none"](words) : words.unsent;
  }

  /** With what is asked in sight, and said. */
  function showForm() {
    form.scrollIntoView({ block: "nearest" });
    context.say(words.why);
  }

  /** @param {{ reason: string | null, comment: string }} details */
  async function sendDetails(details) {
    const done = await send({ rating: "down", ...details });
    state.textContent = done ? words.thanks : words.unsent;
    if (!done) return;
    settle({ rating: "down", explained: true });
    thumbs.down.focus();
  }

  /** @param {Judgement} judgement */
  function send(judgement) {
    const post = () => context.service.rate(messageId, judgement);
    const tell = () => context.tell("feedback-submit", { message_id: messageId, ...judgement });
    return (sent = sent.then(post).then(() => (tell(), true), () => false));
  }

  /** Before it has arrived: who leaves at once finds it on the next page. @param {Judged} now */
  function settle(now) {
    context.conversation.keepJudged(messageId, now);
    show(now);
  }

  /** @param {Judged} now */
  function show(now) {
    judged = now;
    for (const [name, button] of Object.entries(thumbs)) button.setAttribute("aria-pressed", String(name === now.rating));
    form.hidden = now.rating !== "down" || Boolean(now.explained);
    thumbs.down.setAttribute("aria-expanded", String(!form.hidden));
  }

  return { buttons: [thumbs.up, thumbs.down], form };
}

/** @param {Context} context @param {(details: { reason: string | null, comment: string }) => void} sendDetails */
function detailsForm({ words }, sendDetails) {
  const group = `feedback-${(count += 1)}`;
  const choices = REASONS.map((value) =>
    element("label", {}, element("input", { type: "radio", name: group, value }), words[value]),
  );
  const comment = element("textarea", { id: `${group}-comment`, rows: "2", maxlength: COMMENT_CHARACTERS, dir: "auto", "aria-describedby": `${group}-advice` });
  const form = element(
    "form",
    { class: "details", id: `${group}-details` },
    element("fieldset", {}, element("legend", {}, words.why), ...choices),
    element("label", { for: `${group}-comment` }, words.comment),
    comment,
    element("p", { class: "about", id: `${group}-advice` }, words.personal),
    element("button", { class: "quiet", type: "submit" }, words.submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = /** @type {HTMLInputElement | null} */ (form.querySelector("input:checked"));
    sendDetails({ reason: chosen?.value ?? null, comment: comment.value });
  });
  return form;
}

/** @param {Parameters<typeof icon>[0]} name @param {string} label @param {() => void} onclick */
export const iconButton = (name, label, onclick) =>
  element("button", { class: "bare", type: "button", "aria-label": label, title: label, onclick }, icon(name));

/** @param {string} text */
const copied = (text) => (navigator.clipboard?.writeText(text) ?? Promise.reject()).then(() => true, () => copiedByCommand(text));

/** Over plain HTTP there is no clipboard but what the old command gives. @param {string} text */
function copiedByCommand(text) {
  let done = false;
  const give = (/** @type {ClipboardEvent} */ event) => {
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
    done = true;
  };
  document.addEventListener("copy", give);
  document.execCommand("copy");
  document.removeEventListener("copy", give);
  return done;
}
