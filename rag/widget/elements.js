// DOM elements from values. Text becomes text nodes only.

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * Properties that begin with "on" are listeners; null, undefined and false ones are left out, and so are such children.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, unknown>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (typeof value === "function") made.addEventListener(key.slice(2), /** @type {EventListener} */ (value));
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : String(value));
  }
  made.append(...present(children));
  return made;
}

/** @param {Child[]} children @returns {(Node | string)[]} */
export const present = (children) => /** @type {(Node | string)[]} */ (children.filter(Boolean));

/** @param {Element} target @param {Record<string, string>} attributes */
export function setAttributes(target, attributes) {
  for (const [name, value] of Object.entries(attributes)) target.setAttribute(name, value);
}
