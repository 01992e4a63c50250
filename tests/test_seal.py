"""A seal says whether the files of a folder are those that were closed."""

from pathlib import Path

import pytest

from index.seal import break_seal, discard, is_sealed, seal, unclosed, was_closed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Sealed, with one file in it and one deeper."""
    made = tmp_path / "chroma"
    (made / "deep").mkdir(parents=True)
    (made / "a.bin").write_bytes(bytes(range(100)))
    (made / "deep" / "b.bin").write_bytes(b"b" * 100)
    seal(made)
    return made


def test_what_nobody_has_touched_is_sealed(folder: Path) -> None:
    assert is_sealed(folder)


def test_one_bit_breaks_the_seal(folder: Path) -> None:
    changed = bytearray((folder / "a.bin").read_bytes())
    changed[50] ^= 1
    (folder / "a.bin").write_bytes(changed)
    assert not is_sealed(folder)


def test_a_file_less_or_more_breaks_the_seal(folder: Path) -> None:
    (folder / "deep" / "c.bin").write_bytes(b"")
    assert not is_sealed(folder)
    (folder / "deep" / "c.bin").unlink()
    assert is_sealed(folder)
    (folder / "deep" / "b.bin").unlink()
    assert not is_sealed(folder)


def test_what_was_never_sealed_or_has_no_readable_seal_is_not_sealed(folder: Path, tmp_path: Path) -> None:
    assert not is_sealed(tmp_path / "none")
    (tmp_path / "chroma.seal").write_text("{")
    assert not is_sealed(folder)


def test_openings_are_counted_until_a_closing(folder: Path) -> None:
    assert was_closed(folder)
    break_seal(folder)
    break_seal(folder)
    assert (is_sealed(folder), was_closed(folder), unclosed(folder)) == (False, False, 2)
    seal(folder)
    assert (is_sealed(folder), unclosed(folder)) == (True, 0)


def test_a_store_is_discarded_whatever_it_is(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    (tmp_path / "link").symlink_to(folder)
    for name in ("file", "link", "none"):
        discard(tmp_path / name)
        assert not (tmp_path / name).exists()
    assert is_sealed(folder)
    discard(folder)
    assert not folder.exists()
