"""Golden questions held against the articles that they are asked about.

In: cases and articles. Out: complaints, each with the id of its case, for a human to settle before anything is asked;
and the fingerprint of the articles, which changes with every word of their canonical texts and with every date.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path

import msgspec

from evals.golden import Case, holds, normalise
from index.languages import normalise_tag, split_path
from index.reading import FailedFile, find_files, read_files
from index.records import Article, ArticleSummary
from rag.errors import InputError

_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")


class Texts(msgspec.Struct, frozen=True):
    """Normalised canonical texts by work, all languages of a work together."""

    by_work: dict[str, list[str]]

    def of(self, works: Sequence[str]) -> list[str]:
        """Of these works; of all where none is named."""
        return [text for work in works or self.by_work for text in self.by_work.get(work, ())]


def read_articles(folder: Path, today: date) -> tuple[Article, ...]:
    """What an ingest of the folder would index. Raises InputError for a file that cannot be read."""
    if not folder.is_dir():
        raise InputError(f"There is no folder {folder}. Name the right one.", "corpus")
    paths, failed = find_files(folder)
    results = [*read_files(folder, paths, today=today), *failed]
    for one in results:
        if isinstance(one, FailedFile):
            raise InputError(f"{one.path} could not be read: {one.reason}", "corpus")
    return tuple(one for one in results if isinstance(one, Article))


def fingerprint(articles: Iterable[ArticleSummary]) -> str:
    """Of paths, canonical texts and dates, which decide too what an answer says, in any order."""
    return _fingerprint((one.path, one.content_sha256, one.published, one.modified) for one in articles)


def fingerprint_of(articles: Iterable[Article]) -> str:
    """The same of articles that were read rather than indexed."""
    return _fingerprint(
        (one.path, hashlib.sha256(one.text.encode()).hexdigest(), one.published, one.modified) for one in articles
    )


def _fingerprint(articles: Iterable[tuple[str | None, ...]]) -> str:
    lines = sorted("\0".join(field or "" for field in one) + "\n" for one in articles)
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def texts_of(articles: Iterable[Article]) -> Texts:
    by_work: dict[str, list[str]] = defaultdict(list)
    for article in articles:
        by_work[split_path(article.path)[1]].append(normalise(article.text))
    return Texts(dict(by_work))


def complaints(cases: Sequence[Case], texts: Texts) -> Iterator[str]:
    """Nothing for a suite that is in order."""
    asked: dict[tuple[str, ...], str] = {}
    for case in cases:
        yield from (f"{case.id}: {complaint}" for complaint in _complaints(case, texts))
        question = (*case.turns, case.question)
        if question in asked:
            yield f"{case.id}: asks the same as {asked[question]}"
        asked[question] = case.id


def _complaints(case: Case, texts: Texts) -> Iterator[str]:
    yield from _form(case)
    missing = [work for work in case.expect.works if work not in texts.by_work]
    yield from (f"there is no article {work!r}, or it is not ingested" for work in missing)
    if not missing:
        yield from _unsupported(case, texts.of(case.expect.works))
    yield from _contradictions(case)


def _form(case: Case) -> Iterator[str]:
    for tag in (case.lang, case.expect.answer_lang):
        if tag is not None and normalise_tag(tag) != tag:
            yield f"{tag!r} is no language tag of the form that articles have"
    if case.expect.as_of is not None and not _DATE.fullmatch(case.expect.as_of):
        yield f"as_of {case.expect.as_of!r} is no date of the form 2022, 2022-12 or 2022-12-14"
    if case.standalone is not None and not case.turns:
        yield "has a standalone question and no turns before it"


def _unsupported(case: Case, sources: Sequence[str]) -> Iterator[str]:
    for quote in case.expect.quotes:
        if not _stands_in(sources, (quote,)):
            yield f"the quote {quote!r} stands in none of its works"
    for forms in case.expect.facts:
        if not _stands_in(sources, forms):
            yield f"none of {', '.join(map(repr, forms))} stands in its works"


def _contradictions(case: Case) -> Iterator[str]:
    expect = case.expect
    wanted = [*expect.quotes, *(form for forms in expect.facts for form in forms)]
    for forbidden in expect.forbidden:
        for text in wanted:
            if holds(normalise(text), forbidden):
                yield f"{forbidden!r} is forbidden, and {text!r}, which holds it, is expected"


def _stands_in(sources: Sequence[str], forms: Iterable[str]) -> bool:
    return any(holds(source, form) for form in forms for source in sources)
