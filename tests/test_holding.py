"""What a conversation is about narrows the hits to those that speak of it."""

from small_index import make_hit

from index.records import Hit
from rag.holding import holding, titled


def page(title: str, text: str, **others: object) -> Hit:
    return make_hit(text, article_id=title, **({"work_id": title, "title": title} | others))


STATION = page("Bruges Station", "It was opened in 1838.")
TRAINS = page("Trains", "Trains from Bruges Station go to Ghent.")
GHENT = page("Ghent", "The canal ends in Ghent.")


def test_hits_that_do_not_hold_the_name_are_left_out() -> None:
    assert holding((GHENT, TRAINS, STATION), ["Bruges Station"], "en", {}) == (TRAINS, STATION)


def test_a_name_that_no_hit_holds_narrows_nothing() -> None:
    assert holding((GHENT, TRAINS), ["Antwerp"], "en", {}) == (GHENT, TRAINS)


def test_a_work_that_was_cited_for_the_name_stays() -> None:
    known = {"Bruges Station": frozenset({"Ghent"})}
    assert holding((GHENT, STATION), ["Bruges Station"], "en", known) == (GHENT, STATION)


def test_the_other_versions_of_a_work_stay_with_the_one_that_holds_the_name() -> None:
    dutch = page("Station", "Het werd geopend in 1838.", work_id="Bruges Station", lang="nl")
    assert holding((dutch, STATION), ["Bruges Station"], "en", {}) == (dutch, STATION)


def test_a_hit_in_another_script_may_write_the_name_otherwise() -> None:
    russian = page("Брюгге", "Вокзал открыт в 1838 году.", lang="ru")
    assert holding((russian, STATION), ["Bruges Station"], "en", {}) == (russian, STATION)


def test_an_inflected_name_is_the_same_name() -> None:
    finnish = page("Bruggen asema", "Asema avattiin 1838.", lang="fi")
    assert holding((finnish, GHENT), ["Bruggenin asemalla"], "fi", {}) == (finnish,)


def test_the_page_of_a_look_alike_is_left_out_though_it_holds_the_name() -> None:
    plain = page("Tarn Lynx", "The Tarn Lynx goes 410 km.")
    sport = page("Tarn Lynx Sport", "The Tarn Lynx Sport goes less far than the Tarn Lynx.")
    assert holding((sport, plain), ["Tarn Lynx"], "en", {}) == (plain,)


def test_titles_with_the_year_are_told_from_those_without() -> None:
    report = page("Cars built in 2021", "31,480 cars were built.")
    assert titled((GHENT, report), ["2021"]) == (report,)
    assert titled((GHENT,), ["2021"]) == ()
