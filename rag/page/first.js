// Before the page is painted, so that nothing moves: whoever comes back to a conversation gets room for it, and the first
// words wait until they can be said in the reader's language, though not for long.
const GREETING_MS = 2000;
const shown = document.documentElement.classList;
try {
  shown.toggle("back", Object.keys(sessionStorage).some((key) => key.startsWith("kilde ")));
} catch {
  // nothing may be stored, so there is nothing to come back to
}
shown.toggle("greeting", !navigator.language.startsWith("en"));
setTimeout(() => shown.remove("greeting"), GREETING_MS);
