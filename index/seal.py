"""Whether the derived store is as it was when it was last closed.

In: the folder of the store. Out: a file beside it with the hash of everything in it, written when the store is closed
and broken when it is opened, so that damage and an unclean stop both show before Chroma reads a byte. It also counts
how often in a row the store was opened and not closed again. Refuses nothing: what cannot be read is not sealed.
"""

import hashlib
import os
import shutil
from pathlib import Path

import msgspec


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """Beside the folder, as ``NAME.seal``."""

    files: dict[str, str]
    """SHA-256 by path; empty while the store is open, or where it was not closed."""
    unclosed: int = 0
    """Openings without a closing since it was last sealed."""


def is_sealed(folder: Path) -> bool:
    """Whether every file is the one that was closed, and there is no other."""
    kept = _read(folder)
    try:
        return bool(kept.files) and kept.files == _hashes(folder)
    except OSError:
        return False


def unclosed(folder: Path) -> int:
    """How often in a row the store was opened and not closed again."""
    return _read(folder).unclosed


def was_closed(folder: Path) -> bool:
    """Whether it was closed when it was last used: if it is not sealed all the same, something has changed it since."""
    return bool(_read(folder).files)


def seal(folder: Path) -> None:
    """Call it once the store is closed and nobody writes."""
    _write(folder, Seal(files=_hashes(folder)))


def break_seal(folder: Path) -> None:
    """Call it before the store is opened."""
    _write(folder, Seal(files={}, unclosed=_read(folder).unclosed + 1))


def discard(folder: Path) -> None:
    """Remove a store; the catalog has all that is needed to make it anew."""
    if folder.is_dir() and not folder.is_symlink():
        shutil.rmtree(folder, ignore_errors=True)
    else:
        folder.unlink(missing_ok=True)


def _hashes(folder: Path) -> dict[str, str]:
    return {file.relative_to(folder).as_posix(): _sha256(file) for file in sorted(folder.rglob("*")) if file.is_file()}


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _read(folder: Path) -> Seal:
    try:
        return msgspec.json.decode(_file(folder).read_bytes(), type=Seal)
    except (OSError, msgspec.DecodeError):
        return Seal(files={})


def _write(folder: Path, kept: Seal) -> None:
    """In one step, so that a crash leaves the old seal or the new one."""
    fresh = folder.with_suffix(".seal.new")
    with fresh.open("wb") as stream:
        stream.write(msgspec.json.encode(kept))
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(_file(folder))


def _file(folder: Path) -> Path:
    return folder.with_suffix(".seal")
