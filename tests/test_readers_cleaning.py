"""Bytes become clean text, or are refused."""

import pytest

from index.errors import UnreadableFileError
from index.readers.cleaning import clean, decode


@pytest.mark.parametrize(
    "data",
    [
        "Blåbær".encode(),
        b"\xef\xbb\xbf" + "Blåbær".encode(),
        "Blåbær".encode("utf-16"),
        b"\xfe\xff" + "Blåbær".encode("utf-16-be"),
        "Blåbær".encode("cp1252"),
        "Bla\u030abær".encode(),
    ],
)
def test_the_usual_encodings_give_one_text(data: bytes) -> None:
    assert decode(data) == "Blåbær"


def test_unused_codes_of_windows_1252_are_dropped() -> None:
    assert decode(b"caf\xe9\x81 \x93ja\x94") == "café “ja”"


def test_a_file_cut_inside_a_character_loses_only_that_character() -> None:
    assert decode("Blåbær og brød på søndag å".encode()[:-1]) == "Blåbær og brød på søndag "


@pytest.mark.parametrize("data", [b"GIF89a\0\0", bytes(range(1, 32)) * 4, b"\xff\xfe\x00"])
def test_binary_data_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableFileError, match="UTF-8"):
        decode(data)


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("zero\u200bwidth\ufeff soft\u00adware", "zerowidth software"),
        ("\u202eabc\u202c \u2066d\u2069", "abc d"),
        ("tag\U000e0041\U000e0042s", "tags"),
        ("lone\ud800", "lone"),
        ("bell\x07 \x9f", "bell "),
        ("latin\u200cjoiner\u200d", "latinjoiner"),
        ("می\u200cرود", "می\u200cرود"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🔬 👨🏽\u200d🚀 ❤️\u200d🔥", "👩\u200d🔬 👨🏽\u200d🚀 ❤️\u200d🔥"),
        ("👩\u200dx", "👩x"),
        ("a\ufe01\ufe02\ufe03", "a\ufe01"),
        ("e\u200b\u0301", "é"),
    ],
)
def test_what_no_reader_sees_is_removed_and_what_shapes_letters_stays(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned
