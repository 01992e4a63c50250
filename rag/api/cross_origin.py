"""What a response tells browsers: what its page may do, and which pages of other origins may read it.

In: a response about to be sent, with what ``rag/api/access.py`` noted in its request. Out: its headers. Refuses
nothing. A page of another origin may read why readers' routes refuse it; of all other routes its browser keeps it away.
"""

from collections.abc import Collection

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from rag.api.access import SHARED, VARIES
from rag.api.credentials import SITE_HEADER

SECURITY = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, DELETE",
    "access-control-allow-headers": f"Content-Type, {SITE_HEADER}",
    "access-control-max-age": "600",
}


_TLS = {"strict-transport-security": "max-age=31536000"}


async def add_headers(message: Message, scope: Scope) -> None:
    """Before anything is sent."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    for name, value in (SECURITY | _sharing(scope) | (_TLS if scope.get("scheme") == "https" else {})).items():
        headers.setdefault(name, value)
    if scope["litestar_app"].state.closing.is_draining:
        headers["connection"] = "close"  # a proxy finds another process with its next request
    if scope.get("method") == "OPTIONS" and "path_template" in scope:
        headers["allow"] = ", ".join(sorted(_methods(scope)))
    if scope.get("state", {}).get(VARIES):
        headers.extend_header_value("vary", "Origin")


def _methods(scope: Scope) -> Collection[str]:
    """Of all routes at this address; the framework tells those of the one that was registered first."""
    routes = [route for route in scope["litestar_app"].routes if route.path_format == scope["path_template"]]
    return {method for route in routes for method in getattr(route, "methods", ())}


def _sharing(scope: Scope) -> dict[str, str]:
    origin = scope.get("state", {}).get(SHARED)
    if origin is None:
        return {}
    shared = {"access-control-allow-origin": origin, "access-control-expose-headers": "Retry-After"}
    return shared | _PREFLIGHT if scope.get("method") == "OPTIONS" else shared
