"""The running bot: takes questions, answers them one after another, and takes up what a crash broke off.

In: what is asked. Out: answers in Slack. An asynchronous context manager: inside it the bot works; at its end running
answers get a moment, and what is not answered by then is left for whoever comes next. Refuses a token that Slack does
not know with ConfigurationError.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

import anyio
import msgspec

from rag.errors import ConfigurationError, KildeError
from rag.slack.app import LATER, build_bolt, dispatch
from rag.slack.asked import Asked
from rag.slack.backend import Answers
from rag.slack.calls import SlackCalls, SlackRefusedError, SlackSilentError
from rag.slack.claiming import Claiming
from rag.slack.configuration import Configuration
from rag.slack.deliveries import HELD_S, Claimed, Deliveries
from rag.slack.identity import Me
from rag.slack.naming import Names
from rag.slack.streaming import Pace
from rag.slack.threads import Threads
from rag.slack.turn import Parts, say_busy, take_turn
from rag.slack.waiting import Waiting
from rag.tables import open_tables
from rag.unexpected import log_unexpected

GRACE_S = 5.0
FORGET_S = 3600.0
SQL_THREADS = 4
TAKEN_UP, TAKE_UP_S = 20, 0.2
"""Abandoned events that are taken at once, and the pause before the next: new ones must not wait for them."""
_WRONG_TOKEN = frozenset({"invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"})
_log = logging.getLogger(__name__)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one process."""

    running: int = 8
    """Answers that are made at once."""
    waiting: int = 256
    """Events that wait for these; further ones are refused politely."""
    refusing: int = 32
    """Polite refusals under way at once; beyond these Slack is asked to deliver again."""
    held_s: float = HELD_S


class Bot:
    """One per process; used on one event loop."""

    parts: Parts

    def __init__(
        self, config: Configuration, backend: Answers, database_url: str, *, limits: Limits | None = None
    ) -> None:
        self._config = config
        self._backend = backend
        self._database_url = database_url
        self._limits = limits or Limits()
        self._me: Me | None = None
        self._asking_me = asyncio.Lock()
        self._waiting = Waiting(self._limits.waiting)
        self._refusing: set[str] = set()
        self._side_tasks: set[asyncio.Task[None]] = set()
        self._look = asyncio.Event()
        self._is_open = False

    async def __aenter__(self) -> Self:
        async with AsyncExitStack() as stack:
            engine = await anyio.to_thread.run_sync(open_tables, self._database_url)
            stack.callback(engine.dispose)
            calls = await stack.enter_async_context(SlackCalls(self._config.bot_token, self._config.api_url))
            names = Names(self._config.bot_token)
            self.parts = Parts(
                config=self._config,
                backend=self._backend,
                calls=calls,
                deliveries=Deliveries(engine, names, held_s=self._limits.held_s),
                threads=Threads(engine, names),
                pace=Pace(),
                # SQLite has one writer at a time, and those that wait for each other inside it wait long.
                limiter=anyio.CapacityLimiter(1 if engine.dialect.name == "sqlite" else SQL_THREADS),
            )
            self._claiming = Claiming(self.parts.deliveries)
            self._app = build_bolt(self)
            self._is_open = True
            self._tasks = [asyncio.create_task(self._work()) for _ in range(self._limits.running)]
            self._tasks.append(asyncio.create_task(self._keep()))
            self._stack = stack.pop_all()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._is_open = False
        async with self._stack:
            with anyio.CancelScope(shield=True):
                await self._finish()

    async def me(self) -> Me:
        """Raises ConfigurationError for a token that Slack does not know, and what calls raise."""
        async with self._asking_me:
            if self._me is None:
                try:
                    found = await self.parts.calls.call("auth.test")
                except SlackRefusedError as exc:
                    if exc.code in _WRONG_TOKEN:
                        raise ConfigurationError(f"Slack refuses KILDE_SLACK_BOT_TOKEN ({exc.code}).") from exc
                    raise
                self._me = msgspec.convert(found, Me)
            return self._me

    async def handle(self, body: str | Mapping[str, Any]) -> tuple[int, str]:
        """Status and body of the response to one of Slack's requests, given as it came over HTTP or as its fields."""
        if not self._is_open:
            return LATER, ""
        try:
            await self.me()
        except KildeError as exc:
            _log.error("an event is not taken: %s", exc)
            return LATER, ""
        try:
            response = await dispatch(self._app, body)
        except Exception as exc:
            log_unexpected(exc)
            return LATER, ""
        return response.status, response.body or ""

    async def take(self, asked: Asked) -> bool:
        """Claims the event and queues it, or says that there is no room; False where it can do neither."""
        if not self._is_open:
            return False
        if not self._waiting.reserve():
            return await self._refuse(asked)
        try:
            claimed = await self._claiming.claim(asked)
        finally:
            self._waiting.unreserve()
        if claimed is not None:
            self._waiting.put(claimed)
        return True

    async def introduce(self) -> None:
        """Learns who it is before the first event has to wait for it; what is in the way of it is logged."""
        try:
            await self.me()
        except KildeError as exc:
            _log.error("%s", exc)

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(_guarded(work))
        self._side_tasks.add(task)
        task.add_done_callback(self._side_tasks.discard)

    async def _refuse(self, asked: Asked) -> bool:
        if len(self._refusing) >= self._limits.refusing:
            return False
        self._refusing.add(asked.key)
        claimed = None
        try:
            claimed = await self._claiming.claim(asked)
        finally:
            if claimed is None:
                self._refusing.discard(asked.key)
        if claimed is not None:
            self.later(self._say_busy(asked))
        return True

    async def _say_busy(self, asked: Asked) -> None:
        try:
            await say_busy(self.parts, asked)
        finally:
            self._refusing.discard(asked.key)

    async def _work(self) -> None:
        while True:
            claimed = await self._waiting.take()
            try:
                await self._answer(claimed)
            except Exception as exc:
                log_unexpected(exc)
            finally:
                self._waiting.finished(claimed)

    async def _answer(self, claimed: Claimed) -> None:
        try:
            finished = await take_turn(self.parts, claimed)
        except SlackSilentError as exc:
            _log.warning("a question is put off: %s", exc)
            # What follows it in its conversation rests with it, so that the order stays.
            for one in (claimed, *self._waiting.taken_back(claimed.asked.owner)):
                await self.parts.sql(self.parts.deliveries.put_off, one)
            return
        if finished.others_wait:
            self._look.set()

    async def _keep(self) -> None:
        """Renews what this process holds, takes up what nobody does, and forgets what is long answered."""
        forget_at = 0.0
        while True:
            pause_s = self._limits.held_s / 3
            try:
                await self.parts.sql(self.parts.deliveries.renew, [*self._waiting.keys, *self._refusing])
                if await self._take_up() == TAKEN_UP:
                    pause_s = TAKE_UP_S
                if asyncio.get_running_loop().time() >= forget_at:
                    await self.parts.sql(self.parts.deliveries.forget_old)
                    forget_at = asyncio.get_running_loop().time() + FORGET_S
            except Exception as exc:
                log_unexpected(exc)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._look.wait(), pause_s)
            self._look.clear()

    async def _take_up(self) -> int:
        found = await self.parts.sql(self.parts.deliveries.abandoned, min(self._waiting.room, TAKEN_UP))
        for claimed in found:
            self._waiting.put(claimed)
        return len(found)

    async def _finish(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE_S):
                while self._waiting.is_running or self._side_tasks:
                    await asyncio.sleep(0.05)
        tasks = [*self._tasks, *self._side_tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.parts.sql(self.parts.deliveries.release)


async def _guarded(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception as exc:
        log_unexpected(exc)
