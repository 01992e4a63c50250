// Before the page is painted: whoever comes back to a conversation gets room for it, so that nothing moves when it comes.
try {
  const isBack = Object.keys(sessionStorage).some((key) => key.startsWith("kilde "));
  document.documentElement.classList.toggle("back", isBack);
} catch {
  // nothing may be stored, so there is nothing to come back to
}
