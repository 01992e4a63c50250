"""Links that lead a browser to the quote. In: an article's address and a quote. Out: the address with a text fragment.

Grammar: WICG Scroll to Text Fragment, ``#id:~:text=start,end``. Refuses nothing: an address that is not http(s), or
an empty quote, comes back as it is.
"""

from urllib.parse import quote as percent_encode

import regex

_UNSPACED = r"\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}"
_UNIT = regex.compile(rf"(?P<letter>[{_UNSPACED}]\p{{M}}*)|[^\s{_UNSPACED}]+")
"""A word, or one letter of a script that does not separate words."""
_WORD_SIZE = 3
"""In such letters."""
_EDGE = 15
"""Five words, or fifteen letters of a script without spaces: enough to be found, short enough to be seen."""
_DIRECTIVE = ":~:"


def text_fragment_url(url: str, quote: str) -> str:
    """``url`` with a fragment that names the quote: whole where it is short, else its first and last words.

    An element id in ``url`` stays, a text fragment is replaced.
    """
    lines = [" ".join(line.split()) for line in quote.splitlines() if line.strip()]
    if not lines or not url.casefold().startswith(("http://", "https://")):
        return url
    page, _, fragment = url.partition("#")
    element = fragment.partition(_DIRECTIVE)[0]
    return f"{page}#{element}{_DIRECTIVE}text={_directive(lines)}"


def _directive(lines: list[str]) -> str:
    """A match may not run over the end of a block, but a range from start to end may."""
    if len(lines) == 1 and _size(lines[0]) <= 2 * _EDGE:
        return _encoded(lines[0])
    return f"{_encoded(_start(lines[0]))},{_encoded(_end(lines[-1]))}"


def _size(text: str) -> int:
    return sum(_unit_size(unit) for unit in _UNIT.finditer(text))


def _unit_size(unit: "regex.Match[str]") -> int:
    return 1 if unit["letter"] else _WORD_SIZE


def _start(line: str) -> str:
    size = end = 0
    for unit in _UNIT.finditer(line):
        if size >= _EDGE:
            break
        size += _unit_size(unit)
        end = unit.end()
    return line[:end]


def _end(line: str) -> str:
    size, start = 0, len(line)
    for unit in reversed(list(_UNIT.finditer(line))):
        if size >= _EDGE:
            break
        size += _unit_size(unit)
        start = unit.start()
    return line[start:]


def _encoded(text: str) -> str:
    """Comma, ampersand and hyphen are syntax here."""
    return percent_encode(text, safe="").replace("-", "%2D")
