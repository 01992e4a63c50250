"""Unanswered questions by week, those that ask the same thing together: what the articles lack.

In: the store of feedback, which gives questions redacted, an encoder, the indexed articles. Out: a report over the last
weeks. Refuses a number of weeks out of range with InputError. Loads no model as long as there is nothing to
compare. Questions are grouped over all weeks, so that a group has the same label in each of them.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.languages import base
from index.records import ArticleSummary, Encoder
from rag.errors import InputError
from rag.feedback_records import NearArticle, UnansweredGroup, UnansweredQuestion, UnansweredReport, UnansweredWeek
from rag.phrasebook import nearest_language, phrases
from rag.question_groups import group_questions

WEEKS = 52
LISTED = 1000
"""Newest questions that are grouped, so that a flood of them cannot hold up the lists."""
EXAMPLES = 5
NEAREST = 3
OTHER_QUESTIONS = 8
"""Of each language, for its mean vector: what readers ask of the assistant itself."""

Questions = Sequence[UnansweredQuestion]
Vector = NDArray[np.float32]


class QuestionStore(Protocol):
    """``rag.feedback.FeedbackStore`` is one."""

    def unanswered(self, since: str = "", limit: int | None = None) -> Questions: ...

    def count_unanswered(self, since: str = "") -> int: ...


class UnansweredLists:
    """Reports over questions that come again: their vectors are kept from one report to the next."""

    def __init__(
        self,
        store: QuestionStore,
        encoder: Callable[[], Encoder],
        articles: Callable[[], Iterable[ArticleSummary]],
    ) -> None:
        self._store = store
        self._encoder = encoder
        self._articles = articles
        self._vectors: dict[tuple[str, str], Vector] = {}
        self._reporting = threading.Lock()

    def forget(self) -> None:
        """The texts that are remembered from one report to the next."""
        self._vectors = {}

    def report(self, weeks: int, today: date | None = None) -> UnansweredReport:
        """Over ``weeks`` ISO weeks, the running one among them. ``today``: by default the present day, UTC."""
        mondays = last_mondays(weeks, today or datetime.now(UTC).date())
        since = mondays[-1].isoformat()
        questions = self._store.unanswered(since, LISTED)
        left_out = self._store.count_unanswered(since) - len(questions) if len(questions) == LISTED else 0
        with self._reporting:
            groups = self._groups(questions)
        articles = {article.article_id: article for article in self._articles()} if questions else {}
        return UnansweredReport(
            weeks=tuple(_week(monday, groups, articles) for monday in mondays),
            questions=len(questions) + left_out,
            left_out=left_out,
        )

    def _groups(self, questions: Questions) -> list[list[UnansweredQuestion]]:
        """Each with its most central question first; the same words asked again are one text."""
        asked: dict[str, list[UnansweredQuestion]] = {}
        for question in questions:
            asked.setdefault(_said(question), []).append(question)
        first = [same[0] for same in asked.values()]
        if len(first) < 2:
            return list(asked.values())
        texts, langs = [one.standalone_question for one in first], [base(one.lang) for one in first]
        grouped = group_questions(texts, langs, *self._encoded(texts, langs))
        same = list(asked.values())
        return [[question for row in group.rows for question in same[row]] for group in grouped]

    def _encoded(self, texts: list[str], langs: list[str]) -> tuple[Vector, dict[str, Vector]]:
        encoder, kept = self._encoder(), dict[tuple[str, str], Vector]()

        def vector(text: str) -> Vector:
            key = (encoder.fingerprint, text)
            if key not in kept:
                known = self._vectors.get(key)
                kept[key] = encoder.encode_question(text).vector if known is None else known
            return kept[key]

        own = np.stack([vector(text) for text in texts])
        others = language_means({*langs}, vector)
        self._vectors = kept
        return own, others


def language_means(langs: Set[str], encode: Callable[[str], Vector]) -> dict[str, Vector]:
    """The mean vector of questions in each language that are none of the articles' matter."""
    return {lang: np.mean([encode(text) for text in _other_questions(lang)], axis=0) for lang in sorted(langs)}


def last_mondays(weeks: int, today: date) -> tuple[date, ...]:
    """The first days of the last ``weeks`` ISO weeks, newest first. Raises InputError where they are none or many."""
    if not 1 <= weeks <= WEEKS:
        raise InputError(f"weeks must be from 1 to {WEEKS}.", "weeks")
    monday = today - timedelta(days=today.weekday())
    return tuple(monday - timedelta(weeks=n) for n in range(weeks))


def _week(
    monday: date, groups: list[list[UnansweredQuestion]], articles: Mapping[str, ArticleSummary]
) -> UnansweredWeek:
    sunday = monday + timedelta(days=6)
    listed = []
    for group in groups:
        ours = [question for question in group if monday <= _day(question) <= sunday]
        if ours:
            listed.append(_group(group[0], ours, articles))
    year, number, _ = monday.isocalendar()
    return UnansweredWeek(
        week=f"{year}-W{number:02d}",
        first_day=monday.isoformat(),
        last_day=sunday.isoformat(),
        questions=sum(group.count for group in listed),
        groups=tuple(sorted(listed, key=lambda group: (-group.count, group.label))),
    )


def _group(label: UnansweredQuestion, ours: Questions, articles: Mapping[str, ArticleSummary]) -> UnansweredGroup:
    wordings = {_said(question): question.standalone_question for question in ours if _said(question) != _said(label)}
    return UnansweredGroup(
        label=label.standalone_question,
        label_lang=label.lang,
        count=len(ours),
        askers=len({question.asker for question in ours}),
        langs=_counted(question.lang for question in ours),
        not_found=sum(question.status == "not_found" for question in ours),
        thumbs_down=sum(question.rating == "down" for question in ours),
        reasons=_counted(question.reason for question in ours if question.rating == "down" and question.reason),
        examples=tuple(wordings.values())[:EXAMPLES],
        nearest=tuple(_near_articles(ours, articles))[:NEAREST],
    )


def _near_articles(ours: Questions, articles: Mapping[str, ArticleSummary]) -> Iterator[NearArticle]:
    """Of those still indexed, by how often and how high they were shown; one version of a work."""
    weights: dict[str, float] = defaultdict(float)
    for question in ours:
        for rank, article_id in enumerate(question.nearest, start=1):
            weights[article_id] += 1 / rank
    works = set()
    for article_id in sorted(weights, key=lambda key: (-weights[key], key)):
        article = articles.get(article_id)
        if article is not None and article.work_id not in works:
            works.add(article.work_id)
            yield NearArticle(
                article_id=article_id, path=article.path, title=article.title, lang=article.lang, url=article.url
            )


def _counted(values: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(values).items(), key=lambda pair: (-pair[1], pair[0])))


def _day(question: UnansweredQuestion) -> date:
    return datetime.fromisoformat(question.asked_at).date()


def _said(question: UnansweredQuestion) -> str:
    return " ".join(question.standalone_question.casefold().split()).rstrip("?？؟!.。 ")


def _other_questions(lang: str) -> tuple[str, ...]:
    return phrases(nearest_language(lang)).about_questions[:OTHER_QUESTIONS]
