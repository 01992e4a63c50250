"""The questions in the HTML report: every wrong one with its reasons, what was expected, and what is marked."""

import pytest
from made_runs import REFUSAL, WORK, answer, case, citation, outcome
from report_pages import GONE, MADE, REFUSED, RIGHT, by_id, page, text_of

from evals.golden import Expect
from evals.records import Outcome
from evals.report.kinds import KINDS, kinds
from evals.report.markup import element
from evals.report.spans import Span, find_form, marked
from evals.verdicts import reasons

# Questions


def test_every_wrong_question_is_there_with_every_reason() -> None:
    document = page(MADE)
    articles = document.xpath("//article[contains(@class, 'wrong')]")
    assert [one.get("id") for one in articles] == ["q-wrong-de", "q-refused-ar", "q-gone-en"]
    for article, one in zip(articles, MADE.outcomes[1:], strict=True):
        assert [text_of(reason) for reason in article.xpath("ul[@class='reasons']/li")] == list(reasons(one))
        assert text_of(article.xpath(".//h3")[0]) == one.case.question


def test_right_answers_are_listed_too_and_folded() -> None:
    folded = by_id(page(MADE), "right-answers")
    assert folded.get("open") is None
    assert text_of(folded.xpath("summary")[0]) == "Right answers: 1"
    assert folded.xpath(".//article/@id") == ["q-right-en"]


def test_expected_and_answer_stand_side_by_side() -> None:
    article = by_id(page(MADE), "q-wrong-de")
    expected, given = (text_of(side) for side in article.xpath("div[@class='sides']/div"))
    assert expected == "Expected Status answered Fact ✗ 43,866 or 43.866 From news/harbour.md Must not quote 12,345"
    assert given.startswith("Answer answered, German, sure to 40 % Es waren 12.345 Autos. [1]")
    assert text_of(article.xpath("details/summary")[0]) == "Search found the expected article at place 2 of 2"


def test_quotes_are_marked_in_the_answer_and_forms_in_the_quotes() -> None:
    marks = by_id(page(MADE), "q-wrong-de").xpath(".//mark")
    assert [(mark.get("class"), mark.text) for mark in marks] == [
        ("quoted", "Es waren 12.345 Autos."),
        ("forbidden", "12.345"),
    ]


def test_an_error_stands_where_the_answer_would() -> None:
    (given,) = by_id(page(MADE), "q-gone-en").xpath(".//div[@class='side given']")
    assert text_of(given) == "Answer the service is gone"


def test_questions_carry_what_the_filters_go_by() -> None:
    article = by_id(page(MADE), "q-wrong-de")
    assert article.get("data-lang") == "de"
    assert article.get("data-tags").split("\n") == ["number", "table"]
    assert article.get("data-kinds").split("\n") == ["fact", "forbidden"]


def test_filters_offer_what_there_is_with_its_number() -> None:
    document = page(MADE)
    offered = {
        name: [text_of(option) for option in by_id(document, f"filter-{name}")] for name in ("kinds", "lang", "tags")
    }
    assert offered == {
        "kinds": [
            "any",
            "ended in an error: 1",
            "not answered, though the articles say it: 1",
            "fact missing: 1",
            "shows what it must not: 1",
        ],
        "lang": ["any", "Arabic (ar): 1", "English (en): 2", "German (de): 1"],
        "tags": ["any", "number: 1", "table: 2"],
    }
    (filters,) = document.xpath("//div[@class='filters']")
    assert filters.get("hidden") is not None


FORBIDDING = Expect(status="answered", quotes=("c",), forbidden=("d",))
EVERYTHING = Expect(
    status="answered", works=(WORK,), quotes=("a",), facts=(("b",),), forbidden=("c",), answer_lang="de", as_of="2024"
)


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (GONE, ["error"]),
        (REFUSED, ["unanswered"]),
        (outcome(case(expect=Expect(status="not_found")), answer()), ["invented"]),
        (outcome(case(expect=Expect(status="out_of_scope")), REFUSAL), ["status"]),
        (outcome(case(expect=Expect(status="not_found")), answer(citation("x"), status="not_found")), ["status"]),
        (outcome(case(), answer()), ["work"]),
        (outcome(case(), answer(citation("x", "news/bridge.md"))), ["work"]),
        (
            outcome(case(expect=EVERYTHING), answer(citation("c")), false_quotes=("c",)),
            ["fact", "quote", "forbidden", "language", "date", "exactness"],
        ),
        (outcome(case(expect=FORBIDDING), answer(citation("c"), text="d", composer="llm")), ["forbidden"]),
        (RIGHT, []),
    ],
)
def test_every_reason_has_its_kind(one: Outcome, expected: list[str]) -> None:
    assert list(kinds(one, reasons(one))) == expected
    assert set(expected) < KINDS.keys()


# Marks


@pytest.mark.parametrize(
    ("text", "form", "place"),
    [
        ("Es waren 43.866 Autos.", "43,866", "43.866"),
        ("Es waren 43 866 Autos.", "43,866", "43 866"),
        ("48.5 kW und 48 kW", "48", "48"),
        ("Groß ist die BRÜCKE.", "brücke", "BRÜCKE"),
        ("بنسبة ١٦٫٤ في المئة", "16.4", "١٦٫٤"),
        ("価格は240ユーロです", "240ユーロ", "240ユーロ"),
        ("two  words", "two words", "two  words"),
        ("1,048 kW", "48", None),
        ("none", "other", None),
    ],
)
def test_a_form_is_found_as_it_is_written(text: str, form: str, place: str | None) -> None:
    found_at = find_form(text, form)
    assert (None if found_at is None else text[slice(*found_at)]) == place


def test_a_number_within_another_is_not_where_it_stands() -> None:
    assert find_form("48.5 kW und 48 kW", "48") == (12, 14)


def test_marks_do_not_overlap_and_the_text_stays_whole() -> None:
    spans = [Span(2, 5, "b"), Span(0, 3, "a"), Span(4, 99, "c"), Span(7, 7, "d")]
    into = marked(element("p"), "0123456789", spans)
    assert [(mark.get("class"), mark.text) for mark in into] == [("a", "012"), ("c", "456789")]
    assert "".join(into.itertext()) == "0123456789"
