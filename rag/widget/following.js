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

  /** @param {HTMLElement} node */
  begin(node) {
    this.#node = node;
    this.#move();
  }

  keep() {
    if (Math.abs(this.scroller.scrollTop - this.#place) < 2) this.#move();
  }

  #move() {
    if (!this.#node) return;
    const page = this.scroller === document.scrollingElement;
    const top = page ? 0 : this.scroller.getBoundingClientRect().top;
    const above = this.#node.getBoundingClientRect().top - top - this.margin;
    this.scroller.scrollTo({ top: this.scroller.scrollTop + above, behavior: "instant" });
    this.#place = this.scroller.scrollTop;
  }
}
