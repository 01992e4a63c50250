"""The one process that owns a data folder, and how the others find it.

In: the data folder. Out: an ``Owner`` that holds ``owner.lock`` until it is released or dies (the operating system
frees the lock of a killed process), or the address of the service that holds it. Refuses a second owner with
BusyError, and a folder that cannot be used with ConfigurationError. ``owner.json`` beside the lock says who holds it;
it is believed only while the lock is held.
"""

import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import filelock
import msgspec

from rag.errors import BusyError, ConfigurationError

LOCK_FILE = "owner.lock"
RECORD_FILE = "owner.json"
AUDIT_DUE = "audit.due"
"""Made where the last owner did not give the folder back; whoever audits it removes the file."""
_PROBE_ALLOWANCE_S = 0.2
"""``running_service`` takes a free lock for an instant; an owner that arrives just then must not be refused."""


class OwnerRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What ``owner.json`` holds; readable by its own user only, because of the token."""

    pid: int
    url: str | None
    """None until the process serves."""
    token: str
    started_at: str
    """ISO 8601, UTC."""


class ServiceAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where the service of a data folder listens, and what opens its admin routes."""

    url: str
    token: str = ""
    """Empty for a service that is not this folder's."""
    pid: int | None = None
    """None where it is not known."""


class Owner:
    """Exclusive hold on a data folder; a context manager that releases it."""

    def __init__(self, data_dir: Path, lock: filelock.BaseFileLock, record: OwnerRecord) -> None:
        self._data_dir = data_dir
        self._lock = lock
        self._record = record

    @classmethod
    def acquire(cls, data_dir: Path) -> Self:
        """Takes the folder, which is created if need be. Raises BusyError at once if another process has it."""
        try:
            data_dir.mkdir(parents=True, exist_ok=True)
            lock = _lock(data_dir)
            lock.acquire(timeout=_PROBE_ALLOWANCE_S, poll_interval=0.02)
        except filelock.Timeout as exc:
            raise BusyError(_held(data_dir)) from exc
        except OSError as exc:
            raise _unusable(data_dir, exc) from exc
        if (data_dir / RECORD_FILE).exists():
            (data_dir / AUDIT_DUE).touch()
        started_at = datetime.now(UTC).isoformat(timespec="seconds")
        owner = cls(
            data_dir,
            lock,
            OwnerRecord(pid=os.getpid(), url=None, token=secrets.token_urlsafe(32), started_at=started_at),
        )
        owner._write()
        return owner

    @property
    def token(self) -> str:
        return self._record.token

    def publish(self, url: str) -> None:
        """From now on other commands find the service at ``url``."""
        self._record = msgspec.structs.replace(self._record, url=url)
        self._write()

    def release(self) -> None:
        """Gives the folder back; a second call does nothing."""
        if self._lock.is_locked:
            (self._data_dir / RECORD_FILE).unlink(missing_ok=True)
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _write(self) -> None:
        try:
            _write_private(self._data_dir / RECORD_FILE, msgspec.json.encode(self._record))
        except OSError as exc:
            self._lock.release()
            raise _unusable(self._data_dir, exc) from exc


def current_owner(data_dir: Path) -> OwnerRecord | None:
    """The live owner of the folder; None if it is free, or if its owner has not yet written who it is."""
    if not (data_dir / LOCK_FILE).exists():
        return None
    try:
        return _read(data_dir) if _is_held(data_dir) else None
    except OSError as exc:
        raise _unusable(data_dir, exc) from exc


def running_service(data_dir: Path) -> ServiceAddress | None:
    """The service that owns the folder; None if nobody does, or an owner that does not serve."""
    owner = current_owner(data_dir)
    if owner is None or owner.url is None:
        return None
    return ServiceAddress(url=owner.url, token=owner.token, pid=owner.pid)


def _lock(data_dir: Path) -> filelock.BaseFileLock:
    # A soft lock would outlive a killed process; a lock bound to its thread could not be released by another.
    return filelock.FileLock(data_dir / LOCK_FILE, thread_local=False, fallback_to_soft=False)


def _is_held(data_dir: Path) -> bool:
    lock = _lock(data_dir)
    try:
        lock.acquire(blocking=False)
    except filelock.Timeout:
        return True
    lock.release()
    return False


def _read(data_dir: Path) -> OwnerRecord | None:
    try:
        return msgspec.json.decode((data_dir / RECORD_FILE).read_bytes(), type=OwnerRecord)
    except (OSError, msgspec.DecodeError):
        return None


def _write_private(file: Path, content: bytes) -> None:
    fresh = file.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
    fresh.replace(file)


def _held(data_dir: Path) -> str:
    owner = _read(data_dir)
    second = "set KILDE_DATA_DIR for a second index"
    if owner is None:
        return f"Another process owns {data_dir}: wait until it is done, or {second}."
    if owner.url is None:
        return (
            f"Process {owner.pid} has owned {data_dir} since {owner.started_at} and does not serve: "
            f"wait until it is done, stop it, or {second}."
        )
    return (
        f"Process {owner.pid} serves {data_dir} at {owner.url}: stop it, let `kilde ask`, `kilde ingest` and the "
        f"other commands talk to it, or {second}."
    )


def _unusable(data_dir: Path, exc: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"The data folder {data_dir} cannot be used: {exc.strerror or exc}. Set KILDE_DATA_DIR to a folder of your own."
    )
