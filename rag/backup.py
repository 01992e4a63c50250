"""``kilde backup``: all that cannot be made anew, copied while the service runs.

In: settings, and a folder that is yet to be made. Out: that folder, with the databases as of one moment, the other
files of the data folder, and a manifest. Not in it: the derived store and the unpacked model, which are made anew, and
who owns the folder. Refuses a folder that is not empty (InputError), and databases elsewhere (ConfigurationError):
those have backups of their own.
"""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from rag.errors import ConfigurationError, InputError, KildeError
from rag.manifest import FILE, Manifest, describe
from rag.owner import AUDIT_DUE, LOCK_FILE, RECORD_FILE
from rag.settings import Settings

DATABASE = b"SQLite format 3\0"
_PASSING = (".new", ".seal", "-wal", "-shm", "-journal")
"""Ends of names of what belongs to a running process or to the derived store."""


def back_up(settings: Settings, target: Path) -> Manifest:
    """The folder appears under its name only once it is whole and on disk."""
    _refuse(settings, target)
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir(parents=True, mode=0o700)
        made_at = _copy(settings.data_path, partial)
        manifest = describe(partial, made_at)
        _write(partial / FILE, msgspec.json.format(msgspec.json.encode(manifest)) + b"\n")
        partial.replace(target)
    except (OSError, sqlite3.Error) as exc:
        shutil.rmtree(partial, ignore_errors=True)
        raise KildeError(f"The backup into {target} failed: {exc}. Nothing is left of it.") from exc
    return manifest


def _refuse(settings: Settings, target: Path) -> None:
    if settings.database_url is not None:
        raise ConfigurationError(
            "KILDE_DATABASE_URL is set: back that database up with its own tools (PostgreSQL: pg_dump), and copy "
            f"{settings.data_path / 'pseudonym.key'}."
        )
    if not (settings.data_path / "catalog.db").exists():
        raise ConfigurationError(f"There is nothing to back up in {settings.data_path}. Set KILDE_DATA_DIR.")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is there already. Name a folder that is yet to be made.", "target")


def _copy(data_path: Path, target: Path) -> datetime:
    """Of all databases the same moment: each is read from a transaction that began before the first was copied."""
    with ExitStack() as opened:
        sources = {}
        for file in _kept_files(data_path):
            if _is_database(file):
                sources[file.name] = opened.enter_context(closing(_begun(file)))
        made_at = datetime.now(UTC)
        for file in _kept_files(data_path):
            if file.name not in sources:
                _write(target / file.name, file.read_bytes())
        for name, source in sources.items():
            _copy_database(source, target / name)
    return made_at


def _kept_files(data_path: Path) -> Iterator[Path]:
    for file in sorted(data_path.iterdir()):
        is_ours = file.name in (LOCK_FILE, RECORD_FILE, AUDIT_DUE) or file.name.endswith(_PASSING)
        if file.is_file() and not file.is_symlink() and not is_ours:
            yield file


def _is_database(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(len(DATABASE)) == DATABASE


def _begun(file: Path) -> sqlite3.Connection:
    """A transaction sees the database as it was when it first read."""
    connection = sqlite3.connect(f"file:{file}?mode=rw", uri=True, isolation_level=None)
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    return connection


def _copy_database(source: sqlite3.Connection, file: Path) -> None:
    _write(file, b"")
    with closing(sqlite3.connect(file, isolation_level=None)) as copy:
        source.backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # One file, without a log beside it.
    _sync(file)


def _write(file: Path, content: bytes) -> None:
    """For its own user only."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(file: Path) -> None:
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
