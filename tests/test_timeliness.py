"""Which year a question asks for, or whether it asks for the newest, in any language; and what fits that."""

import pytest

from index.timeliness import AskedTime, asked_time, timeliness

DATES = ["2020-05-01", None, "2021-03", "2022-12-14"]


@pytest.mark.parametrize(
    ("question", "lang"),
    [
        ("What is the latest price?", "en"),
        ("Was ist das neueste Modell?", "de"),
        ("Hva er de nyeste tallene?", "nb"),
        ("Quel est le modèle le plus récent ?", "fr"),
        ("¿Cuál es el modelo más reciente?", "es"),
        ("Какая самая новая модель?", "ru"),
        ("ما هو أحدث طراز؟", "ar"),
        ("最新的车型是什么？", "zh"),
        ("最新のモデルは何ですか", "ja"),
        ("En yeni model hangisi?", "tr"),
        ("Mikä on uusin malli?", "fi"),
        ("सबसे नया मॉडल कौन सा है?", "hi"),
        ("Was kostet es heute?", "de"),
        ("Combien coûte-t-il aujourd’hui ?", "fr"),
        ("现在多少钱？", "zh"),
    ],
)
def test_a_question_for_the_newest_is_known_as_one(question: str, lang: str) -> None:
    assert asked_time(question, lang) == AskedTime(frozenset(), newest=True)


def test_a_word_that_only_contains_one_for_the_newest_asks_for_nothing() -> None:
    assert not asked_time("Who is Agneueste?", "de").newest


def test_a_year_in_any_digits_is_asked_for_and_goes_before_the_newest() -> None:
    assert asked_time("latest figures of 2021", "en") == AskedTime(frozenset({"2021"}), newest=False)
    assert asked_time("كم سيارة في ٢٠٢١؟", "ar").years == {"2021"}


def test_an_amount_is_no_year() -> None:
    assert asked_time("Who built 20215 cars?", "en").years == frozenset()


def test_articles_of_the_year_fit_it() -> None:
    assert timeliness(AskedTime(frozenset({"2021"}), newest=False), DATES).tolist() == [0, 0, 1, 0]


def test_articles_of_the_day_fit_it_better_than_those_of_the_year() -> None:
    asked = asked_time("What did she say on 14 December 2022?", "en")
    assert asked.days == {"2022-12-14"}
    assert timeliness(asked, ["2022-12-14", "2022-12", "2022-12-15", "2021-12-14", None]).tolist() == [1, 1, 0.5, 0, 0]


def test_the_newer_the_better_where_the_newest_is_asked_for() -> None:
    found = timeliness(AskedTime(frozenset(), newest=True), DATES).tolist()
    assert found == pytest.approx([1 / 3, 0, 2 / 3, 1])


def test_without_a_time_asked_for_dates_say_nothing() -> None:
    assert timeliness(AskedTime(frozenset(), newest=False), DATES).tolist() == [0, 0, 0, 0]
