"""Who may do what: the one place that decides it, before a route reads anything of the request.

In: a request and the rule of its route. Out: nothing, or a refusal: 403 to a page of another origin and to a key
without the scope, 401 without a key or with one that is not in force, 429 to whoever asks too often. Every route has a
rule, those below a row included; the longest row counts. What readers' pages of other origins ask for is refused only
when they ask, and in words that they can read.

The credentials are the admin key, a key that ``kilde keys`` made, a known site (its public id, sent by a page of one of
its origins), or none. A site id is no secret: it says which pages may ask, in browsers, and whose daily limit that uses
up.
"""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.handlers import BaseRouteHandler

from rag.api.credentials import CALLER, SITE_HEADER, Caller, Credentials
from rag.api.limiting import Limiter
from rag.api.stores import Stores
from rag.keys import Scope
from rag.settings import Settings
from rag.sites import Sites

SHARED, VARIES = "shared_with", "varies_by_origin"
"""In the state of a request: the origin whose pages may read the response, and that it depends on the origin."""
_TOLD = 200
"""Characters of what was sent that a refusal repeats."""
_NO_KEY = "This needs a key, as Authorization: Bearer KEY: the admin key, or one with the scope {scope}."
_BAD_KEY = "This key is unknown, expired or revoked. `kilde keys list` shows those in force."
_NO_SCOPE = "This key lacks the scope {scope}. `kilde keys add` makes one that has it."


class Rule(msgspec.Struct, frozen=True):
    """Who may use a route, and what is counted."""

    who: Literal["anyone", "every page", "readers", "own pages", "named hosts", "keys"]
    """``anyone``: uncounted, and nothing of it is for pages of other origins. ``every page``: uncounted, of any origin.
    ``readers``: our own pages, programs, and pages of known sites. ``own pages``: not those. ``named hosts``: programs,
    and pages of the hosts that the route knows, which refuses others itself. ``keys``: only who has the scope."""
    scope: Scope = "ask"
    """What a key must be for; of who shows none, only ``keys`` ask for one."""
    uses_up: bool = False
    """Whether it counts against the limit of a site, or else of all who name none."""


_ANYONE, _READERS, _OWN = Rule("anyone"), Rule("readers"), Rule("own pages")
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
    "/v1/admin": Rule("keys", scope="admin"),
    "/v1/admin/ingest": Rule("keys", scope="ingest"),
    "/v1/articles": _OWN,
    "/v1/articles/{article_id}": _READERS,
    "/v1/chat": Rule("readers", uses_up=True),
    "/v1/chat/completions": Rule("own pages", uses_up=True),
    "/v1/conversations/{conversation_id}": _READERS,
    "/v1/messages/{message_id}": _READERS,
    "/v1/models": _OWN,
    "/v1/search": Rule("readers", uses_up=True),
}


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of callers; one per app."""

    credentials: Credentials
    sites: Sites
    limiter: Limiter


def access_from(settings: Settings, owner_token: str | None, stores: Stores) -> Access:
    """``owner_token`` opens what the configured key opens."""
    admin_keys = tuple(key for key in (settings.admin_key, owner_token) if key)
    return Access(
        credentials=Credentials(admin_keys=admin_keys, keys=stores.keys, has_proxies=bool(settings.proxies)),
        sites=settings.known_sites,
        limiter=Limiter(visitor_rate=settings.visitor_rate, site_rate=settings.site_rate, counters=stores.counters),
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
    rule, state = rule_of(connection.scope["path_template"]), connection.scope["state"]
    if rule.who in ("anyone", "every page"):
        state[SHARED] = "*" if rule.who == "every page" else None
        return
    caller = await known.credentials.caller(connection)
    state[CALLER], state[VARIES] = caller, rule.who == "readers"
    is_preflight = connection.scope.get("method") == "OPTIONS"
    if caller.origin is not None and rule.who != "named hosts":
        if rule.who == "readers":
            connection.scope["state"][SHARED] = caller.origin
        asks_only_whether = is_preflight and rule.who == "readers"
        if not asks_only_whether and (why_not := refusal(rule, caller.origin, caller.site, known.sites)):
            raise PermissionDeniedException(why_not)
        state[SHARED] = caller.origin
    if not is_preflight:
        await _count(rule, caller, known)
    _check_key(rule, caller)


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


def _check_key(rule: Rule, caller: Caller) -> None:
    """A key that is shown must be good, also where none is needed: whoever shows one relies on it."""
    if caller.has_bad_key:
        raise NotAuthorizedException(_BAD_KEY, headers={"WWW-Authenticate": "Bearer"})
    if caller.may(rule.scope):
        return
    if caller.key is not None:
        raise PermissionDeniedException(_NO_SCOPE.format(scope=rule.scope))
    if rule.who == "keys":
        raise NotAuthorizedException(_NO_KEY.format(scope=rule.scope), headers={"WWW-Authenticate": "Bearer"})


async def _count(rule: Rule, caller: Caller, known: Access) -> None:
    """Admins are not counted. Wrong keys are, by who sent them, so that they cannot be tried one after another."""
    if caller.is_admin:
        return
    if caller.key is not None:
        await known.limiter.count_key(caller.key)
        return
    await known.limiter.count_visit(caller.visitor)
    if rule.uses_up:
        await known.limiter.count_question(caller.site if caller.site in known.sites else None)
