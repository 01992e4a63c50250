"""The HTTP application: routes, errors, limits and headers put together.

In: a backend, and the token of the local owner where there is one. Out: an ASGI application. Reads and opens nothing.
"""

import msgspec
from litestar import Litestar, Response, Router
from litestar.datastructures import MutableScopeHeaders, State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import Message, Scope

from rag.api import articles, chat, conversations, feedback, health, page, widget
from rag.api.admin import admin_routes
from rag.api.admission import Admission
from rag.api.backend import Backend
from rag.api.closing import Closing
from rag.api.refusals import exception_handlers
from rag.api.wiring import Limits, Wiring

BODY_BYTES = 64 * 1024
SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
}


def build_app(backend: Backend, *, owner_token: str | None = None, limits: Limits | None = None) -> Litestar:
    """The service over ``backend``. ``owner_token`` opens the admin routes beside the configured key."""
    limits = limits or Limits()
    wiring = Wiring(
        backend=backend,
        admission=Admission(running=limits.running, waiting=limits.waiting),
        closing=Closing(),
        limits=limits,
        admin_keys=tuple(key for key in (backend.settings.admin_key, owner_token) if key),
    )
    return Litestar(
        route_handlers=[
            *(chat.chat, chat.search, articles.list_articles, articles.read_article),
            *(conversations.read_conversation, conversations.delete_conversation, feedback.give_feedback),
            admin_routes(),
            *(health.live, health.ready, page.page, page.page_file, widget.widget_file),
        ],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        exception_handlers=exception_handlers(),
        before_send=[_add_security_headers],
        request_max_body_size=BODY_BYTES,
        openapi_config=_openapi(),
        state=State({"closing": wiring.closing, "admin_keys": wiring.admin_keys}),
        logging_config=None,
        debug=False,
    )


async def _add_security_headers(message: Message, _scope: Scope) -> None:
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in SECURITY_HEADERS.items():
            headers.setdefault(name, value)


def _openapi() -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Kilde",
        version="1",
        description="Answers over a publisher's articles, with the exact words that support every sentence.",
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"]), YamlRenderPlugin()],
        components=Components(security_schemes={"admin": SecurityScheme(type="http", scheme="bearer")}),
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, after_request=_refuse_unknown_schema
        ),
    )


async def _refuse_unknown_schema(response: Response[msgspec.Raw]) -> Response[msgspec.Raw]:
    """The framework answers unknown addresses below ``/schema`` with a page of its own."""
    if response.status_code == 404:
        raise NotFoundException
    return response
