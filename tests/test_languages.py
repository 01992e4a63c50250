"""Language tags from paths and declarations, detection of texts and questions, and the decision between them."""

import tomllib
from pathlib import Path

import pytest

from index.languages import decide, detect, detect_question, is_rtl, normalise_tag, split_path

QUESTIONS = tomllib.loads((Path(__file__).parent / "language_questions.toml").read_text("utf-8"))
NORDIC = tomllib.loads((Path(__file__).parent / "nordic_questions.toml").read_text("utf-8"))
KNOWN_MISTAKES = 3
"""Of the questions in the file; a change that makes more has made detection worse."""
ENGLISH = (
    "The ferry leaves the harbour at eight in the morning and comes back before it is dark. "
    "Most of the people who take it work on the island, but there are also those who want to see the birds. "
    "When the wind is strong, the captain waits until he is sure that the boat can cross."
)
GERMAN = (
    "Die Fähre verlässt den Hafen um acht Uhr morgens und kommt zurück, bevor es dunkel wird. "
    "Die meisten Leute, die mitfahren, arbeiten auf der Insel, aber es gibt auch solche, die die Vögel sehen wollen. "
    "Wenn der Wind stark ist, wartet der Kapitän, bis er sicher ist, dass das Schiff fahren kann."
)
DANISH = (
    "Færgen forlader havnen klokken otte om morgenen og kommer tilbage, før det bliver mørkt. "
    "De fleste af dem, der tager med, arbejder på øen, men der er også nogle, som gerne vil se fuglene. "
    "Når vinden er stærk, venter kaptajnen, indtil han er sikker på, at båden kan sejle over."
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("guides/_index.nb.md", ("nb", "guides/_index.md")),
        ("post.pt-br.md", ("pt-BR", "post.md")),
        ("page.zh-Hant.html", ("zh-Hant", "page.html")),
        ("page.no.html", ("nb", "page.html")),
        ("de/a.md", ("de", "a.md")),
        ("content/de/x/a.md", ("de", "content/x/a.md")),
        ("content/en-us/a.md", ("en-US", "content/a.md")),
        ("a.md", (None, "a.md")),
        ("a.min.md", (None, "a.min.md")),
        ("v1.2.md", (None, "v1.2.md")),
        ("jquery.min", (None, "jquery.min")),
        ("about.us.md", (None, "about.us.md")),
        ("news/de/a.md", (None, "news/de/a.md")),
        (".de.md", (None, ".de.md")),
        ("de.md", (None, "de.md")),
    ],
)
def test_a_path_is_split_into_language_and_rest(path: str, expected: tuple[str | None, str]) -> None:
    assert split_path(path) == expected


@pytest.mark.parametrize(
    ("tag", "expected"),
    [
        ("EN", "en"), ("no", "nb"), ("iw", "he"), ("pt_br", "pt-BR"), ("zh-hant-tw", "zh-Hant-TW"),
        ("nb_NO.UTF-8", "nb-NO"), (" de ", "de"), ("deu", "de"), ("english", None), ("x", None), ("", None),
        ("und", None), ("12", None), ("es-419", "es-419"),
    ],
)  # fmt: skip
def test_a_tag_is_normalised(tag: str, expected: str | None) -> None:
    assert normalise_tag(tag) == expected


def test_arabic_hebrew_persian_and_urdu_run_from_the_right() -> None:
    assert [is_rtl(tag) for tag in ("ar-EG", "he", "fa", "ur", "en", "tr")] == [True] * 4 + [False] * 2


@pytest.mark.parametrize("lang", sorted(QUESTIONS))
def test_most_questions_of_each_language_are_recognised(lang: str) -> None:
    right = sum(detect_question(question) == lang for question in QUESTIONS[lang])
    assert right >= len(QUESTIONS[lang]) - 1


def test_hardly_any_question_of_all_languages_is_mistaken() -> None:
    wrong = [(lang, text) for lang, texts in QUESTIONS.items() for text in texts if detect_question(text) != lang]
    assert len(wrong) <= KNOWN_MISTAKES, wrong


def test_a_likely_language_decides_where_there_are_only_names() -> None:
    assert detect_question("Volvo EX30?", ["nb"]) == "nb"
    assert detect_question("Volvo EX30?", ["it-CH"]) == "it"


def test_a_likely_language_does_not_overrule_a_plain_question() -> None:
    assert detect_question("Wie viele Menschen arbeiten dort?", ["nb"]) == "de"


def test_a_likely_language_decides_between_close_ones() -> None:
    assert detect_question("Hvor er det?", ["da"]) == "da"
    assert detect_question("Hvor er det?", ["nb"]) == "nb"


@pytest.mark.parametrize(("part", "known_mistakes"), [("tuning", 6), ("held_out", 6)])
def test_hardly_any_short_nordic_question_is_mistaken(part: str, known_mistakes: int) -> None:
    wrong = [(lang, text) for lang, texts in NORDIC[part].items() for text in texts if detect_question(text) != lang]
    assert len(wrong) <= known_mistakes, wrong


@pytest.mark.parametrize("lang", ["nb", "da"])
def test_the_articles_languages_decide_what_could_be_norwegian_or_danish(lang: str) -> None:
    questions = [text for part in ("tuning", "held_out") for text in NORDIC["either"][part]]
    assert {detect_question(text, indexed=[lang, "en"]) for text in questions} == {lang}


@pytest.mark.parametrize("lang", ["nb", "da"])
def test_hardly_any_short_question_in_an_articles_language_is_mistaken(lang: str) -> None:
    questions = NORDIC["tuning"][lang] + NORDIC["held_out"][lang]
    assert sum(detect_question(text, indexed=[lang, "en"]) != lang for text in questions) <= 1


def test_the_articles_languages_do_not_overrule_a_plain_question() -> None:
    assert detect_question("Hvad koster en varmepumpe?", indexed=["nb"]) == "da"
    assert detect_question("Hvem eier fabrikken?", indexed=["da"]) == "nb"


@pytest.mark.parametrize(
    "text",
    [
        "Hvor mange biler blev der bygget på fabrikken sidste år?",
        "Hvem overtog som direktør for byens fabrik?",
        "Hvornår åbner den nye butik?",
        "Hvor lang tid tager det at lade?",
    ],
)
def test_danish_stays_danish_over_norwegian_articles(text: str) -> None:
    assert detect_question(text, indexed=["nb", "en"]) == "da"


def test_the_articles_languages_say_nothing_of_a_question_in_no_relative_of_theirs() -> None:
    assert detect_question("Wat is dat?", indexed=["en", "de"]) == "nl"


def test_a_question_without_letters_is_in_the_likely_language() -> None:
    assert detect_question("2021?", ["sv"]) == "sv"
    assert detect_question("2021?") == "und"


def test_a_text_without_letters_has_no_language() -> None:
    assert detect("2021: 43 866 (+3 %)") == ("und", 0.0)


def test_a_plain_text_is_detected_with_confidence() -> None:
    lang, confidence = detect(GERMAN)
    assert lang == "de"
    assert 0.99 < confidence <= 1


def test_the_path_comes_before_the_declaration() -> None:
    assert decide(path_lang="sv", declared="da", text="") == "sv"


def test_the_declaration_comes_before_detection() -> None:
    assert decide(path_lang=None, declared="no", text="Taxi") == "nb"


def test_without_a_name_the_text_decides() -> None:
    assert decide(path_lang=None, declared=None, text=GERMAN) == "de"
    assert decide(path_lang=None, declared="not a tag", text=GERMAN) == "de"
    assert decide(path_lang=None, declared=None, text="") == "und"


def test_a_long_text_in_another_language_overrules_its_name() -> None:
    assert decide(path_lang="sv", declared=None, text=ENGLISH) == "en"
    assert decide(path_lang=None, declared="en", text=GERMAN) == "de"


def test_a_short_text_keeps_its_name() -> None:
    assert decide(path_lang="sv", declared=None, text="The ferry leaves at eight.") == "sv"


def test_a_close_relative_keeps_its_name() -> None:
    assert decide(path_lang="nb", declared=None, text=DANISH) == "nb"


def test_a_language_that_cannot_be_detected_keeps_its_name() -> None:
    assert decide(path_lang="eu", declared=None, text=ENGLISH) == "eu"


def test_a_mixed_text_goes_by_its_larger_part() -> None:
    assert decide(path_lang="sv", declared=None, text=f"{ENGLISH}\n\n{GERMAN}\n\n{ENGLISH}\n\n{ENGLISH}") == "en"


def test_a_table_of_names_and_units_does_not_count_as_prose() -> None:
    rows = "\n".join(f"| {n} kWh | {n * 3} kW | {n} m 12 s | Volt Ampere SOC |" for n in range(60))
    assert decide(path_lang=None, declared=None, text=f"{ENGLISH}\n\n{rows}") == "en"


def test_region_and_script_stay_where_the_language_agrees() -> None:
    assert decide(path_lang="en", declared="en-GB", text=ENGLISH) == "en-GB"
    assert decide(path_lang="de", declared="en-GB", text=ENGLISH) == "en-GB"
    assert decide(path_lang="de-AT", declared=None, text=ENGLISH) == "en"
