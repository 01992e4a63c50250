"""``POST /slack/events``: Slack's events, commands and actions, where the settings open it.

In: what Slack sends, signed. Out: the response that the bot gives at once. Refuses with 401, before anything in it is
read, what is not signed with the app's secret or is more than five minutes old.
"""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Response, post
from litestar.types import ControllerRouterHandler

from rag.api.backend import Backend
from rag.slack.configuration import configuration, takes_requests

if TYPE_CHECKING:
    from rag.slack.bot import Limits

BODY_BYTES = 1024 * 1024
"""An action carries the whole message that it belongs to."""

Lifespan = Callable[[Litestar], AbstractAsyncContextManager[None]]


def slack_route(
    backend: Backend, limits: "Limits | None" = None
) -> tuple[Sequence[ControllerRouterHandler], Sequence[Lifespan]]:
    """The route, and the bot behind it while the service runs; neither where the settings do not ask for them."""
    if not takes_requests(backend.settings):
        return (), ()
    from rag.slack.bot import Bot
    from rag.slack.signature import Signatures

    config = configuration(backend.settings)
    bot = Bot(config, backend, backend.settings.conversations_url, limits=limits)
    signatures = Signatures(config.signing_secret or "")

    @post("/slack/events", include_in_schema=False, status_code=200, request_max_body_size=BODY_BYTES)
    async def slack_events(request: Request[Any, Any, Any]) -> Response[str]:
        body = await request.body()
        headers = request.headers
        timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
        if not signatures.is_signed(body, timestamp, signature):
            return Response("", status_code=401)
        status, text = await bot.handle(body.decode())
        return Response(text, status_code=status, media_type="application/json" if text[:1] == "{" else "text/plain")

    @asynccontextmanager
    async def run_bot(_app: Litestar) -> AsyncIterator[None]:
        async with bot:
            bot.later(bot.introduce())
            yield

    return (slack_events,), (run_bot,)
