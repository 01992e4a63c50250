"""Twelve ways to damage a closed derived store of at least a thousand vectors.

In: the folder of the store, and which damage. Out: the folder, damaged: the database and two of the index's files, each
cut in half, overwritten with zeros, with one bit turned, or gone.
"""

from collections.abc import Callable
from pathlib import Path

Way = Callable[[Path], None]
FILES = ("chroma.sqlite3", "data_level0.bin", "index_metadata.pickle")


def truncated(file: Path) -> None:
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def zeroed(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


def one_bit(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x40
    file.write_bytes(content)


def deleted(file: Path) -> None:
    file.unlink()


WAYS: tuple[Way, ...] = (truncated, zeroed, one_bit, deleted)
MUTATIONS = tuple((name, way) for name in FILES for way in WAYS)


def damage(folder: Path, name: str, way: Way) -> None:
    """Raises ValueError unless there is exactly one such file: Chroma has written no index yet."""
    (file,) = folder.rglob(name)
    way(file)
