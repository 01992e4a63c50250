"""Ids of Slack → names that say nothing, so that the database does not tell who talked where.

In: ids, and what all processes of one bot have in common. Out: a keyed hash, the same for the same ids as long as that
secret is. Refuses nothing.
"""

import hashlib
import hmac


class Names:
    """With one secret."""

    def __init__(self, secret: str) -> None:
        self._key = hashlib.sha256(f"kilde slack threads\0{secret}".encode()).digest()

    def name(self, *ids: str) -> str:
        return hmac.new(self._key, "\0".join(ids).encode(), hashlib.sha256).hexdigest()
