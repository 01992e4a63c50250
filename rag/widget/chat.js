// What the reader sees of a conversation: welcome, turns, composer. It asks, and shows what comes.

import { Composer } from "./composer.js";
import { element } from "./elements.js";
import { iconButton } from "./feedback.js";
import { Following } from "./following.js";
import { Turn, suggestionsView } from "./turn.js";
import { troubleInWords } from "./wording.js";

/** @import { Answer, Context, Example, Mode } from "./types" */
/** @import { Conversation } from "./conversation.js" */
/** @import { Trouble } from "./service.js" */

export class Chat {
  /** Settled once nothing is being forgotten. */
  #forgotten = Promise.resolve();
  /** Ids of the messages that are in sight. @type {Set<string>} */
  #shown = new Set();

  /** @param {Context} context @param {Conversation} conversation @param {Mode} mode */
  constructor(context, conversation, mode) {
    const { words } = context;
    this.context = context;
    this.conversation = conversation;
    this.composer = new Composer(context, () => conversation.stop());
    this.title = element("h2", { id: "heading", part: "heading" });
    this.forgetting = iconButton("forget", words.forget, () => this.forget());
    this.head = element("header", { part: "header" }, this.title, element("div", { class: "row" }, this.forgetting));
    this.examples = element("div");
    this.welcome = element("div", { class: "welcome", part: "welcome" }, element("p", { class: "intro" }, words.intro), this.examples);
    this.state = element("p", { class: "notice", role: "status" });
    this.turns = element("div", { class: "turns" });
    this.thread = element("div", { class: "thread", part: "thread", role: "region", "aria-label": words.conversation, tabindex: mode === "page" ? null : "0" });
    this.thread.append(this.welcome, this.state, this.turns);
    this.log = element("div", { class: "unseen", role: "log", "aria-live": "polite" });
    const parts = [this.head, this.thread, this.composer.node, this.log];
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
    this.#showEarlier();
  }

  /**
   * Whoever is reading with the focus in what goes, goes on in the turn that comes.
   * @param {string} question
   * @param {HTMLElement} leaving a turn that this one takes the place of
   */
  async ask(question, leaving = this.welcome) {
    const turn = new Turn(this.context, question);
    const again = () => this.ask(question, turn.node);
    await this.#forgotten;
    const hadFocus = leaving.matches(":focus-within");
    if (leaving !== this.welcome) leaving.remove();
    this.context.tell("query-submit", { question });
    this.state.textContent = "";
    this.log.replaceChildren();
    this.turns.append(turn.node);
    this.#settle(true);
    if (hadFocus) turn.node.focus({ preventScroll: true });
    this.following.begin(turn.node);
    try {
      const whole = await this.conversation.ask(question, (event) => {
        if (event.event === "message.start") this.#shown.add(event.data.message_id);
        turn.take(event);
        this.following.keep();
      });
      if (whole) this.context.tell("answer-completed", answerDetail(this.conversation.answers.at(-1)));
      else turn.stopped(again);
    } catch (trouble) {
      turn.fail(/** @type {Trouble} */ (trouble), again);
    }
    this.following.keep();
    if (!this.conversation.running) this.#settle();
  }

  forget() {
    return (this.#forgotten = this.#forget());
  }

  async #forget() {
    const { words } = this.context;
    try {
      await this.conversation.forget();
      this.turns.replaceChildren();
      this.state.textContent = words.forgotten;
    } catch (trouble) {
      this.state.textContent = troubleInWords(/** @type {Trouble} */ (trouble), this.context);
    }
    this.#settle();
    this.composer.field.focus();
  }

  #showEarlier() {
    const earlier = this.conversation.answers.filter(({ message_id }) => !this.#shown.has(message_id));
    this.turns.prepend(...earlier.map((answer) => this.#shownAgain(answer)));
    const { running } = this.conversation;
    if (running && earlier.length) this.following.begin(/** @type {HTMLElement} */ (this.turns.lastElementChild));
    this.#settle(running);
  }

  /** @param {Answer} answer */
  #shownAgain(answer) {
    this.#shown.add(answer.message_id);
    const turn = new Turn({ ...this.context, say: () => {} }, answer.question);
    if (answer.stopped) turn.stoppedBefore(answer, () => this.ask(answer.question, turn.node));
    else turn.finish(answer);
    return turn.node;
  }

  #settle(running = false) {
    const begun = this.turns.childElementCount > 0;
    this.composer.show(running);
    this.node.classList.toggle("begun", begun);
    this.welcome.hidden = begun;
    this.forgetting.hidden = !begun;
  }
}

/** @param {Answer | undefined} answer */
const answerDetail = (answer) => answer && { message_id: answer.message_id, conversation_id: answer.conversation_id, status: answer.status, lang: answer.lang };
