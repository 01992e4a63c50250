// The element <kilde-chat>: attributes in, a shadow tree and events out.

import { Chat } from "./chat.js";
import { Conversation } from "./conversation.js";
import { dialogView } from "./dialogs.js";
import { element } from "./elements.js";
import { iconButton } from "./feedback.js";
import { icon } from "./icons.js";
import { chosenLanguage, wordsOf } from "./language.js";
import { Passage } from "./passage.js";
import { allowedLink, directionOf } from "./reading.js";
import { Service } from "./service.js";
import { sheet } from "./style.js";

/** @import { Context, Example, Mode, Strings } from "./types" */

/** Where the service is: above the folder of the widget. */
const BASE = `${import.meta.url.split("/widget/v1/")[0]}/`;
const AUTO = "auto";
const LANG = { attributes: true, attributeFilter: ["lang"], subtree: true };

export class KildeChat extends HTMLElement {
  static observedAttributes = ["mode", "lang", "site-id", "heading"];

  /** @type {Conversation | null} */
  #conversation = null;
  /** @type {Chat | null} */
  #chat = null;
  /** @type {HTMLDialogElement | null} */
  #panel = null;
  #drawn = 0;
  #shown = "";
  #isAuto = false;
  #label = element("span");
  #drawing = Promise.resolve();
  #root = this.attachShadow({ mode: "open" });
  #examples = new MutationObserver(() => this.#chat?.suggest(this.#suggestions()));
  #pageLanguage = new MutationObserver(() => this.#redraw());
  #connection = () => this.#chat?.composer.showConnection();

  connectedCallback() {
    this.#root.adoptedStyleSheets = [sheet];
    this.#examples.observe(this, { childList: true, subtree: true, characterData: true });
    this.#pageLanguage.observe(document.documentElement, LANG);
    addEventListener("online", this.#connection);
    addEventListener("offline", this.#connection);
    this.#drawing = this.#draw();
  }

  disconnectedCallback() {
    this.#drawn += 1;
    this.#conversation?.stop();
    this.#examples.disconnect();
    this.#pageLanguage.disconnect();
    removeEventListener("online", this.#connection);
    removeEventListener("offline", this.#connection);
  }

  /** @param {string} name @param {string | null} before @param {string | null} now */
  attributeChangedCallback(name, before, now) {
    if (!this.isConnected || !this.#drawn || before === now) return;
    if (name === "lang") this.#isAuto &&= now === this.#language();
    if (name === "heading") this.#showHeading();
    else this.#redraw();
  }

  #redraw() {
    if (this.#look() !== this.#shown) this.#drawing = this.#draw();
  }

  /** @returns {Mode} */
  get mode() {
    const mode = this.getAttribute("mode");
    return mode === "inline" || mode === "page" ? mode : "launcher";
  }

  /** Frameworks assign what an element has as a property. */
  set mode(mode) {
    this.setAttribute("mode", mode);
  }

  /** Opens the panel of the launcher. */
  open() {
    if (!this.#panel || this.#panel.open) return;
    this.#panel.showModal();
    this.#chat?.composer.field.focus();
    this.#chat?.restore();
    this.#tell("open");
  }

  close() {
    this.#panel?.close();
  }

  /** @param {string} question */
  async ask(question) {
    await this.#drawing;
    this.open();
    await this.#chat?.ask(question);
  }

  async #draw() {
    const mine = (this.#drawn += 1);
    this.#shown = this.#look();
    const wanted = this.#language();
    this.#isAuto ||= this.getAttribute("lang") === AUTO;
    if (this.#isAuto) this.setAttribute("lang", wanted); // "auto" is no language
    const { words, language } = await wordsOf(wanted);
    await this.#chat?.forgotten; // or turns would be drawn that are about to go
    if (mine !== this.#drawn) return;
    const before = this.#chat;
    const top = before?.following.scroller.scrollTop ?? 0;
    const wasOpen = this.#panel?.open;
    this.#conversation = this.#converse(this.getAttribute("site-id") ?? "");
    const passage = new Passage(this.#context(words, language, (source, citations) => passage.show(source, citations)));
    this.#chat = new Chat(passage.context, this.#conversation, this.mode);
    this.#showHeading();
    this.#chat.suggest(this.#suggestions());
    this.#connection();
    const surface = { class: `surface as-${this.mode}`, lang: language, dir: directionOf(language) };
    this.#root.replaceChildren(element("div", surface, ...this.#frame(this.#chat, words), passage.dialog));
    this.toggleAttribute("ready", true);
    if (wasOpen) this.#panel?.showModal();
    if (before) this.#chat.resume(before, top);
    if (wasOpen || this.mode !== "launcher") this.#chat.restore();
  }

  /** Another site has conversations of its own; what was asked in vain for the one before can be asked again. @param {string} siteId */
  #converse(siteId) {
    const before = this.#conversation;
    if (before?.service.siteId === siteId) return before;
    before?.stop();
    return new Conversation(new Service(BASE, siteId), before?.turns.filter(({ answer }) => !answer));
  }

  /** @param {Chat} chat @param {Strings} words @returns {Node[]} */
  #frame(chat, words) {
    this.#panel = null;
    if (this.mode !== "launcher") return [chat.node];
    const launcher = element("button", { class: "launcher", part: "launcher", type: "button", "aria-haspopup": "dialog", onclick: () => this.open() });
    launcher.append(icon("ask"), this.#label);
    chat.head.lastElementChild?.append(iconButton("close", words.close, () => this.close()));
    this.#panel = dialogView({ class: "panel", part: "panel", "aria-labelledby": "heading" }, chat.node);
    this.#panel.addEventListener("close", () => this.#tell("close"));
    return [launcher, this.#panel];
  }

  /**
   * @param {Strings} words
   * @param {string} locale
   * @param {Context["showPassage"]} showPassage
   * @returns {Context}
   */
  #context(words, locale, showPassage) {
    const conversation = /** @type {Conversation} */ (this.#conversation);
    return {
      ...{ words, locale, conversation, service: conversation.service, showPassage },
      link: (url) => allowedLink(url, this.#hosts()),
      ask: (question) => this.ask(question),
      say: (text, lang = locale) => this.#chat?.say(text, lang),
      tell: (event, detail) => this.#tell(event, detail),
    };
  }

  #showHeading() {
    if (!this.#chat) return;
    const { title, context } = this.#chat;
    title.textContent = this.#label.textContent = this.getAttribute("heading") || context.words.heading;
  }

  /** What cannot change without drawing everything anew. */
  #look() {
    return JSON.stringify([this.mode, this.#language(), this.getAttribute("site-id")]);
  }

  /** The language in force. */
  #language() {
    const wanted = this.getAttribute("lang");
    const isOwn = wanted !== AUTO && !this.#isAuto;
    const page = /** @type {HTMLElement | null | undefined} */ (this.parentElement?.closest("[lang]"));
    return chosenLanguage([isOwn && wanted, page?.lang, ...navigator.languages]);
  }

  /** Hosts that may be linked to: the page's, the service's, and those named. */
  #hosts() {
    const named = this.getAttribute("link-hosts")?.toLowerCase().split(/\s+/) ?? [];
    return [location.hostname, new URL(BASE).hostname, ...named.filter(Boolean)];
  }

  /** The list items inside the element are questions to begin with. @returns {Example[]} */
  #suggestions() {
    return Array.from(this.querySelectorAll("li"), (item) => {
      const said = /** @type {HTMLElement | null} */ (item.closest("[lang]"));
      return { text: item.textContent?.trim() ?? "", lang: said?.lang || "en" };
    }).filter(({ text }) => text);
  }

  /** @param {string} event @param {object} [detail] */
  #tell(event, detail) {
    this.dispatchEvent(new CustomEvent(`kilde:${event}`, { detail, bubbles: true, composed: true }));
  }
}
