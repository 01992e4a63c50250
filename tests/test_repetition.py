"""A copy counts once; another figure, name, title or language makes another passage."""

import msgspec
import pytest
from small_index import make_hit

from index.repetition import repeats

COPY = "The heron stands by the canal and waits for fish all day long, as herons by canals commonly do in winter."
HIT = make_hit(COPY)


def with_text(text: str) -> bool:
    return repeats(msgspec.structs.replace(HIT, text=text), HIT)


def test_the_same_text_is_a_repetition() -> None:
    assert with_text(COPY)


def test_a_small_word_more_or_less_is_a_repetition_too() -> None:
    assert with_text(COPY.replace("in winter", "in the winter"))


@pytest.mark.parametrize(("old", "new"), [("fish", "Otto"), ("all", "43"), ("heron stands by the canal", "cat sat")])
def test_another_name_figure_or_clause_is_not(old: str, new: str) -> None:
    assert not with_text(COPY.replace(old, new))


@pytest.mark.parametrize(("field", "value"), [("lang", "de"), ("title", "Otter"), ("headings", ("In town",))])
def test_the_same_words_elsewhere_are_not(field: str, value: object) -> None:
    assert not repeats(msgspec.structs.replace(HIT, **{field: value}), HIT)
