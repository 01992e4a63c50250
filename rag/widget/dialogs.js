// A modal dialog: the browser's own, which makes the rest of the page inert, closes on Esc and gives the focus back;
// here it also keeps Tab inside, and closes on a press beside it.

import { element } from "./elements.js";

const FOCUSABLE = "a[href], button, input, textarea, [tabindex='0']";

/** @param {Record<string, unknown>} properties @param {...(Node | string)} children */
export function dialogView(properties, ...children) {
  const dialog = element("dialog", properties, ...children);
  dialog.addEventListener("keydown", (event) => event.key === "Tab" && keepInside(dialog, event));
  dialog.addEventListener("pointerdown", (event) => event.target === dialog && isBeside(dialog, event) && dialog.close());
  return dialog;
}

/** @param {HTMLDialogElement} dialog @param {KeyboardEvent} event */
function keepInside(dialog, event) {
  const all = /** @type {NodeListOf<HTMLElement>} */ (dialog.querySelectorAll(FOCUSABLE));
  const stops = Array.from(all).filter((stop) => stop.getClientRects().length > 0);
  const [edge, other] = event.shiftKey ? [stops[0], stops.at(-1)] : [stops.at(-1), stops[0]];
  const root = /** @type {ShadowRoot} */ (dialog.getRootNode());
  if (root.activeElement !== edge) return;
  event.preventDefault();
  other?.focus();
}

/** @param {HTMLDialogElement} dialog @param {PointerEvent} event */
function isBeside(dialog, { clientX, clientY }) {
  const { left, right, top, bottom } = dialog.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}
