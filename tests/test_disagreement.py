"""Another version or article with another figure is seen as a contradiction; other things are not."""

import msgspec
import pytest
from small_candidates import make_candidate

from rag.candidates import Candidate
from rag.disagreement import contradiction, newest_first
from rag.question import Expectation

NUMBER = Expectation(kind="number")


def said(
    text: str, score: float = 9.0, *, article: str = "a", work: str = "w", lang: str = "en", date: str = "2022-03-15"
) -> Candidate:
    one = make_candidate(text, score, article=article, work=work, lang=lang, kind=0.5)
    hit = msgspec.structs.replace(one.hit, published=date)
    return msgspec.structs.replace(one, hit=hit, names_asked=True)


OLD = said("Tarn runs 182 sites in four countries.")


def found(*others: Candidate, best: Candidate = OLD, expected: Expectation = NUMBER, lang: str = "en") -> str | None:
    rival = contradiction([best, *others], best, expected, lang)
    return rival.text if rival else None


def test_a_version_of_another_date_with_another_figure_contradicts() -> None:
    assert found(said("Tarn heeft 310 locaties.", 7, article="b", lang="nl", date="2023-09-12")) == (
        "Tarn heeft 310 locaties."
    )


def test_a_version_with_the_same_figure_in_another_spelling_does_not() -> None:
    best = said("The plant built 43,866 cars.")
    assert found(said("Das Werk baute 43.866 Autos.", article="b", lang="de", date="2023"), best=best) is None


def test_a_version_that_has_the_figure_elsewhere_does_not() -> None:
    version = said("Tarn heeft 310 locaties.", 7, article="b", lang="nl", date="2023")
    elsewhere = said("Er zijn er 182 in vier landen.", 5, article="b", lang="nl", date="2023")
    assert found(version, elsewhere) is None


def test_an_article_that_corrects_the_figure_contradicts() -> None:
    best = said("Tarn built 47,215 cars in 2022.")
    correction = said("Tarn built 46,870 cars in 2022, not 47,215.", 8, article="b", work="v", date="2023-06")
    assert found(correction, best=best) == correction.text


def test_an_article_that_gives_the_very_figure_and_another_contradicts_from_farther_below() -> None:
    best = said("Tarn built 47,215 cars in 2022.")
    correction = said("It was 46,870 cars in 2022, not 47,215.", 6, article="b", work="v", date="2023-06")
    assert found(correction, best=best) == correction.text
    assert found(msgspec.structs.replace(correction, score=4.0), best=best) is None


def test_a_figure_of_few_digits_is_shared_by_chance() -> None:
    best = said("Tarn built 12 cars in 2022.")
    other = said("Tarn sold 12 or 11 cars in 2022.", 6, article="b", work="v", date="2023-06")
    assert found(other, best=best) is None
    assert found(msgspec.structs.replace(other, score=8.0), best=best) == other.text


@pytest.mark.parametrize(
    "other",
    [
        said("Tarn runs 195 sites.", 7, article="b", work="v", date="2023"),  # far below the best
        said("Tarn runs 195 sites.", 9, article="b", work="v"),  # of the same date
        said("Tarn employs 3,120 people.", 9, article="b", work="v", date="2023"),  # no like amount
        said("Tarn is 195 km away.", 9, article="b", work="v", date="2023"),  # of another unit
        msgspec.structs.replace(
            said("Otter runs 195 sites.", 9, article="b", work="v", date="2023"), names_asked=False
        ),  # of another thing
    ],
)
def test_another_article_contradicts_only_what_it_is_about(other: Candidate) -> None:
    assert found(other) is None


STAFF = said("Zandhaven had 2,640 staff at the end of 2022.", date="2023-01-24")


def under(heading: str, one: Candidate) -> Candidate:
    return msgspec.structs.replace(one, hit=msgspec.structs.replace(one.hit, headings=("Zandhaven", heading)))


@pytest.mark.parametrize(
    "other",
    [
        said("Zandhaven had 3,120 staff at the end of 2023.", article="b", work="v", date="2024-01"),
        said("Zandhaven had 3,120 staff in 2023, up from 2,640 in 2022.", article="b", work="v", date="2024-01"),
        said("Zandhaven had 3,120 staff on 31 December 2023.", article="b", work="v", date="2024-01"),
        under("The year 2023", said("Zandhaven has 3,120 staff.", article="b", work="v", date="2024-01")),
        said("Zandhaven now has 3,120 staff.", article="b", work="v", date="2024-01"),
        said("In Zandhaven arbeiten 2023 3.120 Menschen.", article="b", lang="de", date="2024-01"),
    ],
)
def test_a_figure_of_another_year_is_no_rival(other: Candidate) -> None:
    assert found(other, best=STAFF) is None


@pytest.mark.parametrize(
    "other",
    [
        said("Zandhaven had 3,120 staff at the end of 2022.", article="b", work="v", date="2024-01"),
        under("The year 2022", said("Zandhaven has 3,120 staff.", article="b", work="v", date="2024-01")),
        said("Zandhaven has 3,120 staff.", article="b", work="v", date="2023-06"),
        said("Zandhaven had 3,120 staff, not 2,640.", article="b", work="v", date="2024-06"),
    ],
)
def test_a_figure_that_may_be_of_the_same_year_is_one(other: Candidate) -> None:
    assert found(other, best=STAFF) == other.text


def test_only_figures_are_held_against_each_other() -> None:
    other = said("Tarn runs 195 sites.", 9, article="b", work="v", date="2023")
    assert found(other) == other.text
    assert found(other, expected=Expectation(kind="reason")) is None


def test_of_the_versions_that_contradict_the_readers_own_is_taken() -> None:
    dutch = said("Tarn heeft 310 locaties.", 8.5, article="b", lang="nl", date="2023-09-12")
    german = said("Tarn hat 310 Standorte.", 8.0, article="c", lang="de", date="2023-09-12")
    assert found(dutch, german, lang="de") == german.text
    assert found(dutch, german, lang="fr") == dutch.text


def test_the_readers_own_version_is_taken_by_the_sentence_that_says_the_same() -> None:
    dutch = said("Tarn heeft 310 locaties.", 8.5, article="b", lang="nl", date="2023-09-12")
    lead = said("Tarn wächst weiter.", 8.4, article="c", lang="de", date="2023-09-12")
    german = said("Tarn hat jetzt 310 Standorte.", 5.0, article="c", lang="de", date="2023-09-12")
    assert found(dutch, lead, german, lang="de") == german.text


def test_what_was_changed_last_comes_first() -> None:
    new = msgspec.structs.replace(OLD, hit=msgspec.structs.replace(OLD.hit, published="2021", modified="2023-09-12"))
    assert newest_first(OLD, new) == newest_first(new, OLD) == (new, OLD)
