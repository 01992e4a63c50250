"""What became of each file: the events that a run reports, and the state that the next run compares with. Pure.

In: a plan and what reading its files gave. Out: outcomes, and the ``FileState`` of every file that was read.
"""

from datetime import date

from index.catalog_records import ArticleVersion, FileState
from index.reading import FailedFile
from index.records import Article, FileOutcome, Outcome, Skipped
from index.sources import Plan, Seen


class Judge:
    """Tells what each file of a plan is; a moved one takes the path that it had, which no other can claim then."""

    def __init__(self, plan: Plan, *, site_url: str | None, today: date, prune: bool) -> None:
        """Without ``prune`` no file counts as moved."""
        self._plan = plan
        self._site_url = site_url
        self._today = today.isoformat()
        self._moved_from = {state.sha256: state.path for state in plan.gone if state.article_id} if prune else {}
        self._moved: set[str] = set()

    def of_article(self, seen: Seen, article_id: str, article: Article) -> FileState:
        before = self._plan.known.get(seen.path)
        if before and before.article_id:
            return self._state(seen, "changed", article_id, expires=article.expires)
        path = self._moved_from.pop(seen.sha256, None)
        if path is None:
            return self._state(seen, "new", article_id, expires=article.expires)
        self._moved.add(path)
        return self._state(seen, "moved", article_id, reason=path, expires=article.expires)

    def of_other(self, seen: Seen, result: Skipped | FailedFile) -> FileState:
        """A file that failed keeps the article that it gave before."""
        if isinstance(result, Skipped):
            return self._state(seen, "skipped", None, reason=result.reason)
        before = self._plan.known.get(seen.path)
        return self._state(seen, "failed", before.article_id if before else None, reason=result.reason)

    def deleted(self) -> list[FileOutcome]:
        """Of the files that are gone, those that were articles and have not moved."""
        return [
            FileOutcome(path=state.path, outcome="deleted", article_id=state.article_id)
            for state in self._plan.gone
            if state.article_id and state.path not in self._moved
        ]

    def _state(
        self,
        seen: Seen,
        outcome: Outcome,
        article_id: str | None,
        *,
        reason: str | None = None,
        expires: str | None = None,
    ) -> FileState:
        return FileState(
            path=seen.path,
            size=seen.size,
            mtime_ns=seen.mtime_ns,
            sha256=seen.sha256,
            site_url=self._site_url,
            article_id=article_id,
            outcome=outcome,
            reason=reason,
            checked_on=self._today,
            expires=expires,
        )


def settled(plan: Plan) -> list[FileOutcome]:
    """The files whose fate needs no reading."""
    failed = [FileOutcome(path=file.path, outcome="failed", reason=file.reason) for file in plan.failed]
    return failed + [_unchanged(state) for state in plan.unchanged]


def saved(version: ArticleVersion, embedded: int) -> FileOutcome:
    """An article's file; ``embedded`` of its chunks had no vector before."""
    return FileOutcome(
        path=version.state.path,
        outcome=version.state.outcome,
        reason=version.state.reason,
        article_id=version.article_id,
        lang=version.article.lang,
        chunks=len(version.chunks),
        embedded=embedded,
    )


def set_aside(state: FileState) -> FileOutcome:
    """A file that gave no new article."""
    return FileOutcome(path=state.path, outcome=state.outcome, reason=state.reason, article_id=state.article_id)


def _unchanged(state: FileState) -> FileOutcome:
    if state.outcome in ("new", "changed", "moved"):
        return FileOutcome(path=state.path, outcome="unchanged", article_id=state.article_id)
    return set_aside(state)
