// One question and what has come of it so far: who draws it anew draws it from here, and is told what comes.

/** @import { Answer, Outcome, ServerEvent } from "./types" */

export class Told {
  /** @type {ServerEvent[]} */
  events = [];
  /** Null while more may come. @type {Outcome | null} */
  outcome = null;
  /** @type {string | null} */
  messageId = null;
  /** Called with each event, and without one at the end. @type {(event?: ServerEvent) => void} */
  watch = () => {};
  #settle = () => {};
  /** @type {Promise<void>} */
  over = new Promise((resolve) => (this.#settle = resolve));

  /** @param {string} question */
  constructor(question) {
    this.question = question;
  }

  /** A turn of the pages before. @param {Answer} answer */
  static of(answer) {
    const told = new Told(answer.question);
    told.messageId = answer.message_id;
    told.events = answer.stopped ? eventsOf(answer) : [{ event: "message.end", data: answer }];
    told.end(answer.stopped ? "stopped" : "whole");
    return told;
  }

  /** The whole answer. @returns {Answer | undefined} */
  get answer() {
    return this.events.find(({ event }) => event === "message.end")?.data;
  }

  /** @param {ServerEvent} event */
  take(event) {
    this.events.push(event);
    this.watch(event);
  }

  /** Only the first end counts. @param {Outcome} outcome */
  end(outcome) {
    if (this.outcome) return;
    this.outcome = outcome;
    this.watch();
    this.#settle();
  }
}

/** @param {Answer} answer @returns {ServerEvent[]} */
const eventsOf = (answer) => [
  { event: "message.start", data: answer },
  ...answer.citations.map((data) => ({ event: "citation", data })),
  { event: "text.delta", data: answer },
];
