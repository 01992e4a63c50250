// The conversation of one widget: its id, its turns, and the one that is being answered.
// In: questions. Out: what is told of them. The id, and what the reader thought of the answers, are kept for the browser
// tab, so that they last over page changes. Nothing is called forgotten while the service might still store it.

import { Trouble } from "./service.js";
import { Told } from "./told.js";

/** @import { Judged, Outcome, ServerEvent } from "./types" */
/** @import { Service } from "./service.js" */

/** How long the service is waited for to begin an answer that is to be forgotten, and to end one that was stopped. */
const PATIENCE_MS = 10_000;
/** After these nobody knows whether the service has begun an answer. */
const LOST = ["offline", "unreachable", "brokenOff"];

export class Conversation {
  /** Whose answer the reader waits for. @type {Told | null} */
  #running = null;
  /** Whose stream is read, also after the reader stopped it. @type {Told | null} */
  #reading = null;
  #stream = new AbortController();
  /** Settled once the conversation has its id, or will have none of this turn: then with what is in doubt. @type {Promise<Trouble | void>} */
  #begun = Promise.resolve();
  /** Settled once nothing more comes of what was asked. @type {Promise<void>} */
  #over = Promise.resolve();
  /** @type {Promise<void> | null} */
  #restored = null;

  /** @param {Service} service @param {Told[]} turns that another service did not answer */
  constructor(service, turns = []) {
    this.service = service;
    this.turns = turns;
    this.key = `kilde ${service.base} ${service.siteId}`;
    this.ratingsKey = `${this.key} ratings`;
  }

  get running() {
    return this.#running !== null;
  }

  /** The turns of the pages before, read once. */
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
    const known = new Set(this.turns.map(({ messageId }) => messageId));
    this.turns.unshift(...answers.filter(({ message_id }) => !known.has(message_id)).map(Told.of));
  }

  /** @param {string} messageId @returns {Judged} */
  judgedOf(messageId) {
    return this.#judged()[messageId] ?? { rating: null };
  }

  /** Unless the conversation is forgotten. @param {string} messageId @param {Judged} judged */
  keepJudged(messageId, judged) {
    if (kept(this.key)) keep(this.ratingsKey, JSON.stringify({ ...this.#judged(), [messageId]: judged }));
  }

  /** @returns {Record<string, Judged>} */
  #judged() {
    return JSON.parse(kept(this.ratingsKey) ?? "{}");
  }

  /** Settled once the reader waits no longer. @param {Told} told */
  ask(told) {
    this.stop();
    this.turns.push(told);
    this.#running = told;
    this.#over = this.#over.then(() => (told.outcome ? undefined : this.#read(told)));
    return told.over;
  }

  /** Takes the place of a turn that is asked again. @param {Told} told */
  drop(told) {
    this.turns = this.turns.filter((turn) => turn !== told);
  }

  /** What came stays. Without an id of the conversation the service is heard until it gives one. */
  stop() {
    const told = this.#running;
    this.#running = null;
    told?.end("stopped");
    if (!told || told !== this.#reading) return;
    if (told.messageId) this.#cut(told.messageId);
    else if (kept(this.key)) this.#stream.abort();
  }

  /** Throws Trouble, and then nothing is forgotten. */
  async forget() {
    if (this.#running !== this.#reading) this.stop();
    if (this.#reading && !kept(this.key)) await this.#begin();
    const id = kept(this.key);
    if (id && !(await this.service.forget(id)) && this.#reading) {
      this.stop(); // another process of the service is at it, and stores what there is of it in the end
      await this.#over;
      await this.service.forget(id);
    }
    this.#running?.end("stopped");
    this.#running = null;
    this.#stream.abort();
    keep(this.key, null);
    keep(this.ratingsKey, null);
    this.turns = [];
  }

  async #begin() {
    const late = pause(PATIENCE_MS).then(() => new Trouble("unreachable"));
    const trouble = await Promise.race([this.#begun, late]);
    if (trouble) throw trouble;
  }

  /** @param {string} messageId */
  #cut(messageId) {
    const stream = this.#stream;
    this.service.stop(messageId).catch(() => stream.abort());
    pause(PATIENCE_MS).then(() => stream.abort());
  }

  /** @param {Told} told */
  async #read(told) {
    const { signal } = (this.#stream = new AbortController());
    let begun = (/** @type {Trouble | void} */ _doubt) => {};
    this.#begun = new Promise((resolve) => (begun = resolve));
    this.#reading = told;
    try {
      for await (const event of this.#events(told.question, signal)) {
        if (event.event === "message.start") begun(this.#note(told, event.data));
        if (!told.outcome) told.take(event);
      }
      this.#finish(told, "whole");
    } catch (error) {
      const trouble = error instanceof Trouble ? error : new Trouble("failed");
      begun(LOST.includes(trouble.kind) ? trouble : undefined);
      this.#finish(told, signal.aborted ? "stopped" : trouble);
    }
  }

  /** @param {Told} told @param {Outcome} outcome */
  #finish(told, outcome) {
    this.#reading = null;
    if (this.#running === told) this.#running = null;
    told.end(outcome);
  }

  /** @param {Told} told @param {{ message_id: string, conversation_id: string }} start */
  #note(told, start) {
    told.messageId = start.message_id;
    keep(this.key, start.conversation_id);
    if (told.outcome) this.#cut(start.message_id);
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
}

/** @param {number} ms @returns {Promise<void>} */
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

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
