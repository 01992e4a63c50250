// Where the reader writes: Enter asks, Shift+Enter begins a new line; while an answer runs, the button, and it alone, stops it.

import { element } from "./elements.js";
import { icon } from "./icons.js";
import { filled } from "./wording.js";

/** @import { Context } from "./types" */

const QUESTION_CHARACTERS = 2000;
/** Safari ends a composition before the Enter that accepts it, which then has this code alone. */
const COMPOSING = 229;

export class Composer {
  #running = false;

  /** @param {Context} context @param {() => void} stop */
  constructor(context, stop) {
    const { words } = context;
    this.context = context;
    this.stop = stop;
    this.field = element("textarea", {
      ...{ rows: 1, dir: "auto", autocomplete: "off", enterkeyhint: "send" },
      ...{ placeholder: words.question, "aria-label": words.question, "aria-describedby": "too-long disclosure", part: "question-field" },
    });
    this.button = element("button", { type: "submit", class: "send", part: "send" });
    this.offline = element("p", { class: "notice offline", role: "status" });
    this.tooLong = element("p", { class: "notice", role: "status", id: "too-long" });
    const box = element("div", { class: "box", part: "box" }, this.field, this.button);
    const disclosure = element("p", { id: "disclosure", part: "disclosure" }, words.disclosure);
    this.node = element("form", { class: "ask", part: "ask" }, this.offline, this.tooLong, box, disclosure);
    this.field.addEventListener("input", () => this.#measure());
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      if (this.#running) this.stop();
      else this.#ask();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === COMPOSING) return;
      event.preventDefault();
      this.#ask();
    });
    this.show(false);
  }

  /** What is written and not asked yet. */
  get draft() {
    return this.field.value;
  }

  set draft(text) {
    this.field.value = text;
    this.#measure();
  }

  /** @param {boolean} running */
  show(running) {
    const { words } = this.context;
    this.#running = running;
    this.button.setAttribute("aria-label", running ? words.stop : words.send);
    this.button.title = running ? words.stop : words.send;
    this.button.replaceChildren(icon(running ? "stop" : "send"));
  }

  showConnection() {
    this.offline.textContent = navigator.onLine ? "" : this.context.words.offline;
  }

  /** Nothing of what is pasted is cut off; the service counts code points. */
  #measure() {
    const count = Array.from(this.field.value.trim()).length;
    const { words, locale } = this.context;
    const isTooLong = count > QUESTION_CHARACTERS;
    const [most, these] = [QUESTION_CHARACTERS, count].map((n) => n.toLocaleString(locale));
    this.tooLong.textContent = isTooLong ? filled(words.tooLong, { most, count: these }) : "";
    this.field.ariaInvalid = String(isTooLong);
    return !isTooLong;
  }

  #ask() {
    const question = this.field.value.trim();
    if (!question || !this.#measure()) return;
    this.draft = "";
    this.context.ask(question);
  }
}
