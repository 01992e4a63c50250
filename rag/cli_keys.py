"""``kilde keys``: makes, lists and revokes the keys that programs show.

In: settings, and what a key is to be. Out: the new key, once, alone on stdout so that a script can take it; a table of
keys, never the keys themselves. Works beside a running service, which takes each change at once.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

from rich.text import Text

from rag.cli_output import clean, report, show, show_json
from rag.errors import ConfigurationError
from rag.keys import Key, KeyStore
from rag.settings import Settings

_SHOWN_ONCE = "this is the only time the key is shown; pass it on as Authorization: Bearer KEY"


def add_key(
    settings: Settings, name: str, scopes: Sequence[str], *, days: int | None, rate: str | None, as_json: bool
) -> None:
    with _store(settings) as store:
        made = store.add(name, tuple(scopes), days=days, rate=rate)
    if as_json:
        show_json(made)
        return
    report(f"key {made.key.key_id} for {made.key.name!r}: {_SHOWN_ONCE}")
    show(Text(made.text))


def list_keys(settings: Settings, *, as_json: bool) -> None:
    with _store(settings) as store:
        found = store.all()
    if as_json:
        show_json(found)
        return
    for key in found:
        show(Text("\t".join(clean(cell) for cell in _cells(key))))


def revoke_key(settings: Settings, key_id: str) -> None:
    with _store(settings) as store:
        key = store.revoke(key_id)
    report(f"key {key.key_id} ({key.name}) opens nothing any more")


@contextmanager
def _store(settings: Settings) -> Iterator[KeyStore]:
    try:
        settings.data_path.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigurationError(f"KILDE_DATA_DIR={settings.data_dir!r} cannot be made: {exc.strerror}.") from exc
    with closing(KeyStore.open(settings.conversations_url)) as store:
        yield store


def _cells(key: Key) -> tuple[str, ...]:
    return key.key_id, _state(key), ",".join(key.scopes), key.rate or "-", key.created_at, key.name


def _state(key: Key) -> str:
    if key.revoked_at:
        return f"revoked {key.revoked_at}"
    return f"until {key.expires_at}" if key.expires_at else "in force"
