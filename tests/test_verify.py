"""Verification: where a sentence comes from, and whether its quote supports it, in many languages."""

import tomllib
from pathlib import Path

import pytest
from made_meaning import MadeMeaning

from rag.claim_meaning import Meaning
from rag.claims import Cited, Claim, OfferedSource
from rag.records import Verification
from rag.verify import is_supported, verify

CASES = tomllib.loads(Path(__file__).with_name("verification_cases.toml").read_text(encoding="utf-8"))["case"]
CARS = "In 2021, Audi Brussels produced 43,866 all-electric cars."
START = "Production began on 14 December 2022; the range is 600 km."


def verified(
    quote: str,
    sentence: str,
    *,
    lang: str = "en",
    quote_lang: str = "en",
    title: str = "",
    meaning: Meaning | None = None,
) -> Verification:
    source = OfferedSource(source_id="1", text=f"Before. {quote} After.", lang=quote_lang, title=title)
    claim = Claim(sentence=sentence, lang=lang, cited=(Cited(source_id="1", quote=quote),))
    return verify(claim, [source], support=0.5, meaning=meaning)


def reasons(verification: Verification) -> set[str]:
    return {check.name for check in verification.checks if check.verdict in {"doubt", "error"}}


def test_an_extractive_sentence_is_kept_with_its_support() -> None:
    found = verified(CARS, CARS)
    assert (found.quote, found.support, found.numbers, found.verdict) == ("exact", 0.5, "ok", "keep")
    assert is_supported(found)


@pytest.mark.parametrize("case", CASES, ids=[f"{case['lang']}-{number}" for number, case in enumerate(CASES)])
def test_a_sentence_is_kept_or_caught_for_what_is_wrong_with_it(case: dict[str, str]) -> None:
    found = verified(
        case["quote"],
        case["sentence"],
        lang=case["lang"],
        quote_lang=case.get("quote_lang", case["lang"]),
        title=case.get("title", ""),
        meaning=MadeMeaning() if case["verdict"] == "keep" and "quote_lang" in case else None,
    )
    if case["verdict"] == "keep":
        assert reasons(found) == set()
    else:
        assert case["check"] in reasons(found)


GERMAN = "2021 baute Audi Brussels 43.866 Elektroautos"


def test_what_is_said_in_another_language_is_doubted_where_no_model_can_tell() -> None:
    assert reasons(verified(CARS, f"{GERMAN}.", lang="de")) == {"meaning"}
    assert reasons(verified(CARS, f"{GERMAN}.", lang="de", meaning=MadeMeaning())) == set()


def test_a_clause_that_lies_far_from_the_quote_is_doubted_however_near_the_rest_lies() -> None:
    meaning = MadeMeaning({"und", "dann", "brannte", "alles"})
    near, far = f"{GERMAN}, wie es damals hieß.", f"{GERMAN}, und dann brannte alles."
    assert reasons(verified(CARS, near, lang="de", meaning=meaning)) == set()
    assert "meaning" in reasons(verified(CARS, far, lang="de", meaning=meaning))


def test_a_clause_of_which_no_word_stands_in_the_quote_is_doubted() -> None:
    reworded = "As many as 43,866 all-electric cars were produced by Audi Brussels in 2021"
    assert reasons(verified(CARS, f"{reworded}.")) == set()
    assert reasons(verified(CARS, f"{reworded}, to everyone's great surprise.")) == {"wording"}


def test_a_source_that_was_not_offered_is_an_error() -> None:
    source = OfferedSource(source_id="1", text=CARS, lang="en")
    claim = Claim(sentence=CARS, lang="en", cited=(Cited(source_id="2", quote=CARS),))
    found = verify(claim, [source])
    assert (reasons(found), found.verdict) == ({"source"}, "drop")


def test_a_sentence_that_cites_nothing_is_dropped() -> None:
    assert verify(Claim(sentence=CARS, lang="en", cited=()), []).verdict == "drop"


@pytest.mark.parametrize("invented", [CARS.lower(), CARS.replace("43,866", "43,867"), "", "Audi Brussels closed."])
def test_a_quote_that_the_source_does_not_have_is_an_error(invented: str) -> None:
    source = OfferedSource(source_id="1", text=CARS, lang="en")
    found = verify(Claim(sentence=CARS, lang="en", cited=(Cited(source_id="1", quote=invented),)), [source])
    assert (found.quote, reasons(found), found.verdict) == ("absent", {"quote"}, "drop")


def test_a_quote_with_other_white_space_and_quotation_marks_is_found() -> None:
    source = OfferedSource(source_id="1", text="He said: “we are\nlearning”.", lang="en")
    cited = Cited(source_id="1", quote='said: "we are learning"')
    found = verify(Claim(sentence='He said: "we are learning".', lang="en", cited=(cited,)), [source])
    assert (found.quote, "quote" in reasons(found)) == ("paraphrase", False)


@pytest.mark.parametrize(
    ("sentence", "lang"),
    [
        ("2021 baute Audi Brüssel 43.866 Elektroautos [1].", "de"),
        ("Audi Bruxelles a produit 43 866 voitures en 2021 [1].", "fr"),
        ("أنتج المصنع ٤٣٬٨٦٦ سيارة [1]", "ar"),
    ],
)
def test_numbers_in_any_spelling_are_those_of_the_quote(sentence: str, lang: str) -> None:
    assert verified(CARS, sentence, lang=lang).numbers == "ok"


@pytest.mark.parametrize(
    "sentence", ["2021 baute Audi Brüssel 43.867 Elektroautos.", "2022 baute Audi Brüssel 43.866 Elektroautos."]
)
def test_a_number_that_is_not_in_the_quote_is_a_mismatch(sentence: str) -> None:
    found = verified(CARS, sentence, lang="de")
    assert (found.numbers, found.verdict) == ("mismatch", "drop")


@pytest.mark.parametrize(
    ("quote", "sentence", "verdict"),
    [
        ("The gauge is 1,435 mm (4 feet 8  inches).", "The gauge is 1435 mm (4 feet 8 inches).", "keep"),
        ("The gauge is 1,435 mm (4 feet 8  inches).", "The gauge is 1435 mm (4 feet 9 inches).", "drop"),
        ("The rows hold 12  345 units of each kind.", "The rows hold 12345 units of each kind.", "drop"),
        ("Seats: 12  345 litres", "There are 12 seats and 345 litres.", "keep"),
        ("It weighs 5\n\nkm are 7.", "It weighs 5 km.", "drop"),
    ],
)
def test_a_figure_and_its_unit_belong_together_two_spaces_apart_and_two_figures_do_not(
    quote: str, sentence: str, verdict: str
) -> None:
    assert verified(quote, sentence).verdict == verdict


def test_a_number_word_with_another_multiplier_is_another_number() -> None:
    quote = "It sold three million cars."
    assert is_supported(verified(quote, quote))
    for sentence in ("It sold three thousand cars.", "It sold three cars.", "It sold three billion cars."):
        assert not is_supported(verified(quote, sentence))


@pytest.mark.parametrize(
    ("quote", "quote_lang", "sentence", "numbers"),
    [
        ("It sold three million cars.", "en", "It sold 3 million cars.", "ok"),
        ("It sold three million cars.", "en", "It sold 3 cars.", "mismatch"),
        ("It sold three million cars.", "en", "It sold 4 million cars.", "mismatch"),
        ("It sold three hundred cars.", "en", "It sold 300 cars.", "ok"),
        ("Sie verkaufte zwei Milliarden Teile.", "de", "It sold 2 billion parts.", "ok"),
        ("Vendió cuatro mil coches.", "es", "It sold 4,000 cars.", "ok"),
        ("It sold three hundred thousand cars.", "en", "It sold 300 cars.", "mismatch"),
        ("It sold three hundred thousand cars.", "en", "It sold 300,000 cars.", "ok"),
    ],
)
def test_a_number_word_counts_with_its_multiplier(quote: str, quote_lang: str, sentence: str, numbers: str) -> None:
    assert verified(quote, sentence, quote_lang=quote_lang).numbers == numbers


@pytest.mark.parametrize("sentence", ["Audi Brüssel baut Elektroautos.", "Es geht um den Q8 [1].", ""])
def test_a_sentence_without_numbers_has_none_and_a_marker_is_no_number(sentence: str) -> None:
    assert verified(CARS, sentence, lang="de").numbers == "none"


@pytest.mark.parametrize("sentence", ["am 14. Dezember 2022", "im Dezember 2022", "2022", "600 km", "600"])
def test_a_date_may_be_less_precise_than_the_quotes(sentence: str) -> None:
    assert verified(START, sentence, lang="de").numbers == "ok"


@pytest.mark.parametrize("sentence", ["am 15. Dezember 2022", "im November 2022", "14 Autos", "600 Meilen", "2023"])
def test_another_date_unit_or_use_of_its_digits_is_a_mismatch(sentence: str) -> None:
    assert verified(START, sentence, lang="de").numbers == "mismatch"


def test_a_date_may_not_be_more_precise_than_the_quotes() -> None:
    assert verified("Production began in December 2022.", "am 14. Dezember 2022", lang="de").numbers == "mismatch"


def test_a_second_citation_supports_what_the_first_does_not() -> None:
    sources = [
        OfferedSource(source_id="1", text="The bridge is 820 m long.", lang="en"),
        OfferedSource(source_id="2", text="It was opened in 1998.", lang="en"),
    ]
    cited = tuple(Cited(source_id=one.source_id, quote=one.text) for one in sources)
    claim = Claim(sentence="Die Brücke von 1998 ist 820 m lang.", lang="de", cited=cited)
    assert (verify(claim, sources).numbers, verify(claim, sources[:1]).verdict) == ("ok", "drop")
