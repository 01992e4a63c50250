"""Sentence spans, against sentences split by hand, and what holds for any text."""

import time
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.sentences import LONG_SENTENCE, sentence_spans

CASES = tomllib.loads((Path(__file__).parent / "sentences.toml").read_text("utf-8"))
WITHOUT_SPACES = {"zh", "ja"}
LANGS = ["en", "de", "fr", "sv", "fi", "ru", "el", "ar", "hi", "th", "zh", "ja", "ka", "und", "pt-BR"]


def split(text: str, lang: str) -> list[str]:
    return [text[span.start : span.end] for span in sentence_spans(text, lang)]


@pytest.mark.parametrize(
    ("lang", "sentences"),
    [pytest.param(lang, case, id=f"{lang}{n}") for lang, cases in CASES.items() for n, case in enumerate(cases)],
)
def test_sentences_are_split_as_by_hand(lang: str, sentences: list[str]) -> None:
    assert split(("" if lang in WITHOUT_SPACES else " ").join(sentences), lang) == sentences
