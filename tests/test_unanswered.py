"""Reports by week: what stands in which week, under which label, and when a model is needed for it."""

from collections.abc import Iterable
from datetime import date

import msgspec
import pytest
from fake_backend import ARTICLE
from word_encoder import WordEncoder

from index.records import ArticleSummary, Encoder
from rag.errors import InputError
from rag.feedback_records import NearArticle, UnansweredQuestion
from rag.unanswered import UnansweredLists, last_mondays

TODAY = date(2024, 2, 14)  # a Wednesday, in ISO week 7
ASKED = UnansweredQuestion(
    question_id="q1",
    asker="r1",
    asked_at="2024-02-13T10:00:00+00:00",
    lang="en",
    question="What is the price?",
    standalone_question="What is the price?",
    turns=(),
    status="not_found",
    rating=None,
    reason=None,
    comment="",
    nearest=(),
)


def asked(text: str, **others: object) -> UnansweredQuestion:
    return msgspec.structs.replace(ASKED, question=text, standalone_question=text, **others)


class GivenQuestions:
    """Stands in for the store: a list, and how many there were in all."""

    def __init__(self, questions: Iterable[UnansweredQuestion], total: int | None = None) -> None:
        self.questions = tuple(questions)
        self.total = len(self.questions) if total is None else total
        self.since = ""

    def unanswered(self, since: str = "", limit: int | None = None) -> tuple[UnansweredQuestion, ...]:
        self.since = since
        return self.questions[-limit:] if limit else self.questions

    def count_unanswered(self, since: str = "") -> int:
        return self.total


class CountedEncoder(WordEncoder):
    """Remembers which questions were encoded."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[str] = []

    def encode_question(self, text: str):  # type: ignore[no-untyped-def]
        self.questions.append(text)
        return super().encode_question(text)


def lists(
    store: GivenQuestions, articles: tuple[ArticleSummary, ...] = (ARTICLE,), encoder: Encoder | None = None
) -> UnansweredLists:
    return UnansweredLists(store, lambda: encoder or WordEncoder(), lambda: articles)


def no_model() -> Encoder:
    raise AssertionError("a model was loaded")


def test_weeks_come_newest_first_also_without_questions() -> None:
    report = lists(GivenQuestions([])).report(2, TODAY)
    assert [(week.week, week.first_day, week.last_day, week.questions) for week in report.weeks] == [
        ("2024-W07", "2024-02-12", "2024-02-18", 0),
        ("2024-W06", "2024-02-05", "2024-02-11", 0),
    ]


def test_a_week_at_the_turn_of_the_year_has_its_iso_number() -> None:
    (week,) = lists(GivenQuestions([])).report(1, date(2024, 12, 31)).weeks
    assert (week.week, week.first_day) == ("2025-W01", "2024-12-30")


def test_questions_are_read_since_the_first_monday() -> None:
    store = GivenQuestions([])
    lists(store).report(3, TODAY)
    assert store.since == "2024-01-29"


@pytest.mark.parametrize("weeks", [0, -1, 53])
def test_a_number_of_weeks_out_of_range_is_refused(weeks: int) -> None:
    with pytest.raises(InputError, match="from 1 to 52"):
        last_mondays(weeks, TODAY)


def test_a_group_says_how_often_by_whom_and_how() -> None:
    store = GivenQuestions(
        [
            asked("What is the price?"),
            asked("price", asker="r2", lang="nb"),
            asked("PRICE!", asker="r2", status="answered", rating="down", reason="wrong"),
        ]
    )
    (group,) = lists(store).report(1, TODAY).weeks[0].groups
    assert (group.count, group.askers, group.not_found, group.thumbs_down) == (3, 2, 2, 1)
    assert group.langs == {"en": 2, "nb": 1}
    assert group.reasons == {"wrong": 1}


def test_the_most_asked_comes_first_and_other_matters_stand_apart() -> None:
    store = GivenQuestions([asked("How is the winter?"), asked("What is the price?"), asked("The price, please?")])
    groups = lists(store).report(1, TODAY).weeks[0].groups
    assert [(group.count, group.label) for group in groups] == [(2, "What is the price?"), (1, "How is the winter?")]
    assert groups[0].examples == ("The price, please?",)


def test_the_same_words_asked_again_are_no_example() -> None:
    store = GivenQuestions([asked("What is the price?"), asked("what is  the price")])
    (group,) = lists(store).report(1, TODAY).weeks[0].groups
    assert (group.count, group.examples) == (2, ())


def test_a_group_has_the_same_label_in_every_week() -> None:
    store = GivenQuestions([asked("price", asked_at="2024-02-08T10:00:00+00:00"), asked("What is the price?")])
    newest, before = lists(store).report(2, TODAY).weeks
    assert newest.groups[0].label == before.groups[0].label == "price"
    assert (newest.groups[0].count, before.groups[0].count) == (1, 1)


def test_the_nearest_articles_are_those_that_are_still_indexed_one_version_each() -> None:
    translation = msgspec.structs.replace(ARTICLE, article_id="a2", lang="nl")
    other = msgspec.structs.replace(ARTICLE, article_id="a3", work_id="w3", title="The old bridge")
    store = GivenQuestions([asked("price", nearest=("a1", "a2", "gone", "a3"))])
    (group,) = lists(store, (ARTICLE, translation, other)).report(1, TODAY).weeks[0].groups
    assert [article.article_id for article in group.nearest] == ["a1", "a3"]
    assert group.nearest[0] == NearArticle(
        article_id="a1", path=ARTICLE.path, title=ARTICLE.title, lang="en", url=ARTICLE.url
    )


def test_what_is_left_out_is_counted() -> None:
    store = GivenQuestions([asked("What is the price?")] * 1000, total=1345)
    report = lists(store).report(1, TODAY)
    assert (report.questions, report.left_out) == (1345, 345)


def test_no_model_is_loaded_for_one_question() -> None:
    store = GivenQuestions([asked("price"), asked("Price?")])
    (week,) = UnansweredLists(store, no_model, tuple).report(1, TODAY).weeks
    assert week.groups[0].count == 2


def test_no_question_is_encoded_twice() -> None:
    encoder = CountedEncoder()
    store = GivenQuestions([asked("price"), asked("winter")])
    reports = lists(store, encoder=encoder)
    reports.report(1, TODAY)
    reports.report(2, TODAY)
    assert len(encoder.questions) == len(set(encoder.questions))
    assert {"price", "winter"} <= set(encoder.questions)
