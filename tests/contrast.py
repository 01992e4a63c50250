"""How well a text is told from what is behind it, as WCAG counts it: from 1 to 21.

In: an element. Out: the contrast of its text, or of the outline around it, with the first colour behind it.
"""

_MEASURE = """
(e, property) => {
  const canvas = new OffscreenCanvas(1, 1).getContext("2d");
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((c) => c / 255)
      .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const above = (at) => at.parentElement ?? at.getRootNode().host;
  const clear = (at) => getComputedStyle(at).backgroundColor === "rgba(0, 0, 0, 0)";
  let behind = property === "color" ? e : above(e);
  while (behind && clear(behind)) behind = above(behind);
  const pair = [getComputedStyle(e)[property], behind ? getComputedStyle(behind).backgroundColor : "white"].map(light);
  return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
}
"""
CONTRAST = f"(e) => ({_MEASURE})(e, 'color')"
OUTLINE_CONTRAST = f"(e) => ({_MEASURE})(e, 'outlineColor')"
