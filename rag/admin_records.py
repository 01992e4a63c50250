"""The records of the editors' page that are no part of an answer: the index with its folders and files.

In: nothing. Out: what ``GET /v1/admin/index`` sends.
"""

from typing import Literal

from index.records import IngestProgress, Stats
from rag.records import Readiness, Record


class Problem(Record, frozen=True, kw_only=True):
    """A file that the last ingest saw and of which there is no new article."""

    root: str
    """The folder that was ingested."""
    path: str
    """Relative to it."""
    outcome: Literal["skipped", "failed"]
    reason: str
    article_id: str | None
    """Of the article that the file gave before, which is kept when the file fails."""


class IndexOverview(Record, frozen=True, kw_only=True):
    """The index, where its articles come from, and what was left out."""

    stats: Stats
    readiness: Readiness
    ingesting: bool
    """Whether a run is under way, in any process that shares its memory."""
    progress: IngestProgress | None = None
    """How far it is."""
    roots: tuple[str, ...]
    """Folders ingested before: what to ingest again."""
    problems: tuple[Problem, ...]
    """Failed files first, then by path."""
