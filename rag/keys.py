"""API keys: what a program shows to ask on its own account, to ingest, or to administer; in SQLite or PostgreSQL.

In: a name, scopes, an end, a rate; later the text of a key. Out: that text, once, and from then on the record of a key
that is in force. Refuses with InputError a name, scope or rate that is none, and with NotFoundError to revoke what is
not there. A key is ``kilde_ID_SECRET``; what is kept of the secret is its SHA-256. One round is enough, since 256
random bits cannot be tried one after another, and a slow hash would slow down every request.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Self, get_args

import msgspec
import sqlalchemy as sa

from index.database import writer
from rag.errors import ConfigurationError, InputError, NotFoundError
from rag.rates import parse_rate
from rag.tables import keys, open_tables

PREFIX = "kilde_"
SECRET_BYTES = 32
NAME_CHARACTERS = 100
LONGEST = 200
"""Characters of a text that is looked at as a key."""
DAYS = 3650

Scope = Literal["ask", "ingest", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_NO_SECRET = hashlib.sha256(b"").hexdigest()


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a key; never the key."""

    key_id: str
    name: str
    scopes: tuple[Scope, ...]
    rate: str | None
    """As in ``KILDE_RATE_LIMIT``; None: that setting."""
    created_at: str
    """ISO 8601, UTC, as all times here."""
    expires_at: str | None
    revoked_at: str | None

    def is_in_force(self, now: str) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class NewKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key that was just made."""

    text: str
    """The whole key. It cannot be had a second time."""
    key: Key


class KeyStore:
    """Any number of threads and processes; what one of them revokes, no other takes from then on."""

    def __init__(self, engine: sa.Engine, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._engine = engine
        self._now = now

    @classmethod
    def open(cls, url: str) -> Self:
        """Brings the tables up to date first. Raises ConfigurationError where the database cannot be used."""
        return cls(open_tables(url))

    def add(self, name: str, scopes: tuple[str, ...], *, days: int | None = None, rate: str | None = None) -> NewKey:
        """``days``: for how long it is in force; None: until it is revoked."""
        made = Key(
            key_id=secrets.token_hex(4),
            name=_name(name),
            scopes=tuple(_scope(scope) for scope in dict.fromkeys(scopes)),
            rate=_rate(rate),
            created_at=self._time(),
            expires_at=None if days is None else self._time(_days(days)),
            revoked_at=None,
        )
        if not made.scopes:
            raise InputError(f"A key needs at least one scope of: {', '.join(SCOPES)}.", "scope")
        secret = secrets.token_urlsafe(SECRET_BYTES)
        with writer(self._engine).begin() as connection:
            connection.execute(sa.insert(keys), _row(made) | {"secret_sha256": _hash(secret)})
        return NewKey(text=f"{PREFIX}{made.key_id}_{secret}", key=made)

    def all(self) -> tuple[Key, ...]:
        """Oldest first, with those that are in force no more."""
        with self._engine.connect() as connection:
            return tuple(_key(row) for row in connection.execute(sa.select(keys).order_by(keys.c.created_at)))

    def revoke(self, key_id: str) -> Key:
        """From now on it opens nothing; revoking it again changes nothing."""
        own = keys.c.key_id == key_id
        with writer(self._engine).begin() as connection:
            connection.execute(sa.update(keys).where(own, keys.c.revoked_at.is_(None)), {"revoked_at": self._time()})
            row = connection.execute(sa.select(keys).where(own)).one_or_none()
        if row is None:
            raise NotFoundError(f"There is no key {key_id!r}. `kilde keys list` shows them.", "key_id")
        return _key(row)

    def find(self, text: str) -> Key | None:
        """The key that ``text`` is, while it is in force. An unknown id takes as long as a wrong secret."""
        key_id, _, secret = text.removeprefix(PREFIX).partition("_")
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(keys).where(keys.c.key_id == key_id)).one_or_none()
        fits = hmac.compare_digest(_hash(secret), row.secret_sha256 if row else _NO_SECRET)
        found = _key(row) if row and fits else None
        return found if found and found.is_in_force(self._time()) else None

    def close(self) -> None:
        self._engine.dispose()

    def _time(self, later: timedelta = timedelta()) -> str:
        return (self._now() + later).isoformat(timespec="seconds")


def looks_like_key(text: str) -> bool:
    """Whether someone meant it as one; other programs' keys, which clients send along, are not."""
    return text.startswith(PREFIX) and len(text) <= LONGEST


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _row(key: Key) -> dict[str, str | None]:
    return msgspec.structs.asdict(key) | {"scopes": " ".join(key.scopes)}


def _key(row: sa.Row[Any]) -> Key:
    stored = {name: getattr(row, name) for name in Key.__struct_fields__}
    return msgspec.convert(stored | {"scopes": row.scopes.split()}, Key)


def _name(name: str) -> str:
    if not 1 <= len(name.strip()) <= NAME_CHARACTERS or not name.isprintable():
        raise InputError(f"A key's name has 1 to {NAME_CHARACTERS} printable characters.", "name")
    return name.strip()


def _scope(scope: str) -> Scope:
    for known in SCOPES:
        if scope == known:
            return known
    raise InputError(f"There is no scope {scope!r}. There are: {', '.join(SCOPES)}.", "scope")


def _rate(rate: str | None) -> str | None:
    if rate is not None:
        try:
            parse_rate(rate, "--rate")
        except ConfigurationError as exc:
            raise InputError(str(exc), "rate") from exc
    return rate


def _days(days: int) -> timedelta:
    if not 1 <= days <= DAYS:
        raise InputError(f"A key is in force for 1 to {DAYS:,} days.", "days")
    return timedelta(days=days)
