"""A shortened name is completed by what labels make of it and of the name before."""

import pytest

from rag.siblings import sibling

TITLES = ("Tarn Lynx: first drive", "Tarn Lynx Sport & winter tests", "Tarn Lynx range in winter", "Tarn 45 Lynx")


@pytest.mark.parametrize(
    ("fragment", "name", "found"),
    [
        ("Sport", "Tarn Lynx", "Tarn Lynx Sport"),
        ("sport", "Tarn Lynx", "Tarn Lynx Sport"),
        ("Tarn 45", "Tarn Lynx", "Tarn 45 Lynx"),
        ("Lynx", "Tarn Lynx Sport", "Tarn Lynx"),
    ],
)
def test_a_label_joins_the_fragment_and_the_name(fragment: str, name: str, found: str) -> None:
    assert sibling(fragment, name, TITLES) == found


@pytest.mark.parametrize(
    ("fragment", "name"),
    [("range", "Tarn Lynx"), ("winter", "Tarn Lynx"), ("Heron", "Tarn Lynx"), ("Lynx", "Tarn Lynx"), ("", "Tarn Lynx")],
)
def test_common_words_and_other_names_complete_nothing(fragment: str, name: str) -> None:
    assert sibling(fragment, name, TITLES[:3]) is None
