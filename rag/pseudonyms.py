"""Ids → names that lead nowhere: HMAC-SHA-256 with a secret that stays in the data folder.

In: the data folder; an id and what it is the id of. Out: 16 hexadecimal digits, the same for the same id as long as
the secret is. Whoever deletes ``pseudonym.key`` cuts every earlier name off from what it named. Refuses a folder or
key that cannot be used with ConfigurationError, and a disk that is full with StorageError.
"""

import errno
import hashlib
import hmac
import os
import secrets
from pathlib import Path
from typing import Literal, Self

from rag.errors import ConfigurationError, StorageError

KEY_FILE = "pseudonym.key"
KEY_BYTES = 32
SHOWN_DIGITS = 16
_SHORT = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}

Named = Literal["conversation", "message"]


class Pseudonyms:
    """Equal ids of different kinds get different names."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def open(cls, data_dir: Path) -> Self:
        """With the folder's secret, which is made, for its own user only, where there is none."""
        if not data_dir.is_dir():
            raise ConfigurationError(f"There is no data folder {data_dir}. Set KILDE_DATA_DIR to the service's own.")
        file = data_dir / KEY_FILE
        try:
            key = _read_or_make(file)
        except OSError as exc:
            if exc.errno in _SHORT:
                raise StorageError(f"The key {file} cannot be made: {exc.strerror}. Try again later.") from exc
            raise ConfigurationError(
                f"The key {file} cannot be used: {exc.strerror or exc}. Set KILDE_DATA_DIR to a folder of your own."
            ) from exc
        if len(key) != KEY_BYTES:
            raise ConfigurationError(f"The key {file} is damaged. Delete it; a new one is made.")
        return cls(key)

    def of(self, kind: Named, value: str) -> str:
        digest = hmac.new(self._key, f"{kind}\0{value}".encode(), hashlib.sha256)
        return digest.hexdigest()[:SHOWN_DIGITS]


def _read_or_make(file: Path) -> bytes:
    """Of several processes that start at once one makes the key, whole, and all read it."""
    if not file.exists():
        fresh = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(fresh, file)
        except FileExistsError:
            pass
        finally:
            fresh.unlink()
    return file.read_bytes()
