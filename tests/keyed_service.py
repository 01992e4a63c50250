"""A service whose keys and owners are in a database, with one key of each kind and one conversation that has an owner.

In: a database address. Out: the app, the store of keys, and what each credential of ``access_table.txt`` sends.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from fake_backend import ANSWER, FakeBackend
from litestar import Litestar

from rag.api.app import build_app
from rag.api.stores import Stores
from rag.conversations import Conversations
from rag.keys import PREFIX, KeyStore
from rag.ownership import Ownership
from rag.settings import Settings
from rag.tables import conversations, open_tables

BLOG, STRANGER = "https://blog.example", "https://stranger.example"
SLACK = {"slack_bot_token": "xoxb-1", "slack_signing_secret": "secret"}


class KeyedService:
    """``clock`` is what the keys take for now."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.clock = datetime(2030, 1, 1, tzinfo=UTC)
        self.engine = open_tables(url)
        self.keys = KeyStore(self.engine, lambda: self.clock)
        self.owners = Ownership(self.engine)
        self.settings = Settings(
            **{"admin_key": "let-me-in", "rate_limit": "off", "sites": f"blog={BLOG}; shop=https://shop.example"}
            | settings
        )
        self.conversations = Conversations(self.engine)
        self.conversations.append(ANSWER)
        self.backend = FakeBackend(settings=self.settings)
        self.credentials = self._credentials()

    def app(self) -> Litestar:
        return build_app(self.backend, stores=Stores(keys=self.keys, owners=self.owners))

    def disown(self) -> None:
        """As if c1 had been begun without a key."""
        with self.engine.begin() as connection:
            connection.execute(sa.update(conversations), {"owner": None})

    def close(self) -> None:
        self.engine.dispose()

    def _credentials(self) -> dict[str, dict[str, str]]:
        expired = self.keys.add("expired", ("admin",), days=1)
        self.clock += timedelta(days=2)
        revoked = self.keys.add("revoked", ("admin",))
        self.keys.revoke(revoked.key.key_id)
        made = {scope: self.keys.add(scope, (scope,)) for scope in ("ask", "ingest", "admin")}
        self.owners.give("c1", f"key {made['ask'].key.key_id}")
        return {
            "none": {},
            "wrong": bearer(f"{PREFIX}0badc0de_{'x' * 43}"),
            "expired": bearer(expired.text),
            "revoked": bearer(revoked.text),
            "site": {"Origin": BLOG, "X-Kilde-Site": "blog"},
            "stranger": {"Origin": STRANGER, "X-Kilde-Site": "blog"},
            "ask": bearer(made["ask"].text),
            "other": bearer(self.keys.add("other", ("ask",)).text),
            "ingest": bearer(made["ingest"].text),
            "scoped": bearer(made["admin"].text),
            "admin": bearer("let-me-in"),
        }


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}
