// The service over HTTP.
// In: questions and ids. Out: events and records as they are sent. What goes wrong is a Trouble that says what to do.

import { EventReader } from "./reading.js";

/** @import { Answer, Judgement, ServerEvent, TroubleKind } from "./types" */

const KINDS = /** @type {Record<number, TroubleKind>} */ ({ 401: "forbidden", 403: "forbidden", 429: "limit", 503: "busy" });

export class Trouble extends Error {
  /** @param {TroubleKind} kind @param {{ message?: string, waitS?: number, status?: number }} [told] */
  constructor(kind, { message = "", waitS = 0, status = 0 } = {}) {
    super(message);
    this.kind = kind;
    this.waitS = waitS;
    this.status = status;
  }
}

export class Service {
  /** @param {string} base ends with a slash @param {string} siteId empty: none */
  constructor(base, siteId) {
    this.base = base;
    this.siteId = siteId;
  }

  /**
   * The events of one turn; ends after the last one.
   * @param {string} question
   * @param {string | null} conversationId
   * @param {AbortSignal} signal
   * @returns {AsyncGenerator<ServerEvent>}
   */
  async *events(question, conversationId, signal) {
    const asked = { question, conversation_id: conversationId, stream: true };
    const response = await this.#request("v1/chat", { method: "POST", body: asked, signal, accept: "text/event-stream" });
    const reader = /** @type {ReadableStream<Uint8Array>} */ (response.body).getReader();
    const events = new EventReader();
    const decoder = new TextDecoder();
    for (let part = await next(reader, signal); !part.done; part = await next(reader, signal)) {
      for (const event of events.take(decoder.decode(part.value, { stream: true }))) {
        yield event;
        if (event.event === "message.end") return;
        if (event.event === "error") throw new Trouble(event.data.retryable ? "busy" : "failed", event.data);
      }
    }
    throw new Trouble("brokenOff");
  }

  /** @param {string} id @returns {Promise<{ text: string }>} */
  async article(id) {
    return read(await this.#request(`v1/articles/${encodeURIComponent(id)}`));
  }

  /** The turns of a conversation, oldest first; none of one that is forgotten. @param {string} id @returns {Promise<Answer[]>} */
  async turns(id) {
    const response = await this.#request(`v1/conversations/${encodeURIComponent(id)}`, { gone: true });
    return response.ok ? (await read(response)).messages : [];
  }

  /** Whether it was there. @param {string} id */
  async forget(id) {
    return (await this.#request(`v1/conversations/${encodeURIComponent(id)}`, { method: "DELETE", gone: true })).ok;
  }

  /** Arrives also when the page is left. @param {string} messageId @param {Judgement} judgement */
  async rate(messageId, judgement) {
    const path = `v1/messages/${encodeURIComponent(messageId)}/feedback`;
    await this.#request(path, { method: "POST", body: judgement, keepalive: true });
  }

  /** @param {string} messageId */
  async stop(messageId) {
    await this.#request(`v1/messages/${encodeURIComponent(messageId)}/stop`, { method: "POST", keepalive: true });
  }

  /**
   * @param {string} path
   * @param {{ method?: string, body?: object, signal?: AbortSignal, accept?: string, keepalive?: boolean, gone?: boolean }} [options]
   *   gone: a 404 is no trouble
   */
  async #request(path, { method = "GET", body, signal, accept = "application/json", keepalive, gone } = {}) {
    /** @type {Record<string, string>} */
    const headers = { Accept: accept };
    if (body) headers["Content-Type"] = "application/json";
    if (this.siteId) headers["X-Kilde-Site"] = this.siteId;
    const request = { method, headers, body: body && JSON.stringify(body), signal, keepalive, credentials: /** @type {const} */ ("omit") };
    const response = await fetch(this.base + path, request).catch((error) => lost(error, signal, "unreachable"));
    if (response.ok || (gone && response.status === 404)) return response;
    const told = await response.json().catch(() => null);
    const waitS = Number(response.headers.get("Retry-After")) || 0;
    throw new Trouble(KINDS[response.status] ?? (response.status < 500 ? "refused" : "failed"), { message: told?.error?.message, waitS, status: response.status });
  }
}

/** @param {Response} response @returns {Promise<any>} */
const read = (response) => response.json().catch(() => Promise.reject(new Trouble("failed")));

/** @param {ReadableStreamDefaultReader<Uint8Array>} reader @param {AbortSignal} signal */
const next = (reader, signal) => reader.read().catch((error) => lost(error, signal, "brokenOff"));

/** @param {unknown} error @param {AbortSignal | undefined} signal @param {TroubleKind} kind @returns {never} */
function lost(error, signal, kind) {
  if (signal?.aborted) throw error;
  throw new Trouble(navigator.onLine ? kind : "offline");
}
