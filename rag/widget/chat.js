// What the reader sees of a conversation: welcome, turns, composer. It asks, and shows what comes.

import { Composer } from "./composer.js";
import { dialogView } from "./dialogs.js";
import { element } from "./elements.js";
import { iconButton } from "./feedback.js";
import { Following } from "./following.js";
import { Told } from "./told.js";
import { Turn, suggestionsView } from "./turn.js";
import { troubleInWords } from "./wording.js";

/** @import { Answer, Context, Example, Mode } from "./types" */
/** @import { Conversation } from "./conversation.js" */
/** @import { Trouble } from "./service.js" */

export class Chat {
  /** Settled once nothing is being forgotten. */
  forgotten = Promise.resolve();
  /** What the notice says, in any language. @type {(context: Context) => string} */
  #noticed = () => "";
  /** What is in sight, with its views. @type {Map<Told, Turn>} */
  #shown = new Map();

  /** @param {Context} context @param {Conversation} conversation @param {Mode} mode */
  constructor(context, conversation, mode) {
    const { words } = context;
    this.context = context;
    this.conversation = conversation;
    this.composer = new Composer(context, () => conversation.stop());
    this.title = element("h2", { id: "heading", part: "heading" });
    this.sure = this.#sureView();
    this.forgetting = iconButton("forget", words.forget, () => this.sure.showModal());
    this.head = element("header", { part: "header" }, this.title, element("div", { class: "row" }, this.forgetting));
    this.examples = element("div");
    this.welcome = element("div", { class: "welcome", part: "welcome" }, element("p", { class: "intro" }, words.intro), this.examples);
    this.state = element("p", { class: "notice", role: "status" });
    this.turns = element("div", { class: "turns" });
    this.thread = element("div", { class: "thread", part: "thread", role: "region", "aria-label": words.conversation, tabindex: mode === "page" ? null : "0" });
    this.thread.append(this.welcome, this.state, this.turns);
    this.log = element("div", { class: "unseen", role: "log", "aria-live": "polite" });
    const parts = [this.head, this.thread, this.composer.node, this.log, this.sure];
    this.node = element("section", { class: "chat", part: "chat", "aria-labelledby": "heading" }, ...parts);
    const scroller = mode === "page" ? document.scrollingElement : this.thread;
    this.following = new Following(scroller ?? this.thread, mode === "page" ? 12 : 4);
    this.#showEarlier();
  }

  /** @param {Example[]} examples */
  suggest(examples) {
    const view = suggestionsView(this.context, this.context.words.examples, examples, "h3");
    this.examples.replaceChildren(...(view ? [view] : []));
  }

  /** @param {string} text @param {string} lang */
  say(text, lang) {
    this.log.append(element("p", { lang }, text));
  }

  /** The turns of the pages before. */
  async restore() {
    await this.conversation.restore().catch(() => {}); // a conversation that cannot be read now is not in the way of a new one
    if (this.#showEarlier()) this.following.last(this.turns);
  }

  /**
   * Whoever is reading with the focus in what goes, goes on in the turn that comes.
   * @param {string} question
   * @param {Told} [before] a turn that this one takes the place of
   */
  async ask(question, before) {
    await this.forgotten;
    const told = new Told(question);
    const leaving = before ? this.#shown.get(before)?.node : this.welcome;
    const hadFocus = leaving?.matches(":focus-within");
    if (before) this.#drop(before);
    this.context.tell("query-submit", { question });
    this.#notice(() => "");
    this.log.replaceChildren();
    const asked = this.conversation.ask(told);
    const turn = this.#show(told);
    this.turns.append(turn.node);
    this.#settle();
    if (hadFocus) turn.node.focus({ preventScroll: true });
    this.following.begin(turn.node);
    await asked;
    if (told.answer) this.context.tell("answer-completed", answerDetail(told.answer));
  }

  /** What cannot be brought back is asked for twice. */
  #sureView() {
    const { words } = this.context;
    const keep = element("button", { class: "quiet", type: "button", onclick: () => this.sure.close() }, words.keep);
    const forget = element("button", { class: "quiet sure", type: "button", onclick: () => (this.sure.close(), this.forget()) }, words.forget);
    const buttons = element("div", { class: "row" }, keep, forget);
    return dialogView({ class: "ask-again", part: "ask-again", "aria-labelledby": "sure" }, element("p", { id: "sure" }, words.sure), buttons);
  }

  forget() {
    return (this.forgotten = this.#forget());
  }

  async #forget() {
    this.forgetting.disabled = true;
    try {
      await this.conversation.forget();
      this.turns.replaceChildren();
      this.#shown.clear();
      this.#notice(({ words }) => words.forgotten);
    } catch (trouble) {
      this.#notice((context) => troubleInWords(/** @type {Trouble} */ (trouble), context));
    }
    this.forgetting.disabled = false;
    this.#settle();
    this.composer.field.focus();
  }

  /** @param {(context: Context) => string} noticed */
  #notice(noticed) {
    this.#noticed = noticed;
    this.state.textContent = noticed(this.context);
  }

  /** Whether there are any. */
  #showEarlier() {
    const earlier = this.conversation.turns.filter((told) => !this.#shown.has(told));
    this.turns.prepend(...earlier.map((told) => this.#show(told).node));
    this.#settle();
    return earlier.length > 0;
  }

  /** Goes on for the reader of another view of it. @param {Chat} before @param {number} top how far that was scrolled */
  resume(before, top) {
    if (before.conversation === this.conversation) this.#notice(before.#noticed);
    this.composer.draft = before.composer.draft;
    this.following.resume(before.following, top, /** @type {HTMLElement | null} */ (this.turns.lastElementChild));
  }

  /** Shows what is told already, and what will be. @param {Told} told */
  #show(told) {
    const turn = new Turn(this.context, told.question);
    const again = () => this.ask(told.question, told);
    this.#shown.set(told, turn);
    turn.isQuiet = true;
    for (const event of told.events) turn.take(event);
    turn.end(told.outcome, again);
    turn.isQuiet = false;
    told.watch = (event) => {
      if (event) turn.take(event);
      else {
        turn.end(told.outcome, again);
        this.#settle();
      }
      this.following.keep();
    };
    return turn;
  }

  /** @param {Told} told */
  #drop(told) {
    this.conversation.drop(told);
    this.#shown.get(told)?.node.remove();
    this.#shown.delete(told);
  }

  #settle() {
    const begun = this.turns.childElementCount > 0;
    this.composer.show(this.conversation.running);
    this.node.classList.toggle("begun", begun);
    this.welcome.hidden = begun;
    this.forgetting.hidden = !begun;
  }
}

/** @param {Answer} answer */
const answerDetail = (answer) => ({ message_id: answer.message_id, conversation_id: answer.conversation_id, status: answer.status, lang: answer.lang });
