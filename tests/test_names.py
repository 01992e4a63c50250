"""Look-alike names are told apart by the words around what they share, in any script."""

import pytest
from small_index import make_hit

from index.records import Hit
from rag.names import Names

LYNX = "The Tarn Lynx goes 410 km."
LYNX_SPORT = "The Tarn Lynx Sport goes 365 km."


def page(title: str, *sentences: str, headings: tuple[str, ...] = ()) -> Hit:
    """A work of its own."""
    return make_hit(*sentences, article_id=title, work_id=title, title=title, headings=headings)


def others(question: str, *hits: Hit, lang: str = "en") -> list[str]:
    """The texts that are about another name than the question's, in order."""
    names = Names(question, lang, hits)
    found = [(hit, hit.text[unit.start - hit.start : unit.end - hit.start]) for hit in hits for unit in hit.sentences]
    return [text for hit, text in found if names.named(hit, text) == "other"]


PAGES = (page("Tarn Lynx", LYNX, "It tows 900 kg."), page("Tarn Lynx Sport", LYNX_SPORT, "It tows 500 kg."))


@pytest.mark.parametrize("question", ["How far does the Lynx go?", "how far does the tarn lynx go", "Range Lynx?"])
def test_a_longer_name_does_not_answer_for_the_plain_one(question: str) -> None:
    assert others(question, *PAGES) == [LYNX_SPORT, "It tows 500 kg."]


def test_the_plain_one_does_not_answer_for_the_longer_name() -> None:
    assert others("How far does the Lynx Sport go?", *PAGES) == [LYNX, "It tows 900 kg."]


def test_a_word_before_the_name_makes_another_name_as_well() -> None:
    pages = page("Tarn Lynx", LYNX), page("Tarn GT Lynx", "The Tarn GT Lynx goes 280 km.")
    assert others("What is the range of the Lynx?", *pages) == ["The Tarn GT Lynx goes 280 km."]


def test_another_number_is_another_model() -> None:
    pages = page("Tarn M3 40 fox", "The Tarn M3 40 fox tows 900 kg."), page("Tarn M3 55 fox", "It tows 1,200 kg.")
    assert others("What can the M3 55 tow?", *pages) == ["The Tarn M3 40 fox tows 900 kg."]
    assert others("What can the M3 40 fox tow?", *pages) == ["It tows 1,200 kg."]


def test_a_number_that_no_article_has_is_none_of_those_they_have() -> None:
    pages = page("Tarn M3 40 fox", "The Tarn M3 40 fox tows 900 kg."), page("Tarn M3 55 fox", "It tows 1,200 kg.")
    assert others("What can the M3 60 tow?", *pages) == ["The Tarn M3 40 fox tows 900 kg.", "It tows 1,200 kg."]


def test_a_name_that_no_article_has_is_none_of_those_they_have() -> None:
    assert others("What will the Lynx Cabrio cost?", *PAGES) == [LYNX, "It tows 900 kg.", LYNX_SPORT, "It tows 500 kg."]


def test_a_noun_that_follows_a_name_is_no_name_where_nouns_are_written_like_names() -> None:
    assert others("Lynx Anhängelast?", *PAGES, lang="de") == [LYNX_SPORT, "It tows 500 kg."]


@pytest.mark.parametrize("question", ["Can the Lynx go 300 km?", "How many Lynx 2023 were built?"])
def test_an_amount_or_a_year_is_no_number_of_a_model(question: str) -> None:
    assert others(question, *PAGES) == [LYNX_SPORT, "It tows 500 kg."]


def test_a_question_that_names_both_is_answered_by_both() -> None:
    assert others("Does the Lynx go farther than the Lynx Sport?", *PAGES) == []


def test_a_sentence_about_the_asked_one_counts_wherever_it_stands() -> None:
    pages = page("Tarn Lynx", LYNX), page("Tarn Lynx Sport", "It costs 4,000 euros more than the Lynx.")
    assert others("What does the Lynx cost?", *pages) == []


def test_a_name_in_a_heading_outweighs_the_title() -> None:
    pages = page("Tarn Lynx", "It tows 900 kg.", headings=("Tarn Lynx Sport",)), page("All of them", LYNX, LYNX_SPORT)
    assert others("What can the Lynx Sport tow?", *pages) == [LYNX]


def test_a_makers_name_makes_no_other_model() -> None:
    pages = (
        page("Tarn Lynx", "The Tarn Lynx goes 410 km."),
        page("Tarn opens a plant", "A Tarn spokesman named Lynx and Otter."),
        page("Tarn Otter", "The Tarn Otter goes 300 km."),
    )
    assert others("How far does the Lynx go?", *pages) == []


def test_a_page_about_one_side_of_a_thing_is_about_the_thing() -> None:
    pages = page("Tarn Lynx", LYNX), page("Tarn Lynx charging curve", "The Tarn Lynx charging curve is flat.")
    assert others("How fast does the Lynx charge?", *pages) == []


def test_without_names_in_common_nothing_is_said() -> None:
    assert others("How do I look after a battery?", *PAGES) == []
    assert others("How far does the Lynx go?") == []


@pytest.mark.parametrize(
    ("question", "plain", "longer", "about_plain", "about_longer"),
    [
        ("كم مدى Lynx؟", "Tarn Lynx", "Tarn Lynx Sport", "مدى Tarn Lynx هو 410 كم.", "مدى Tarn Lynx Sport هو 365 كم."),
        ("Lynxの航続距離は？", "Tarn Lynx", "Tarn Lynx Sport", "Tarn Lynxは410km。", "Tarn Lynx Sportは365km。"),
        (
            "Какой запас хода у Рысь?",
            "Тарн Рысь",
            "Тарн Рысь Спорт",
            "У Тарн Рысь 410 км.",
            "У Тарн Рысь Спорт 365 км.",
        ),
        ("山猫能跑多远？", "山猫：介绍", "山猫运动版：介绍", "山猫能跑410公里。", "山猫运动版能跑365公里。"),
        ("ما مدى الوشق؟", "الوشق: تفاصيل", "الوشق الرياضي: تفاصيل", "مدى الوشق 410 كم.", "مدى الوشق الرياضي 365 كم."),
        (
            "लिंक्स कितनी दूर जाती है?",
            "लिंक्स: जानकारी",
            "लिंक्स स्पोर्ट: जानकारी",
            "लिंक्स 410 किमी जाती है।",
            "लिंक्स स्पोर्ट 365 किमी।",
        ),
        (
            "Πόσο πάει το Λύγκας;",
            "Ταρν Λύγκας",
            "Ταρν Λύγκας Σπορ",
            "Το Ταρν Λύγκας πάει 410 χλμ.",
            "Το Ταρν Λύγκας Σπορ 365.",
        ),
    ],
)
def test_names_of_other_scripts_are_told_apart(
    question: str, plain: str, longer: str, about_plain: str, about_longer: str
) -> None:
    assert others(question, page(plain, about_plain), page(longer, about_longer)) == [about_longer]
