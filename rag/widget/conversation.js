// The conversation of one widget: its id, its answers, and the turn that is running.
// In: questions. Out: the events of their turns. The id, and what the reader thought of the answers, are kept for the
// browser tab, so that they last over page changes.

import { Trouble } from "./service.js";

/** @import { Answer, Rating, ServerEvent } from "./types" */
/** @import { Service } from "./service.js" */

export class Conversation {
  /** @type {Answer[]} */
  answers = [];
  /** The question of the turn that is running. @type {string | null} */
  asking = null;
  /** @type {Promise<void> | null} */
  #restored = null;
  /** @type {AbortController | null} */
  #running = null;
  /** @type {string | null} */
  #messageId = null;

  /** @param {Service} service */
  constructor(service) {
    this.service = service;
    this.key = `kilde ${service.base} ${service.siteId}`;
    this.ratingsKey = `${this.key} ratings`;
  }

  get running() {
    return this.#running !== null;
  }

  /** The answers of the pages before, read once. */
  restore() {
    this.#restored ??= this.#restore().catch((error) => {
      this.#restored = null;
      throw error;
    });
    return this.#restored;
  }

  async #restore() {
    const id = kept(this.key);
    const answers = id ? await this.service.turns(id) : [];
    if (kept(this.key) !== id) return; // forgotten meanwhile
    const known = new Set(this.answers.map(({ message_id }) => message_id));
    this.answers.unshift(...answers.filter(({ message_id }) => !known.has(message_id)));
  }

  /** @param {string} messageId @returns {Rating} */
  ratingOf(messageId) {
    return this.#ratings()[messageId] ?? null;
  }

  /** @param {string} messageId @param {Rating} rating */
  keepRating(messageId, rating) {
    keep(this.ratingsKey, JSON.stringify({ ...this.#ratings(), [messageId]: rating }));
  }

  /** @returns {Record<string, Rating>} */
  #ratings() {
    return JSON.parse(kept(this.ratingsKey) ?? "{}");
  }

  /**
   * Asks, and hands each event on; true once the answer is whole, false where the reader stopped it. Throws Trouble.
   * @param {string} question
   * @param {(event: ServerEvent) => void} take
   */
  async ask(question, take) {
    this.stop();
    const mine = (this.#running = new AbortController());
    this.asking = question;
    try {
      for await (const event of this.#events(question, mine.signal)) {
        if (mine.signal.aborted) return false;
        this.#note(event);
        take(event);
      }
      return true;
    } catch (error) {
      if (mine.signal.aborted) return false;
      throw error instanceof Trouble ? error : new Trouble("failed");
    } finally {
      if (this.#running === mine) this.#end();
    }
  }

  stop() {
    if (this.#messageId) this.service.stop(this.#messageId);
    this.#running?.abort();
    this.#end();
  }

  #end() {
    this.#running = this.#messageId = this.asking = null;
  }

  /** Throws Trouble, and then nothing is forgotten. */
  async forget() {
    this.stop();
    const id = kept(this.key);
    if (id) await this.service.forget(id);
    keep(this.key, null);
    keep(this.ratingsKey, null);
    this.answers = [];
  }

  /** @param {string} question @param {AbortSignal} signal @returns {AsyncGenerator<ServerEvent>} */
  async *#events(question, signal) {
    try {
      yield* this.service.events(question, kept(this.key), signal);
    } catch (error) {
      if (!(error instanceof Trouble && error.status === 404 && kept(this.key))) throw error;
      keep(this.key, null); // the service has forgotten it: begin anew
      yield* this.service.events(question, null, signal);
    }
  }

  /** @param {ServerEvent} event */
  #note({ event, data }) {
    if (event === "message.start") {
      this.#messageId = data.message_id;
      keep(this.key, data.conversation_id);
    }
    if (event === "message.end") this.answers.push(data);
  }
}

/** @param {string} key */
function kept(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return unkept.get(key) ?? null;
  }
}

/** @param {string} key @param {string | null} value */
function keep(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    unkept.set(key, value); // a page may not store anything: kept until it is left
  }
}

/** @type {Map<string, string | null>} */
const unkept = new Map();
