"""What a question names is looked for in the passage and in what it stands under, across spellings and languages."""

import pytest
from small_index import make_hit

from rag.unmentioned import Unmentioned, unmentioned


@pytest.mark.parametrize(
    ("question", "lang", "text", "text_lang", "missing"),
    [
        ("What is the tax in Sweden?", "en", "In Norway the tax is 12 kroner.", "en", ("Sweden",)),
        ("What is the tax in Norway?", "en", "In Norway the tax is 12 kroner.", "en", ()),
        ("Hva er avgiften i Sverige?", "nb", "The tax in Sweden is low.", "en", ()),
        ("vad kostar det i danmark", "sv", "The tax in Norway is low.", "en", ("danmark",)),
        ("Onko minulla oman auton laturi?", "fi", "Latureita on kaksi.", "fi", ()),
        ("Why is China clay used in Norway?", "en", "It is used in Norway.", "en", ("China",)),
        ("Wie hoch ist die Prämie in Frankreich?", "de", "Die Prämie in Deutschland ist hoch.", "de", ("Frankreich",)),
        ("Wie hoch ist die Prämie in Frankreich?", "de", "En France, la prime est élevée.", "fr", ()),
        ("韓国の補助金はいくらですか", "ja", "日本の補助金は10万円です。", "ja", ("韓国",)),
        ("タイヤはいくらですか", "ja", "日本の補助金は10万円です。", "ja", ()),
        ("How far does the Puffin go?", "en", "The Heron goes 498 km.", "en", ("Puffin",)),
        ("Сколько проезжает Heron?", "ru", "The Heron goes 498 km.", "en", ()),
        ("How many were built in 2025?", "en", "In 2023 it was 12.", "en", ("2025",)),
    ],
)
def test_what_is_named_and_not_mentioned(
    question: str, lang: str, text: str, text_lang: str, missing: tuple[str, ...]
) -> None:
    found = unmentioned(question, lang, make_hit(text, lang=text_lang))
    assert tuple(dict.fromkeys((*found.names, *found.setting))) == missing


def test_title_headings_and_date_mention_too() -> None:
    hit = make_hit("It is 12 kroner.", title="Tax in Norway", headings=("Heron",), published="2023-01-04")
    assert unmentioned("What is the tax on the Heron in Norway in 2023?", "en", hit) == Unmentioned((), ())
    assert unmentioned("What is the tax on the Tern in Norway in 2024?", "en", hit) == Unmentioned(("Tern",), ("2024",))
