"""``kilde restore``: a backup made the data folder's state.

In: settings, a backup; the caller owns the data folder. Out: the files of the backup in the data folder, brought up to
this version, and where what was there before is kept. Everything is copied, checked and opened beside the old state
first, so that a backup that cannot be used changes nothing. Refuses with InputError a damaged backup, one of a newer
version, and a data folder that is not empty unless it may be put aside.
"""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from rag.errors import ConfigurationError, InputError, KildeError
from rag.manifest import Manifest, check_files, read_manifest
from rag.owner import LOCK_FILE, RECORD_FILE
from rag.settings import Settings

STAGING = "restoring"
ASIDE = "replaced-"
_MOVING = "moving"
_STAYS = (LOCK_FILE, RECORD_FILE, STAGING, "models")


def restore(settings: Settings, source: Path, *, may_replace: bool) -> Path | None:
    """Where the old state lies now; None where there was none."""
    if settings.database_url is not None:
        raise ConfigurationError("KILDE_DATABASE_URL is set: restore that database with its own tools.")
    data_path = settings.data_path
    manifest = read_manifest(source)
    old = _state(data_path)
    if old and not may_replace:
        raise InputError(
            f"{data_path} is not empty. With --force its state is put aside, in a folder below it; or set "
            "KILDE_DATA_DIR to a new folder.",
            "source",
        )
    staging = data_path / STAGING
    shutil.rmtree(staging, ignore_errors=True)
    try:
        _stage(source, manifest, staging)
        return _swap(data_path, staging, old)
    except OSError as exc:
        raise KildeError(f"The restore failed: {exc}. {refusal(data_path) or 'Nothing has changed.'}") from exc
    finally:
        if not (staging / _MOVING).exists():
            shutil.rmtree(staging, ignore_errors=True)


def refusal(data_path: Path) -> str | None:
    """Why the folder must not be opened: its state is half the old one and half a backup's; None for all others."""
    if not (data_path / STAGING / _MOVING).exists():
        return None
    return (
        f"A restore into {data_path} was broken off. Run `kilde restore SOURCE --force` again; what was there before "
        f"is in {data_path / ASIDE}…"
    )


def _state(data_path: Path) -> list[Path]:
    return [one for one in sorted(data_path.iterdir()) if one.name not in _STAYS and not one.name.startswith(ASIDE)]


def _stage(source: Path, manifest: Manifest, staging: Path) -> None:
    staging.mkdir(mode=0o700)
    check_files(source, manifest)
    for name in manifest.files:
        shutil.copyfile(source / name, staging / name)
        (staging / name).chmod(0o600)
    check_files(staging, manifest)
    for name in manifest.files:
        if name.endswith(".db"):
            _check_database(staging / name)
    _bring_up(staging)


def _check_database(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    except sqlite3.DatabaseError as exc:
        found = str(exc)
    if found != "ok":
        raise InputError(f"The backup is damaged: {file.name}: {found}.", "source")


def _bring_up(staging: Path) -> None:
    """Opening migrates an older database, and refuses a newer one."""
    from index.catalog import Catalog
    from rag.tables import open_tables

    Catalog.open(f"sqlite:///{staging / 'catalog.db'}").close()
    open_tables(f"sqlite:///{staging / 'conversations.db'}").dispose()
    for file in staging.iterdir():
        with file.open("rb") as stream:
            os.fsync(stream.fileno())


def _swap(data_path: Path, staging: Path, old: list[Path]) -> Path | None:
    staged = sorted(staging.iterdir())
    (staging / _MOVING).touch()
    aside = None
    if old:
        aside = data_path / f"{ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
        aside.mkdir(mode=0o700)
        for one in old:
            one.rename(aside / one.name)
    for file in staged:
        file.rename(data_path / file.name)
    (staging / _MOVING).unlink()
    return aside
