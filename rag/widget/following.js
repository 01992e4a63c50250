// Keeps the question at the top while its answer grows, until the reader scrolls.

export class Following {
  /** @type {HTMLElement | null} */
  #node = null;
  #place = 0;

  /** @param {Element} scroller @param {number} margin px above the question */
  constructor(scroller, margin) {
    this.scroller = scroller;
    this.margin = margin;
  }

  get #isPage() {
    return this.scroller === document.scrollingElement;
  }

  /** @param {HTMLElement} node */
  begin(node) {
    this.#node = node;
    this.#move();
  }

  /** Of what was there before, the last is read on from, unless the reader is elsewhere already. @param {HTMLElement} turns */
  last(turns) {
    if (this.scroller.scrollTop === 0) this.begin(/** @type {HTMLElement} */ (turns.lastElementChild));
  }

  /** Goes on where another one was. @param {Following} before @param {number} top where it was @param {HTMLElement | null} node */
  resume(before, top, node) {
    if (node && before.#node && before.#isAt(top)) this.begin(node);
    else if (!this.#isPage && !before.#isPage) this.scroller.scrollTop = top; // a page stays where it is
  }

  keep() {
    if (this.#isAt(this.scroller.scrollTop)) this.#move();
  }

  /** @param {number} top */
  #isAt(top) {
    return Math.abs(top - this.#place) < 2;
  }

  #move() {
    if (!this.#node) return;
    const top = this.#isPage ? 0 : this.scroller.getBoundingClientRect().top;
    const above = this.#node.getBoundingClientRect().top - top - this.margin;
    this.scroller.scrollTo({ top: this.scroller.scrollTop + above, behavior: "instant" });
    this.#place = this.scroller.scrollTop;
  }
}
