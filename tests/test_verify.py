"""Verification: the quote to the character, numbers and dates by value."""

import pytest

from rag.records import Verification
from rag.verify import verify_quote

CARS = "In 2021, Audi Brussels produced 43,866 all-electric cars."
START = "Production began on 14 December 2022; the range is 600 km."


def numbers_of(quote: str, sentence: str) -> str:
    return verify_quote(quote, quote, sentence, support=0.5).numbers


def test_an_extractive_sentence_passes_and_keeps_its_support() -> None:
    assert verify_quote(CARS, CARS, CARS, support=0.93) == Verification(quote="exact", support=0.93, numbers="ok")


@pytest.mark.parametrize("source", [CARS.lower(), CARS[:-1], CARS + " ", ""])
def test_a_quote_is_exact_only_if_every_character_is_the_sources(source: str) -> None:
    assert verify_quote(CARS, source, CARS, support=0.5).quote == "paraphrase"


@pytest.mark.parametrize(
    "sentence",
    [
        "2021 baute Audi Brüssel 43.866 Elektroautos [1].",
        "Audi Bruxelles a produit 43 866 voitures en 2021 [1].",
        "أنتج المصنع ٤٣٬٨٦٦ سيارة [1]",
        f"Laut dem Artikel: “{CARS}” [1]",
    ],
)
def test_numbers_in_any_spelling_are_those_of_the_quote(sentence: str) -> None:
    assert numbers_of(CARS, sentence) == "ok"


@pytest.mark.parametrize(
    "sentence",
    [
        "2021 baute Audi Brüssel 43.867 Elektroautos.",
        "2022 baute Audi Brüssel 43.866 Elektroautos.",
        f"3 Werke: “{CARS}”",
        "43.866 km",
    ],
)
def test_a_number_or_unit_that_is_not_in_the_quote_is_a_mismatch(sentence: str) -> None:
    assert numbers_of(CARS, sentence) == "mismatch"


@pytest.mark.parametrize("sentence", ["Audi Brüssel baut Elektroautos.", "Es geht um den Q8 [1].", ""])
def test_a_sentence_without_numbers_has_none_and_a_marker_is_no_number(sentence: str) -> None:
    assert numbers_of(CARS, sentence) == "none"


@pytest.mark.parametrize("sentence", ["am 14. Dezember 2022", "im Dezember 2022", "2022", "600 km", "600"])
def test_a_date_may_be_less_precise_than_the_quotes(sentence: str) -> None:
    assert numbers_of(START, sentence) == "ok"


@pytest.mark.parametrize("sentence", ["am 15. Dezember 2022", "im November 2022", "14 Autos", "600 miles", "2023"])
def test_another_date_unit_or_use_of_its_digits_is_a_mismatch(sentence: str) -> None:
    assert numbers_of(START, sentence) == "mismatch"


def test_a_date_may_not_be_more_precise_than_the_quotes() -> None:
    assert numbers_of("Production began in December 2022.", "am 14. Dezember 2022") == "mismatch"
