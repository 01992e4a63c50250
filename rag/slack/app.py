"""Slack's requests → what the bot does with them; the only place that imports Bolt.

In: one request from Slack, over HTTP or Socket Mode, known to be Slack's. Out: the response to it, at once: an event is
acknowledged when it is claimed, whatever its answer takes. An event that can be neither claimed nor refused politely
gets 503, so that Slack delivers it again.
"""

import json
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl

from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult

from rag.slack import actions
from rag.slack.asked import Asked, Body, asked_by_command, asked_for_human, asked_in_event
from rag.slack.blocks import FEEDBACK, HELP, PASSAGE, lang_of_actions
from rag.slack.calls import quiet_logger
from rag.slack.identity import Me
from rag.slack.passages import REASON_VIEW
from rag.slack.turn import Parts, own_words
from rag.unexpected import log_unexpected

COMMAND, FORGET, FORGET_WORD = "/kilde", "kilde_forget", "forget"
EVENTS = ("app_mention", "message", "assistant_thread_started")
LATER = 503
Ack = Callable[..., Awaitable[Any]]


class Desk(Protocol):
    """What takes the questions: ``rag/slack/bot.py``."""

    parts: Parts

    async def me(self) -> Me: ...

    async def take(self, asked: Asked) -> bool:
        """False: it could not, and the event should come again."""
        ...

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs it once the request is answered."""
        ...


def build_bolt(desk: Desk) -> AsyncApp:
    """The requests' signatures are checked before they come here (``signature.py``)."""

    async def authorize() -> AuthorizeResult:
        me = await desk.me()
        return AuthorizeResult(
            enterprise_id=None,
            team_id=me.team_id,
            bot_user_id=me.user_id,
            bot_id=me.bot_id,
            bot_token=desk.parts.config.bot_token,
        )

    app = AsyncApp(
        client=desk.parts.calls.client,
        authorize=authorize,
        request_verification_enabled=False,
        ssl_check_enabled=False,
        logger=quiet_logger(),
        name="kilde",
    )
    app.error(_log_error)
    app.middleware(_event_taker(desk))
    _listen(app, desk)
    return app


async def dispatch(app: AsyncApp, body: str | Mapping[str, Any]) -> BoltResponse:
    """400 for what is no object with fields."""
    try:
        given = _fields(body) if isinstance(body, str) else dict(body)
        request = AsyncBoltRequest(body=given, mode="socket_mode")
    except (AttributeError, TypeError, ValueError):
        return BoltResponse(status=400)
    return await app.async_dispatch(request)


def _fields(body: str) -> dict[str, Any]:
    """Bolt would take every form with the word "payload" in it for an action."""
    if not body.startswith("{"):
        form = dict(parse_qsl(body, keep_blank_values=True))
        if "payload" not in form:
            return form
        body = form["payload"]
    return dict(json.loads(body))


def _event_taker(desk: Desk) -> Callable[..., Awaitable[BoltResponse]]:
    """Events are taken before Bolt would acknowledge them by itself."""

    async def take_event(body: Body, next: Callable[[], Awaitable[BoltResponse]]) -> BoltResponse:  # noqa: A002
        if body.get("type") != "event_callback":
            return await next()
        if body["event"].get("type") == "assistant_thread_started":
            desk.later(actions.offer_questions(desk.parts, body))
            return BoltResponse(status=200)
        asked = asked_in_event(body, desk.parts.config, await desk.me())
        taken = asked is None or await desk.take(asked)
        return BoltResponse(status=200 if taken else LATER)

    return take_event


def _listen(app: AsyncApp, desk: Desk) -> None:
    async def on_command(ack: Ack, body: Body) -> None:
        if body.get("text", "").strip().lower() == FORGET_WORD:
            await ack()
            desk.later(actions.forget_own(desk.parts, body, await desk.me()))
            return
        asked = asked_by_command(body, await desk.me())
        if await desk.take(asked):
            await ack()
        else:  # A command is not delivered again.
            await ack(text=own_words(desk.parts.config, asked).busy, response_type="ephemeral")

    async def on_feedback(ack: Ack, body: Body) -> None:
        await ack()
        desk.later(actions.rate(desk.parts, body))

    async def on_reason(ack: Ack, body: Body) -> None:
        await ack()
        desk.later(actions.give_reason(desk.parts, body))

    async def on_passage(ack: Ack, body: Body) -> None:
        await ack()
        desk.later(actions.show_passage(desk.parts, body, _lang_of_answer(body)))

    async def on_help(ack: Ack, body: Body) -> None:
        if await desk.take(asked_for_human(body, _lang_of_answer(body), await desk.me())):
            await ack()

    async def on_forget(ack: Ack, body: Body) -> None:
        await ack()
        desk.later(actions.forget_thread(desk.parts, body, await desk.me()))

    app.command(COMMAND)(on_command)
    app.action(FEEDBACK)(on_feedback)
    app.action(PASSAGE)(on_passage)
    app.action(HELP)(on_help)
    app.view(REASON_VIEW)(on_reason)
    app.shortcut(FORGET)(on_forget)


def _lang_of_answer(body: Body) -> str:
    return lang_of_actions(body["actions"][0].get("block_id", ""))


async def _log_error(error: Exception) -> BoltResponse:
    log_unexpected(error)
    return BoltResponse(status=LATER)
