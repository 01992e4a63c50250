"""Names that lead nowhere: the same for the same id, and only with the same key."""

from pathlib import Path

import pytest

from rag.errors import ConfigurationError
from rag.pseudonyms import KEY_FILE, Pseudonyms


def test_a_name_is_an_hmac_cut_to_sixteen_digits() -> None:
    # HMAC-SHA-256 of ``message``, NUL, ``Hi`` under 32 bytes 0x0b, worked out with OpenSSL's command line.
    assert Pseudonyms(b"\x0b" * 32).of("message", "Hi") == "c148280343f3c7f2"


def test_the_same_id_has_the_same_name_also_after_a_restart(tmp_path: Path) -> None:
    assert Pseudonyms.open(tmp_path).of("message", "m1") == Pseudonyms.open(tmp_path).of("message", "m1")


def test_another_folder_gives_other_names(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert Pseudonyms.open(tmp_path / "a").of("message", "m1") != Pseudonyms.open(tmp_path / "b").of("message", "m1")


def test_equal_ids_of_different_kinds_have_different_names(tmp_path: Path) -> None:
    pseudonyms = Pseudonyms.open(tmp_path)
    assert pseudonyms.of("message", "1") != pseudonyms.of("conversation", "1")


def test_only_its_own_user_can_read_the_key(tmp_path: Path) -> None:
    Pseudonyms.open(tmp_path)
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def test_a_damaged_key_is_refused(tmp_path: Path) -> None:
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(ConfigurationError, match="damaged"):
        Pseudonyms.open(tmp_path)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no data folder .*nowhere\. Set KILDE_DATA_DIR"):
        Pseudonyms.open(tmp_path / "nowhere")
