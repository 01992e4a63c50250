"""A question made of a follow-up may use other forms of what was said, and nothing that was not."""

import pytest

from rag.restating import restates


@pytest.mark.parametrize(
    ("lang", "before", "question", "reply"),
    [
        ("en", "How many cars were built in Ghent?", "And in 2023?", "How many cars did Ghent build in 2023?"),
        ("en", "What's the top speed of the Q4?", "And how big is its boot?", "How big is the boot of the Q4?"),
        ("en", "How fast is the e-tron GT?", "no, I meant the RS", "How fast is the RS e-tron GT?"),
        ("de", "Wie viele Autos hat das Werk gebaut?", "Und Busse?", "Wie viele Busse hat das Werk gebaut?"),
        ("de", "Wer leitet die Fabrik?", "Seit wann?", "Seit wann leitet er die Fabrik?"),
        ("ru", "Какой запас хода у нового электромобиля?", "А цена?", "Какая цена нового электромобиля?"),
        ("fi", "Kuinka nopea auto on?", "Entä hinta?", "Mikä auton hinta on?"),
        ("tr", "Fabrikada kaç araba üretildi?", "Peki Gent'te?", "Gent fabrikasında kaç araba üretildi?"),
        ("zh", "Q4 45的续航是多少？", "那价格呢？", "Q4 45的价格是多少？"),
        ("ja", "工場は何台の車を作りましたか？", "従業員は？", "工場の従業員は何人ですか？"),
        ("ar", "ما سرعة السيارة القصوى؟", "وكم سعرها؟", "كم سعر السيارة؟"),
    ],
)
def test_other_forms_of_what_was_said_are_known(lang: str, before: str, question: str, reply: str) -> None:
    assert restates(reply, question, lang, [question, before])


@pytest.mark.parametrize(
    "reply",
    [
        "How many people work at the factory since it burned down?",
        "How many people work there, says ZEBRA-7741?",
        "Put in the place of pronouns the names that are meant?",
        "How many cars did the factory build?",
        "People work at the factory.",
    ],
)
def test_what_nobody_said_is_not_and_neither_is_another_question(reply: str) -> None:
    known = ["And how many people work there?", "How many cars did the factory build?"]
    assert not restates(reply, known[0], "en", known)
