"""What verification is given: a sentence, what it cites, and the sources that its writer was offered.

In: nothing. Out: records. A composer makes one claim per sentence, without its markers ``[n]``, without the frame that
names the source.
"""

import msgspec


class OfferedSource(msgspec.Struct, frozen=True, kw_only=True):
    """A passage that the writer of an answer saw, under the id by which it may be cited."""

    source_id: str
    text: str
    lang: str
    """BCP 47."""
    title: str = ""
    headings: tuple[str, ...] = ()


class Cited(msgspec.Struct, frozen=True, kw_only=True):
    """The words that a sentence rests on."""

    source_id: str
    quote: str


class Claim(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence of an answer, with all that it cites."""

    sentence: str
    lang: str
    """BCP 47."""
    cited: tuple[Cited, ...]
