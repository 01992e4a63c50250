// Line drawings on a grid of 24, in the colour of the text around them, and silent to screen readers.

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  ask: "M4 5.5h16v11H11l-4.5 3.5v-3.5H4z M8 9.5h8 M8 12.5h5",
  close: "M6 6l12 12 M18 6L6 18",
  copy: "M9 9h10v11H9z M6 15H5V4h10v2",
  done: "M5 12.5l4.5 4.5L19 7.5",
  down: "M7 4v9l4 7c1.4 0 2.2-1 2-2.5L12.6 14H18.500a1.5 1.5 0 0 0 1.5-1.800l-1.3-7A1.5 1.5 0 0 0 17.2 4z M4 4v9",
  forget: "M5 7h14 M10 4h4 M7 7l1 13h8l1-13 M10.5 11v5 M13.5 11v5",
  out: "M9 5H5v14h14v-4 M13 5h6v6 M19 5l-9 9",
  problem: "M12 4L21.500 20h-19z M12 10v4.500 M12 17.200v.1",
  quote: "M5 7h5v5c0 3-1.500 4.500-4 5 M14 7h5v5c0 3-1.500 4.500-4 5",
  send: "M12 19V5 M6 11l6-6 6 6",
  stop: "M8 8h8v8H8z",
  up: "M7 20v-9l4-7c1.4 0 2.2 1 2 2.500L12.6 10H18.500a1.5 1.5 0 0 1 1.5 1.800l-1.3 7a1.5 1.5 0 0 1-1.5 1.200z M4 20v-9",
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("viewBox", "0 0 24 24");
  drawing.setAttribute("aria-hidden", "true");
  drawing.setAttribute("class", "icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}
