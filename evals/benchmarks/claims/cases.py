"""Records of the test bed of verification.

In: nothing. Out: sentences with their translations, and cases: claims that are known to be right or wrong.
"""

from typing import Literal

import msgspec

from rag.claims import Claim, OfferedSource

Kind = Literal[
    "id", "quote", "number", "unit", "date", "name", "place", "negation", "direction", "relation", "other sentence",
    "extract", "translation", "clause dropped", "date format", "number format", "unit spelled out", "number word",
    "name from title", "synonym",
]  # fmt: skip


class Named(msgspec.Struct, frozen=True):
    """A name that stands in a sentence."""

    text: str
    kind: Literal["name", "place"]


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """One sentence as an article has it."""

    article: str
    passage: str
    """Equal for the translations of one paragraph."""
    half: int
    """0 for tuning, 1 for the report."""
    place: int
    """Of the sentence in its passage; equal for translations where ``of`` is."""
    of: int
    """Sentences of the passage in this language."""
    lang: str
    text: str
    context: str
    """The whole passage."""
    title: str
    names: tuple[Named, ...]


class Case(msgspec.Struct, frozen=True, kw_only=True):
    kind: Kind
    is_good: bool
    half: int
    claim: Claim
    sources: tuple[OfferedSource, ...]
    """That were offered, the cited one first where it was."""
    change: str = ""
    """What was put for what, to be read."""

    @property
    def is_foreign(self) -> bool:
        """Whether the quote is in another language than the sentence."""
        return self.claim.lang != self.sources[0].lang
