"""That something is not known yet answers the question after it, and no other."""

import pytest
from small_index import make_hit

from rag.candidates import candidates


def says_unknown(sentence: str, lang: str, question: str, question_lang: str) -> bool:
    (found,) = candidates([make_hit(sentence, lang=lang)], question, question_lang)
    return found.signals.unknown == 1


@pytest.mark.parametrize(
    ("sentence", "lang"),
    [
        ("The price has not been announced.", "en"),
        ("Der Preis steht noch nicht fest.", "de"),
        ("Le prix n'a pas été communiqué.", "fr"),
        ("El precio aún no se conoce.", "es"),
        ("De prijs is nog niet bekend.", "nl"),
        ("Prisen er ikke offentliggjort.", "nb"),
        ("Cena nie jest znana.", "pl"),
        ("Цена пока не объявлена.", "ru"),
        ("لم يتم الإعلان عن السعر.", "ar"),
        ("המחיר טרם פורסם.", "he"),
        ("कीमत की घोषणा नहीं हुई है।", "hi"),
        ("价格尚未公布。", "zh"),
        ("価格はまだ発表されていない。", "ja"),
        ("가격은 아직 발표되지 않았다.", "ko"),
        ("ยังไม่ได้ประกาศราคา", "th"),
    ],
)
def test_a_sentence_of_any_language_may_say_that_a_price_is_not_known(sentence: str, lang: str) -> None:
    assert says_unknown(sentence, lang, "How much does the Lynx cost?", "en")
    assert says_unknown(sentence, lang, "Wie viel kostet der Lynx?", "de")


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("The price has not been announced.", "Who is the director of the plant?"),
        ("The price has not been announced.", "How far does the Lynx go?"),
        ("The price is 40,000 euros.", "How much does the Lynx cost?"),
        ("It is not known who painted the walls.", "How much does the Lynx cost?"),
    ],
)
def test_what_is_unknown_of_another_thing_says_nothing(sentence: str, question: str) -> None:
    assert not says_unknown(sentence, "en", question, "en")


def test_other_things_than_prices_may_be_unknown() -> None:
    assert says_unknown("The range has not been disclosed.", "en", "How far does the Lynx go?", "en")
    assert says_unknown("Die Reichweite ist noch nicht bekannt.", "de", "How far does the Lynx go?", "en")
    assert says_unknown("The date of the first deliveries is not known.", "en", "When are the first deliveries?", "en")
