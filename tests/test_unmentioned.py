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
        ("韩国的补贴是多少", "zh", "日本的补贴是10万。", "zh", ("韩国",)),
        ("印度尼西亚的补贴是多少", "zh", "日本的补贴是10万。", "zh", ("印度尼西亚",)),
        ("马里奥是谁", "zh", "日本的补贴是10万。", "zh", ()),
        ("시스템이란 무엇인가요", "ko", "시스템입니다.", "ko", ()),
        ("ประกันราคาเท่าไร", "th", "ราคา 10 บาท", "th", ()),
        ("Was kostet es im Iran?", "de", "The first kind of machine in Norway.", "en", ("Iran",)),
        ("ما هي ضريبة Heron في السويد؟", "ar", "The Heron costs 12 kroner in Norway.", "en", ("السويد",)),
        ("Does it reach 2000 km?", "en", "It reaches 2,000 km.", "en", ()),
        ("What was sold in 2021?", "en", "Between 2019 and 2023 it sold 12.", "en", ()),
        ("Quante Tern (2022)?", "it", "Sono 12 Tern.", "it", ()),
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
