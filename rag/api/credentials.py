"""What a request shows of who sent it: an address, an origin and a site, a key.

In: a request. Out: a ``Caller``. Refuses nothing; what a caller may do is decided in ``rag/api/access.py``.
"""

import hmac
import logging
from functools import cache
from typing import Any

import anyio.to_thread
import msgspec
from litestar.connection import ASGIConnection, Request
from litestar.datastructures import Headers

from rag.api.stores import Keys
from rag.keys import Key, Scope, looks_like_key
from rag.visitors import visitor_of

SITE_HEADER = "X-Kilde-Site"
CALLER = "caller"
"""In the state of a request, once its route was found: who asks."""
_log = logging.getLogger(__name__)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks."""

    visitor: str = ""
    origin: str | None = None
    """Of the page that asks, where that is another origin than ours."""
    site: str | None = None
    key: Key | None = None
    is_admin: bool = False
    """By the admin key, or by a key with that scope."""
    has_bad_key: bool = False
    """It sent what looks like one of our keys and is none, or none any more."""

    @property
    def owner(self) -> str:
        """Whose conversations it begins and finds: its key's, else those of the site whose page asks."""
        if self.is_admin:
            return ""
        if self.key is not None:
            return f"key {self.key.key_id}"
        return f"site {self.site}" if self.origin and self.site else ""

    @property
    def finds(self) -> str | None:
        """Whose conversations and answers it finds; None for everybody's."""
        return None if self.is_admin else self.owner

    def may(self, scope: Scope) -> bool:
        return self.is_admin or (self.key is not None and scope in self.key.scopes)


def caller_of(request: Request[Any, Any, Any]) -> Caller:
    """As the guard of its route found it."""
    caller: Caller = request.scope["state"][CALLER]
    return caller


class Credentials(msgspec.Struct, frozen=True, kw_only=True):
    """What callers are told by; one per app."""

    admin_keys: tuple[str, ...]
    keys: Keys
    has_proxies: bool

    async def caller(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
        headers = connection.headers
        if "x-forwarded-for" in headers and not self.has_proxies:
            _warn_of_proxy()
        given = _bearer(headers.get("authorization", ""))
        has_admin_key = self._is_admin_key(given)
        key = None
        if is_key := looks_like_key(given) and not has_admin_key:
            key = await anyio.to_thread.run_sync(self.keys.find, given)
        return Caller(
            visitor=visitor_of(connection.client.host if connection.client else ""),
            origin=_foreign_origin(headers),
            site=headers.get(SITE_HEADER),
            key=key,
            is_admin=has_admin_key or (key is not None and "admin" in key.scopes),
            has_bad_key=is_key and key is None,
        )

    def _is_admin_key(self, given: str) -> bool:
        """Compares in constant time, so that a key cannot be guessed letter by letter."""
        fits = [hmac.compare_digest(given.encode(), key.encode()) for key in self.admin_keys]
        return bool(given) and any(fits)


def _bearer(authorization: str) -> str:
    scheme, _, given = authorization.partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def _foreign_origin(headers: Headers) -> str | None:
    """The scheme does not count: a proxy may have ended TLS. Where it also changed the host, the browser's own word
    tells; no page can forge that."""
    origin = headers.get("origin")
    if origin is None or headers.get("sec-fetch-site") == "same-origin":
        return None
    host = headers.get("host", "").casefold()
    return None if host and origin.partition("://")[2].casefold() == host else origin


@cache
def _warn_of_proxy() -> None:
    """Once."""
    _log.warning(
        "requests come through a proxy that KILDE_TRUSTED_PROXIES does not name: all its visitors count as one"
    )
