"""What is fuzzed: the readers, the chunker, the parser of citations and that of an LLM's stream.

In: any bytes. Out: nothing. Raises whatever the parser raises that it has not promised, and AssertionError where what
it made does not hold.
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date

from index.chunking import chunk
from index.errors import UnreadableFileError
from index.readers.canonical import Piece, lay_out
from index.readers.read import read_article
from index.readers.suffixes import SUFFIXES
from index.records import Article, BlockKind
from rag.chat_events import ChatEvents
from rag.citations import Sentence, Sentences

_TODAY = date(2025, 1, 15)
_KINDS: tuple[BlockKind, ...] = (
    "title",
    "description",
    "paragraph",
    "heading",
    "list_item",
    "table_row",
    "caption",
    "quote",
    "code",
)
_LANGS = ("en", "de", "zh", "th", "ar", "und")
_LONGEST_WORD = 12


def reader(data: bytes) -> None:
    """The first byte chooses the kind of file."""
    suffix = SUFFIXES[_first(data) % len(SUFFIXES)]
    try:
        found = read_article(f"folder/a{suffix}", data[1:], today=_TODAY, site_url="https://site.example")
    except UnreadableFileError:
        return
    if not isinstance(found, Article):
        assert found.reason
        return
    assert found.title
    assert unicodedata.is_normalized("NFC", found.text)
    (found.text + found.title).encode()
    _check_blocks(found)


def chunker(data: bytes) -> None:
    """The first byte chooses window and target, the second the language; each line is a block of its own kind."""
    max_tokens, target = 10 + _first(data) % 64, 1 + _first(data) % 48
    text, blocks = lay_out(list(_pieces(data[2:].decode("utf-8", errors="ignore"))))
    lang = _LANGS[_first(data[1:]) % len(_LANGS)]
    article = Article(path="a.md", work_key="a", lang=lang, title="Trams", text=text, blocks=blocks)
    end = 0
    kept = []
    for piece in chunk(article, count_tokens=_count, max_tokens=max_tokens, target_tokens=target):
        assert article.text[piece.start : piece.end] == piece.text
        assert piece.start >= end
        assert not article.text[end : piece.start].strip()
        assert _count(piece.embed_text) <= max_tokens
        assert all(piece.start <= span.start < span.end <= piece.end for span in piece.sentences)
        end = piece.end
        kept.append(piece.text)
    assert "".join("".join(kept).split()) == "".join(text.split())


def citations(data: bytes) -> None:
    """The first byte chooses the language, the second where the text is cut."""
    lang, step = _LANGS[_first(data) % len(_LANGS)], 1 + _first(data[1:]) % 9
    text = data[2:].decode("utf-8", errors="ignore")
    in_pieces = _read([text[at : at + step] for at in range(0, len(text), step)], lang)
    at_once = _read([text], lang)
    assert _letters(in_pieces) == _letters(at_once)
    assert _numbers(in_pieces) == _numbers(at_once)


def llm_stream(data: bytes) -> None:
    """The first byte chooses where the stream is cut."""
    step = 1 + _first(data) % 17
    in_pieces = _told([data[at : at + step] for at in range(1, len(data), step)])
    assert in_pieces == _told([data[1:]])


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "reader": reader,
    "chunker": chunker,
    "citations": citations,
    "llm_stream": llm_stream,
}
SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "reader": (
        b"\0---\ntitle: A\ndate: 2022-12-14\n---\n# One\n\n| a | b |\n|---|---|\n| 1 | [x](y) |\n",
        b"\0- *item*[^1]\n  1. ~~two~~\n\n[^1]: note\n\nTerm\n: what it means\n",
        b'\0+++\ntitle = "A"\n+++\n{{< fig title="x" >}}{{% note %}}text{{% /note %}}\n\n> [!NOTE]\n> quote\n',
        b"\0```\ncode\n```\n<!-- hidden --><div>x</div>\n",
        b"\x02<html lang=de><head><title>T</title></head><body><main><h1>T</h1><table><tr><th>a<td colspan=2>b</table>",
        b"\x02<article><figure><img alt=a><figcaption>c</figcaption></figure><dl><dt>t<dd>d</dl><sup>2</sup></article>",
        b'\0{"title": "A", "lang": "nb"}\nText.\n',
        b"\x0414 december 2022\n\nEen kop\n\n1. punt\n2. punt\n",
    ),
    "chunker": (
        "\0\0Eins. Zwei drei! Vier?\nEin Titel:\n- a\n- b\n中文。没有空格的文字。\n".encode(),
        b"\x20\x01word " * 40,
    ),
    "citations": (
        "\0\0It is so [1]. In 2021 [1, 2] 3.5 km【3】. “Quote.” [1-3]\n\n[1](x) 工場。[2]".encode(),
        b"\0\x02<think>hm [1]</think>U.S. cars [^1]. Next",
    ),
    "llm_stream": (
        b'\0data: {"choices": [{"delta": {"content": "a"}}]}\n\n: x\ndata: {"choices":[{"finish_reason":"stop"}]}\n\n'
        b'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\r\ndata: [DONE]\n\n',
        b'\x05data: {"error": {"message": "x"}}\n\n',
    ),
}


def _first(data: bytes) -> int:
    return data[0] if data else 0


def _check_blocks(found: Article) -> None:
    end = 0
    for block in found.blocks:
        assert found.text[block.start : block.end].strip("\n")
        assert found.text[end : block.start] in (("",) if end == 0 else ("\n", "\n\n"))
        end = block.end
    assert end == len(found.text)


def _pieces(text: str) -> Iterator[Piece]:
    headings: tuple[str, ...] = ()
    for number, line in enumerate(text.split("\n")):
        kind = _KINDS[sum(map(ord, line[:1])) % len(_KINDS)]
        yield Piece(kind=kind, text=line, headings=headings, group=number // 3)
        if kind == "heading" and line.strip():
            headings = (" ".join(line.split()),)


def _count(text: str) -> int:
    """Two tokens of frame, and one for every word or twelve characters of it."""
    return 2 + sum(-(-len(word) // _LONGEST_WORD) for word in text.split())


def _read(pieces: list[str], lang: str) -> list[Sentence]:
    sentences = Sentences(lang)
    return [one for piece in pieces for one in sentences.feed(piece)] + sentences.end()


def _letters(sentences: list[Sentence]) -> str:
    return "".join(letter for one in sentences for letter in one.text if letter.isalnum())


def _numbers(sentences: list[Sentence]) -> set[int]:
    return {number for one in sentences for number in one.numbers}


def _told(pieces: list[bytes]) -> tuple[str, str | None, bool]:
    """The text, how it ended, and whether it is a stream at all."""
    events, text, is_stream = ChatEvents(), "", False
    with suppress(ValueError):
        for piece in pieces:
            for told in events.feed(piece):
                text += told if isinstance(told, str) else ""
        events.end()
        is_stream = True
    return text, events.finish_reason, is_stream
