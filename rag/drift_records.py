"""The records of translations that drifted apart, in the shapes that are sent.

In: nothing. Out: disagreements, each with all that the versions of one work say instead of one another.
"""

from typing import Literal

from rag.records import Record


class Statement(Record, frozen=True, kw_only=True):
    """What one version says."""

    article_id: str
    path: str
    lang: str
    title: str
    url: str | None
    dated: str | None
    """When it was last changed, or published; ISO 8601 at the precision the source gives."""
    figure: str
    """As it is spelled: ``article.text[start:end]``."""
    value: str
    """In one spelling for all languages: 43866, 2022-12-14."""
    start: int
    end: int
    passage: str
    """The sentence, item or row in which it stands."""
    passage_start: int


class Drift(Record, frozen=True, kw_only=True):
    """One figure or date on which versions of one work disagree."""

    work_id: str
    kind: Literal["number", "date"]
    newest: str | None
    """Article id of the version changed last; None where dates are missing or equal."""
    statements: tuple[Statement, ...]
    """The newest first."""


class DriftReport(Record, frozen=True, kw_only=True):
    """What ``GET /v1/admin/drift`` gives."""

    works: int
    """Works that exist in several versions, which were compared."""
    drifts: tuple[Drift, ...]
    """By path of the newest version, then in its order."""
