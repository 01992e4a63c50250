import os
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.lexical import terms


def words(text: str, lang: str) -> list[str]:
    """The terms without a mark of kind."""
    return [term for term in terms(text, lang) if term[0] not in "~+'#@"]


def grams(text: str, lang: str) -> set[str]:
    return {term for term in terms(text, lang) if term.startswith("~")}


def sounds(text: str, lang: str) -> list[str]:
    return [term for term in terms(text, lang) if term.startswith("+")]


@pytest.mark.parametrize(
    ("lang", "one", "other"),
    [
        ("en", "factories", "factory"),
        ("de", "Häuser", "haus"),
        ("es", "fábricas", "FABRICA"),
        ("fr", "usines", "usine"),
        ("nb", "fabrikkene", "fabrikken"),
        ("nl", "fabrieken", "fabriek"),
        ("ru", "завода", "заводом"),
        ("el", "αυτοκίνητα", "ΑΥΤΟΚΙΝΗΤΟ"),
        ("tr", "fabrikalar", "fabrika"),
        ("ro", "staţii", "stații"),
        ("hi", "गाड़ियाँ", "गाड़ियां"),
        ("ar", "المصنع", "مصنع"),
        ("ar", "إنتاج", "انتاج"),
        ("ar", "مُصنَع", "مصنع"),
    ],
)
def test_forms_of_one_word_share_their_stem(lang: str, one: str, other: str) -> None:
    assert words(one, lang) == words(other, lang)


def test_repetitions_are_kept() -> None:
    assert words("audi Audi AUDI", "en") == ["audi", "audi", "audi"]


def test_hindi_vowel_signs_belong_to_the_word() -> None:
    assert len(words("कितनी गाड़ियाँ", "hi")) == 2


def test_hindi_words_that_differ_by_a_vowel_sign_differ() -> None:
    assert not set(words("दिन", "hi")) & set(words("दान", "hi"))


def test_turkish_dotted_and_dotless_capitals_meet_their_small_letters() -> None:
    assert words("İZMİR ISPARTA", "tr") == words("izmir ısparta", "tr")


def test_vietnamese_keeps_tones_apart_and_joins_syllables() -> None:
    assert "điện" in words("xe điện", "vi")
    assert "xe_dien" in words("xe điện", "vi")


def test_vietnamese_typed_without_marks_still_meets() -> None:
    assert "xe_dien" in words("xe dien", "vi")


def test_chinese_becomes_pairs_and_single_characters() -> None:
    assert terms("电动车", "zh") == ["'电", "'动", "'车", "电动", "动车"]


def test_thai_becomes_runs_of_three_and_four() -> None:
    assert terms("รถไฟฟ", "th") == ["รถไ", "ถไฟ", "ไฟฟ", "รถไฟ", "ถไฟฟ"]


def test_korean_words_meet_across_particles() -> None:
    assert {"공장"} <= set(words("공장에서", "ko")) & set(words("공장", "ko"))


def test_hebrew_words_meet_across_a_prefix() -> None:
    assert "מפעל" in words("המפעל", "he")


def test_a_latin_name_inside_another_script_is_a_word() -> None:
    assert "audi" in words("在Audi工厂", "zh")


@pytest.mark.parametrize("spelling", ["e-tron", "etron", "E-Tron", "e‑tron"])
def test_hyphenated_and_glued_names_meet(spelling: str) -> None:
    assert "etron" in words(spelling, "de")


def test_parts_of_a_hyphenated_name_are_terms_too() -> None:
    assert {"q8", "tron", "q8tron"} <= set(words("Q8-tron", "en"))


def test_compounds_share_pieces_with_their_parts() -> None:
    assert {"~batt", "~atte", "~tter"} <= grams("Batteriekapazität", "de") & grams("Batterie", "de")


def test_a_typo_leaves_most_pieces_alone() -> None:
    assert len(grams("Neckarsulm", "de") & grams("Neckarsullm", "de")) >= 7


@pytest.mark.parametrize("spelling", ["43,866 cars", "43.866 Autos", "43 866 biler", "٤٣٬٨٦٦ سيارة", "４３８６６台"])
def test_a_number_is_one_term_in_every_spelling(spelling: str) -> None:
    assert "#43866" in terms(spelling, "und")


def test_a_date_is_also_its_month_and_its_day() -> None:
    assert {"@2022-12-14", "@2022-12", "@--12-14"} <= set(terms("14. desember 2022", "nb"))


def test_cyrillic_and_greek_names_share_pieces_with_latin_ones() -> None:
    assert "~audi" in grams("Ауди", "ru") & grams("Audi", "en")
    assert "~berl" in grams("Берлин", "ru") & grams("Berlin", "en")


@pytest.mark.parametrize(("lang", "name"), [("ru", "Берлин"), ("ar", "برلين"), ("he", "ברלין"), ("hi", "बर्लिन")])
def test_names_in_other_scripts_sound_like_the_latin_one(lang: str, name: str) -> None:
    assert sounds(name, lang) == sounds("Berlin", "en") == ["+brln"]


def test_invisible_characters_change_nothing() -> None:
    assert terms("Batte\u00adrie\u200b", "de") == terms("Batterie", "de")


def test_composed_and_decomposed_spellings_are_one() -> None:
    assert terms("Brüssel", "de") == terms("Bru\u0308ssel", "de")


def test_an_unknown_language_is_analysed_without_a_stemmer() -> None:
    assert words("factories", "xx") == ["factories"]


@pytest.mark.parametrize("text", ["", " \n", "?!…", "🚗"])
def test_text_without_words_has_no_terms(text: str) -> None:
    assert terms(text, "en") == []


def test_threads_do_not_disturb_each_other() -> None:
    texts = [" ".join(f"produktionen{chr(97 + i)}{chr(97 + j)}" for j in range(26)) for i in range(26)]
    found: dict[int, list[list[str]]] = {}

    def analyse(thread: int) -> None:
        found[thread] = [terms(text, "de") for text in texts]

    threads = [threading.Thread(target=analyse, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == found[1] == found[2] == found[3] == [terms(text, "de") for text in texts]


def test_every_process_gives_the_terms_in_the_same_order() -> None:
    texts = {"ko": "배터리는 공장에서 충전된다.", "he": "הסוללה נטענת", "en": "On 14 December 2022 and 03/04/2023."}
    code = f"from index.lexical import terms; print(ascii([terms(text, lang) for lang, text in {texts!r}.items()]))"
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert printed == {f"{[terms(text, lang) for lang, text in texts.items()]!a}\n".encode()}


@given(
    st.text(max_size=80), st.sampled_from(["en", "de", "zh", "ar", "hi", "th", "tr", "vi", "he", "ko", "und", "pt-BR"])
)
def test_any_text_gives_terms_without_white_space(text: str, lang: str) -> None:
    assert all(term and term.split() == [term] for term in terms(text, lang))
