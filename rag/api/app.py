"""The HTTP application: routes, errors, limits and headers put together.

In: a backend, and the token of the local owner where there is one. Out: an ASGI application. Reads and opens nothing.
"""

import msgspec
from litestar import Litestar, Response, Router
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import MethodNotAllowedException, NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, Reference, SecurityScheme
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from rag.api import articles, chat, conversations, feedback, health, page, stopping, widget
from rag.api.access import access_from, authorise, rule_of
from rag.api.admin import admin_routes
from rag.api.admin_page import admin_page, admin_page_file
from rag.api.admission import Admission
from rag.api.backend import Backend
from rag.api.closing import Closing
from rag.api.completions.refusals import tell_wrong_method
from rag.api.completions.routes import completion_routes
from rag.api.credentials import SITE_HEADER
from rag.api.cross_origin import add_headers
from rag.api.document import DocumentConfig
from rag.api.gate import Gate
from rag.api.mcp import Mcp
from rag.api.observing import Observing, metrics
from rag.api.refusals import exception_handlers
from rag.api.slack import slack_route
from rag.api.stops import Stops
from rag.api.stores import Stores
from rag.api.wiring import Limits, Wiring, limits_for

BODY_BYTES = 64 * 1024


def build_app(
    backend: Backend, *, owner_token: str | None = None, limits: Limits | None = None, stores: Stores | None = None
) -> Litestar:
    """The service over ``backend``. ``owner_token`` opens the admin routes beside the configured key."""
    limits, stores = limits or limits_for(backend.settings), stores or Stores()
    access = access_from(backend.settings, owner_token, stores)
    wiring = Wiring(
        backend=backend,
        admission=Admission(running=limits.running, waiting=limits.waiting, streams=limits.streams),
        closing=Closing(),
        stops=Stops(stores.stop_calls),
        owners=stores.owners,
        limits=limits,
    )
    mcp = Mcp(wiring)
    slack_handlers, slack_lifespan = slack_route(backend)
    app = Litestar(
        route_handlers=[
            *(chat.chat, chat.search, articles.list_articles, articles.read_article),
            *(conversations.read_conversation, conversations.delete_conversation, feedback.give_feedback),
            stopping.stop,
            *(admin_routes(), admin_page, admin_page_file),
            completion_routes(),
            mcp.route(),
            *(health.live, health.ready, metrics, page.page, page.page_file, widget.widget_file),
            *slack_handlers,
        ],
        dependencies={"wiring": Provide(lambda: wiring, sync_to_thread=False)},
        exception_handlers={**exception_handlers(), MethodNotAllowedException: tell_wrong_method},
        guards=[authorise],
        middleware=[*_middleware(backend.settings.proxies), Observing()],
        before_send=[add_headers],
        request_max_body_size=BODY_BYTES,
        openapi_config=_openapi(),
        lifespan=[mcp.lifespan, wiring.stops.lifespan, *slack_lifespan],
        state=State({"closing": wiring.closing, "access": access, "gate": Gate(wiring.admission)}),
        logging_config=None,
        debug=False,
    )
    for route in app.routes:
        rule_of(route.path_format)
    return app


def _middleware(proxies: tuple[str, ...]) -> list[DefineMiddleware]:
    """Puts the client that a proxy names in the place of the proxy."""
    if not proxies:
        return []
    # Both are ASGI applications, each with its library's own types for the same messages.
    return [DefineMiddleware(ProxyHeadersMiddleware, trusted_hosts=list(proxies))]  # type: ignore[arg-type]


def _openapi() -> DocumentConfig:
    return DocumentConfig(
        title="Kilde",
        version="1",
        description="Answers over a publisher's articles, with the exact words that support every sentence.",
        render_plugins=[JsonRenderPlugin(path=["/", "/openapi.json"]), YamlRenderPlugin()],
        components=Components(security_schemes=_credentials()),
        openapi_router=Router(
            "/schema", route_handlers=[], include_in_schema=False, after_request=_refuse_unknown_schema
        ),
    )


def _credentials() -> dict[str, SecurityScheme | Reference]:
    return {
        "admin": SecurityScheme(
            type="http", scheme="bearer", description="The admin key, or a key with the scope that the route needs"
        ),
        "key": SecurityScheme(
            type="http", scheme="bearer", description="A key with the scope ask, counted by itself; none is needed"
        ),
        "site": SecurityScheme(
            type="apiKey",
            security_scheme_in="header",
            name=SITE_HEADER,
            description="Id of the site whose page asks, from the page of an origin that the setting KILDE_SITES lists",
        ),
    }


async def _refuse_unknown_schema(response: Response[msgspec.Raw]) -> Response[msgspec.Raw]:
    """The framework answers unknown addresses below ``/schema`` with a page of its own."""
    if response.status_code == 404:
        raise NotFoundException
    return response
