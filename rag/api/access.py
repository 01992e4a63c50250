"""Who may do what: the one place that decides it, before a route reads anything of the request.

In: a request and the rule of its route. Out: nothing, or a refusal: 403 to a page of another origin, 401 without the
admin key, 429 to whoever asks too often. Every route has a rule, those below a row included; the longest row counts.
What readers' pages of other origins ask for is refused only when they ask, and in words that they can read.

The credentials are the admin key, a known site (its public id, sent by a page of one of its origins), or none. A site
id is no secret: it says which pages may ask, in browsers, and whose daily limit that uses up.
"""

import hmac
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any, Literal

import msgspec
from litestar.connection import ASGIConnection
from litestar.datastructures import Headers
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from rag.api.counting import Counters
from rag.api.limiting import Limiter
from rag.settings import Settings
from rag.sites import Sites
from rag.visitors import visitor_of

SITE_HEADER = "X-Kilde-Site"
SHARED, VARIES = "shared_with", "varies_by_origin"
"""In the state of a request: the origin whose pages may read the response, and that it depends on the origin."""
_TOLD = 200
"""Characters of what was sent that a refusal repeats."""
_log = logging.getLogger(__name__)


class Rule(msgspec.Struct, frozen=True):
    """Who may use a route, and what is counted."""

    who: Literal["anyone", "every page", "readers", "own pages", "named hosts", "admins"]
    """``anyone``: uncounted, and nothing of it is for pages of other origins. ``every page``: uncounted, of any origin.
    ``readers``: our own pages, programs, and pages of known sites. ``own pages``: not those. ``named hosts``: programs,
    and pages of the hosts that the route knows, which refuses others itself. ``admins``: the key."""
    uses_up: bool = False
    """Whether it counts against the limit of a site, or else of all who name none."""


_ANYONE, _READERS, _OWN, _ADMINS = Rule("anyone"), Rule("readers"), Rule("own pages"), Rule("admins")
RULES: Mapping[str, Rule] = {
    "/": _ANYONE,
    "/page": _ANYONE,
    "/admin": _ANYONE,  # the page; all that it shows comes from the routes below /v1/admin
    "/health": _ANYONE,
    "/metrics": _ANYONE,
    "/schema": _ANYONE,
    "/slack": _ANYONE,  # signed by Slack, which the route checks
    "/widget": Rule("every page"),
    "/mcp": Rule("named hosts", uses_up=True),  # of KILDE_MCP_HOSTS, by name and by origin
    "/v1/admin": _ADMINS,
    "/v1/articles": _OWN,
    "/v1/articles/{article_id}": _READERS,
    "/v1/chat": Rule("readers", uses_up=True),
    "/v1/chat/completions": Rule("own pages", uses_up=True),
    "/v1/conversations/{conversation_id}": _READERS,
    "/v1/messages/{message_id}": _READERS,
    "/v1/models": _OWN,
    "/v1/search": Rule("readers", uses_up=True),
}


class Caller(msgspec.Struct, frozen=True):
    """What a request shows of who sent it."""

    is_admin: bool
    visitor: str
    origin: str | None
    """Of the page that asks, where that is another origin than ours."""
    site: str | None


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of callers; one per app."""

    admin_keys: tuple[str, ...]
    sites: Sites
    limiter: Limiter
    has_proxies: bool

    def caller(self, connection: ASGIConnection[Any, Any, Any, Any]) -> Caller:
        headers = connection.headers
        if "x-forwarded-for" in headers and not self.has_proxies:
            _warn_of_proxy()
        return Caller(
            is_admin=self._has_key(headers.get("authorization", "")),
            visitor=visitor_of(connection.client.host if connection.client else ""),
            origin=_foreign_origin(headers),
            site=headers.get(SITE_HEADER),
        )

    def _has_key(self, authorization: str) -> bool:
        """Compares in constant time, so that a key cannot be guessed letter by letter."""
        scheme, _, given = authorization.partition(" ")
        fits = [hmac.compare_digest(given.strip().encode(), key.encode()) for key in self.admin_keys]
        return scheme.lower() == "bearer" and any(fits)


def access_from(settings: Settings, owner_token: str | None, counters: Counters) -> Access:
    """``owner_token`` opens what the configured key opens."""
    limiter = Limiter(visitor_rate=settings.visitor_rate, site_rate=settings.site_rate, counters=counters)
    return Access(
        admin_keys=tuple(key for key in (settings.admin_key, owner_token) if key),
        sites=settings.known_sites,
        limiter=limiter,
        has_proxies=bool(settings.proxies),
    )


def rule_of(path: str) -> Rule:
    """By the path as its route declares it. Raises LookupError for one that no row covers."""
    covering = [row for row in RULES if path == row or (row != "/" and path.startswith(f"{row}/"))]
    if not covering:
        raise LookupError(f"Nobody has said who may use {path}. Give it a row in rag/api/access.py.")
    return RULES[max(covering, key=len)]


async def authorise(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """The guard of every route."""
    known: Access = connection.app.state.access
    rule, caller = rule_of(connection.scope["path_template"]), known.caller(connection)
    if rule.who == "anyone":
        return
    if rule.who == "every page":
        connection.scope["state"][SHARED] = "*"
        return
    is_preflight = connection.scope.get("method") == "OPTIONS"
    connection.scope["state"][VARIES] = rule.who == "readers"
    if caller.origin is not None and rule.who != "named hosts":
        if rule.who == "readers":
            connection.scope["state"][SHARED] = caller.origin
        asks_only_whether = is_preflight and rule.who == "readers"
        if not asks_only_whether and (why_not := refusal(rule, caller.origin, caller.site, known.sites)):
            raise PermissionDeniedException(why_not)
    if not is_preflight and not caller.is_admin:
        await _count(rule, caller, known)
    if rule.who == "admins" and not caller.is_admin:
        raise NotAuthorizedException(headers={"WWW-Authenticate": "Bearer"})


def refusal(rule: Rule, origin: str, site: str | None, sites: Sites) -> str | None:
    """Why a page of this origin, another than ours, may not use the route; None where it may. Pure."""
    told = origin[:_TOLD]
    if rule.who != "readers":
        return f"This address takes nothing from pages of other origins, such as {told}. Ask from a server instead."
    if site is None:
        return f"Pages of other origins name their site, as {SITE_HEADER}: ID. The setting KILDE_SITES lists the ids."
    if site not in sites:
        return f"There is no site {site[:_TOLD]!r}. The setting KILDE_SITES lists the ids with their origins."
    if not sites.may_ask(site, origin):
        return f"{told} is no origin of the site {site!r}. Add it there in the setting KILDE_SITES."
    return None


async def _count(rule: Rule, caller: Caller, known: Access) -> None:
    """Wrong admin keys are counted too, so that they cannot be tried one after another."""
    await known.limiter.count_visit(caller.visitor)
    if rule.uses_up:
        await known.limiter.count_question(caller.site if caller.site in known.sites else None)


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
