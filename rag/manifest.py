"""What a backup says of itself: which version made it, when, and the hash of every file in it.

In: a folder. Out: its manifest, written or read and held against the files. Refuses with InputError a folder that is no
backup, one whose files are not those that were written, and one that a newer version has made.
"""

import hashlib
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import msgspec

from rag.errors import InputError

FILE = "manifest.json"
FORMAT = 1


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it was written."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json`` of a backup."""

    format: int
    kilde: str
    """The version that made it."""
    made_at: str
    """ISO 8601, UTC: the moment as of which everything in it is."""
    files: dict[str, Kept]


def describe(folder: Path, made_at: datetime) -> Manifest:
    """Of the files that are in the folder now."""
    files = {file.name: _kept(file) for file in sorted(folder.iterdir()) if file.name != FILE}
    moment = made_at.astimezone(UTC).isoformat(timespec="seconds")
    return Manifest(format=FORMAT, kilde=version("kilde"), made_at=moment, files=files)


def read_manifest(folder: Path) -> Manifest:
    """Of a backup that this version can restore; its files are not looked at."""
    try:
        found = msgspec.json.decode((folder / FILE).read_bytes(), type=Manifest)
    except OSError as exc:
        raise InputError(f"{folder} is no backup: it has no {FILE} that can be read.", "source") from exc
    except msgspec.DecodeError as exc:
        raise InputError(f"{folder} is damaged: its {FILE} is not what `kilde backup` writes.", "source") from exc
    if found.format > FORMAT or _numbers(found.kilde) > _numbers(version("kilde")):
        raise InputError(
            f"{folder} was made by Kilde {found.kilde}, and this is {version('kilde')}. Update Kilde first.", "source"
        )
    return found


def check_files(folder: Path, manifest: Manifest) -> None:
    """Raises InputError naming the first file that is missing, too many or not as it was written."""
    for name, kept in manifest.files.items():
        if Path(name).name != name or name in (FILE, "", ".", ".."):
            raise InputError(f"{folder} is damaged: {name!r} is no name of a file in it.", "source")
        if not (folder / name).is_file() or _kept(folder / name) != kept:
            raise InputError(f"{folder} is damaged: {name} is missing or not as it was written.", "source")


def _kept(file: Path) -> Kept:
    with file.open("rb") as stream:
        return Kept(size=file.stat().st_size, sha256=hashlib.file_digest(stream, "sha256").hexdigest())


def _numbers(number: str) -> tuple[int, ...]:
    return tuple(int(part) for part in number.split(".") if part.isdigit())
