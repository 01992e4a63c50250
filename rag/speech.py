"""What a text has somebody say: between quotation marks, or behind a colon.

In: a text with its language. Out: places, from the mark that opens to before the one that closes. One language opens
with the mark that another closes with: it closes where it stands right behind something and before no word, else it is
taken to open. Pure; refuses nothing.
"""

from collections.abc import Iterator
from itertools import islice

import regex

from index.records import Span
from rag.claim_tokens import tokens

FRAME_WORDS = 3
"""Words around direct speech that make it somebody's."""
COLONS = ":："
_CLOSES = r"(?:\s|[.,;:!?)\]。，、；：！？）]|$)"
_BEHIND = r"(?<=[^\s(\[])"
_SPEECH = regex.compile(
    rf"(?!{_BEHIND}[“\"«]{_CLOSES})(?:“[^”]+|\"[^\"]+|«[^»]+)|»(?!{_CLOSES})[^«]+"
    rf"|„[^“”]+|「[^」]+|『[^』]+|‘[^’]+|(?:(?<!\d)[{COLONS}]|[{COLONS}](?!\d)).+",
    regex.DOTALL,
)


def speech(text: str) -> Iterator[Span]:
    """All that may be; one place may lie in another."""
    for match in _SPEECH.finditer(text, overlapped=True):
        yield Span(*match.span())


def framed_speech(text: str, lang: str) -> Iterator[Span]:
    """What has enough words around it that somebody says it."""
    for one in speech(text):
        around = f"{text[: one.start]} {text[one.end :]}"
        if len(list(islice(tokens(around, lang), FRAME_WORDS))) == FRAME_WORDS:
            yield one
