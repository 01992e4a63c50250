"""Which files are read, by the end of their names; case does not matter. Imports no reader."""

MARKDOWN = (".md", ".markdown")
HTML = (".html", ".htm")
SUFFIXES = (*MARKDOWN, *HTML, ".txt")
