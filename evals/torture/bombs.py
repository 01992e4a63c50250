"""Files that are made to cost a parser more than they weigh.

In: a share of their full size. Out: contents by file name, a hundred of them. Refuses nothing.
"""

from collections.abc import Iterator, Mapping
from itertools import count

MEGA = 1_000_000
LONGEST_LINE = 50 * MEGA
_UNITS = {
    "spaces": " ",
    "tabs": "\t",
    "line ends": "\n",
    "no-break spaces": "\u00a0",
    "opening brackets": "[",
    "closing brackets": "]",
    "images": "![](",
    "links": "[](",
    "nested links": "[a](",
    "stars": "*",
    "underscores": "_",
    "emphasis": "*a **a ",
    "underscore emphasis": "_a __a ",
    "tildes": "~~a",
    "backticks": "`a``",
    "backslashes": "\\",
    "quotes": "> ",
    "bullets in bullets": "- ",
    "numbers in numbers": "1. ",
    "hashes": "#",
    "bars": "|",
    "less than": "<",
    "tags": "<a ",
    "ampersands": "&",
    "entities": "&amp;",
    "numeric entities": "&#xD800;",
    "comments": "<!--",
    "comment ends": "-->",
    "declarations": "<!A",
    "instructions": "<?a",
    "character data": "<![CDATA[",
    "footnotes": "[^1]",
    "footnote texts": "\n[^a]: [^a]\n",
    "references": "\n[a]: b\n",
    "definitions": "\na\n: b\n",
    "tasks": "\n- [ ] a",
    "alerts": "> [!NOTE]\n",
    "headings": "\n# a {#b}\n",
    "attributes": "\n{.a .a .a\n",
    "heading attributes": "# a {.a{.a",
    "spaced links": "](a b ",
    "rules": "\n---\n",
    "shortcodes": "{{< a >}}",
    "open shortcodes": "{{< ",
    "shortcodes in shortcodes": '{{< a "{{< ',
    "percent shortcodes": "{{% a ",
    "shortcode quotes": '{{< a="\\',
    "tables": "\n|a|b|\n|-|-|\n|c|d|\n\n",
    "table rows": "|a|b|\n",
    "delimiters": "|-|-|\n",
    "fences": "\n```\n",
    "HTML blocks": "\n<div>\n",
    "autolinks": "<http://a>",
    "marks": "\ufdd00\ufdd1",
}
_TEXTS = {
    "one word": "a",
    "one sentence": "word ",
    "sentences": "One. ",
    "abbreviations": "e.g. ",
    "Chinese": "中文字",
    "Thai": "ภาษาไทย",
    "emoji": "👩‍👩‍👧",
    "flags": "🇩🇪",
    "joiners": "\u200d",
    "joined letters": "می\u200c",
    "selectors": "\ufe0f",
    "directions": "\u202e",
    "soft hyphens": "\u00ad",
    "marks in any order": "\u0315\u0316",
    "carriage returns": "\r",
    "form feeds": "\f",
    "bullets": "- a\n",
    "numbers": "1. a\n",
    "full stops": ".",
    "digits": "1",
    "closing quotes": ".”’»",
}
_PAGES = {
    "deep": ("<div>", ""),
    "deep inline": ("<b>", ""),
    "deep lists": ("<ul><li>", ""),
    "deep tables": ("<table><tr><td>", ""),
    "deep quotes": ("<blockquote>", "</blockquote>"),
    "wide cells": ("<table><tr><td colspan=99999999 rowspan=99999999>a</table>", ""),
    "spans over spans": ("<tr><td colspan=100 rowspan=100>a", ""),
    "attributes": ("<p a='b'", ""),
    "unclosed": ("<p><a><i>", ""),
    "scripts": ("<script>", ""),
    "headings": ("<h1>a</h1><h6>b</h6>", ""),
    "figures": ("<figure><figcaption>a</figcaption>", ""),
    "terms": ("<dl><dt>a", ""),
    "articles": ("<article>a", ""),
    "navigation": ("<nav>a</nav>b", ""),
}


def bombs(share: float = 1.0) -> Iterator[tuple[str, bytes]]:
    """Names with contents; at ``share`` 1 most are of a million characters, and one is a line of 50 MB."""
    size, number = round(MEGA * share), count()
    for name, unit in _UNITS.items():
        yield f"{next(number):03} {name}.md", (unit * (size // len(unit))).encode("utf-8", "surrogatepass")
    for name, unit in _TEXTS.items():
        yield f"{next(number):03} {name}.txt", (unit * (size // len(unit))).encode()
    for name, (opened, closed) in _PAGES.items():
        deep = size // max(10, len(opened + closed))
        yield f"{next(number):03} {name}.html", (opened * deep + "text" + closed * deep).encode()
    yield f"{next(number):03} a line of 50 MB.txt", b"word " * round(LONGEST_LINE * share / 5)
    for name, data in {**_front_matters(size), **_encodings(size)}.items():
        yield f"{next(number):03} {name}", data


def _front_matters(size: int) -> Mapping[str, bytes]:
    nested = min(size, 30_000)
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" if n else "a0: &a0 x" for n in range(12))
    heads = {
        "aliases.md": f"---\n{levels}\n---\n",
        "deep YAML.md": f"---\na: {'[' * nested}{']' * nested}\n---\n",
        "deep YAML maps.md": f"---\na: {'{a: ' * (nested // 4)}\n---\n",
        "many keys.md": "---\n" + "".join(f"k{n}: {n}\n" for n in range(nested // 8)) + "---\n",
        "never closed.md": "---\na: b\n" + "c: d\n" * (size // 5),
        "long quotes.md": '---\na: "' + "\\u0041" * (nested // 6) + '"\n---\n',
        "YAML objects.md": '---\na: !!python/object/apply:os.system ["true"]\n---\n',
        "deep TOML.md": f"+++\na = {'[' * nested}{']' * nested}\n+++\n",
        "TOML tables.md": "+++\n" + "".join(f"[{'.'.join(['a'] * 20)}{n}]\n" for n in range(nested // 45)) + "+++\n",
        "long number.md": f"+++\na = {'9' * nested}\n+++\n",
        "deep JSON.md": '{"a": ' + "[" * nested + "]" * nested + "}",
        "long JSON number.md": '{"a": ' + "9" * nested + "}",
    }
    return {name: f"{head}\nText.\n".encode() for name, head in heads.items()}


def _encodings(size: int) -> Mapping[str, bytes]:
    return {
        "surrogates.md": b"\xed\xa0\x80" * (size // 3),
        "bad UTF-8.txt": b"\xff\xfe\xfd" * (size // 3),
        "lone surrogates in UTF-16.txt": b"\xff\xfe" + b"\x00\xd8" * (size // 2),
        "zeros.md": b"\0" * size,
        "Windows-1252.txt": bytes(range(0x80, 0x100)) * (size // 128),
    }
