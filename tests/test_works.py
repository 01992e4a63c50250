"""Translations are known by the figures they share."""

from hypothesis import given
from hypothesis import strategies as st

from index.works import Stated, figures, joined_works

SHARED = frozenset({"2021", "43866", "107000", "9000", "1881", "2600"})


def stated(name: str, lang: str, *more: str, shared: frozenset[str] = SHARED, work: str | None = None) -> Stated:
    return Stated(article_id=name, work_id=work or name, lang=lang, figures=shared | set(more))


def test_figures_are_numbers_of_three_digits_or_more_in_any_spelling() -> None:
    assert figures("43,866 cars, 43.866 Autos, 5 doors, 22 kW, 18.25 kWh") == {"43866", "18.25"}


def test_two_languages_with_the_same_figures_are_one_work() -> None:
    assert joined_works([stated("a", "en", "582"), stated("b", "nl")]) == {"b": "a"}


def test_two_articles_in_one_language_stay_two_works() -> None:
    assert joined_works([stated("a", "en"), stated("b", "en")]) == {}


def test_a_work_with_its_own_translation_takes_no_other() -> None:
    articles = [stated("a", "en", work="w"), stated("b", "nl", work="w"), stated("c", "nl")]
    assert joined_works(articles) == {}


def test_figures_that_many_articles_state_join_nothing() -> None:
    assert (
        joined_works([stated(name, lang) for name, lang in zip("abcde", ("en", "nl", "de", "fr", "es"), strict=True)])
        == {}
    )


def test_few_shared_figures_join_nothing() -> None:
    few = frozenset({"2021", "43866", "9000"})
    assert joined_works([stated("a", "en", shared=few), stated("b", "nl", shared=few)]) == {}


def test_an_article_with_mostly_other_figures_stays_alone() -> None:
    own = [str(number) for number in range(5000, 5020)]
    other = [str(number) for number in range(6000, 6020)]
    assert joined_works([stated("a", "en", *own), stated("b", "nl", *other)]) == {}


@given(
    st.permutations([stated("a", "en", "582"), stated("b", "nl"), stated("c", "de", "999", "998"), stated("d", "en")])
)
def test_the_order_of_articles_does_not_matter(articles: list[Stated]) -> None:
    reference = [stated("a", "en", "582"), stated("b", "nl"), stated("c", "de", "999", "998"), stated("d", "en")]
    assert joined_works(articles) == joined_works(reference)
