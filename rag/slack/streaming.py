"""An answer that is shown while it is being written.

In: the text as it grows, then the finished answer. Out: one streamed message in the question's thread; what did not fit
into it is posted after it. An answer that comes at once is not streamed, nor one in a workspace that does not
allow it. A text that turns out differently in the end, or a stream that breaks off, is replaced by the whole answer.
"""

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from rag.records import Answer
from rag.slack.asked import Asked
from rag.slack.calls import SlackBusyError, SlackCalls, SlackRefusedError, SlackSilentError
from rag.slack.escaping import markdown
from rag.slack.posting import Posting
from rag.slack.rendering import Message, messages, tail

BEGIN_S = 0.3
"""What is written within this time after its first words is posted whole."""
APPEND_S = 1.0
APART_S = {"chat.startStream": 3.0, "chat.appendStream": 0.6}
"""Slack takes 20 of these a minute and 100 of those, from all streams of a workspace together."""
MOST = 10_000
"""Characters of a streamed message, escapes included."""


class Pace:
    """Of all streams of one process."""

    def __init__(self) -> None:
        self._next: dict[str, float] = {}

    def allows(self, method: str) -> bool:
        """Whether it may be called now; then it counts as called."""
        now = time.monotonic()
        if now < self._next.get(method, 0.0):
            return False
        self._next[method] = now + APART_S[method]
        return True


class Stream:
    """One streamed message; without a thread there is none."""

    def __init__(
        self,
        calls: SlackCalls,
        asked: Asked,
        hold: Callable[[str | None], Awaitable[bool]],
        pace: Pace,
        begun: str | None = None,
    ) -> None:
        """``hold``: keeps the message's ts, and says whether the event is still this process's to answer; asked before
        the message begins, and again as soon as it has a ts. ``begun``: of the message that a crash left behind."""
        self._calls = calls
        self._asked = asked
        self._hold = hold
        self._pace = pace
        self._ts = begun
        self._text = ""
        self._shown = ""
        self._sent = ""
        self._due: float | None = None
        self._writes = begun is None and asked.thread_ts is not None and asked.response_url is None and asked.addressed
        self._whole = begun is None

    @property
    def has_begun(self) -> bool:
        return self._ts is not None

    async def write(self, delta: str) -> None:
        """Nothing waits for Slack here: what it does not take now is shown with what follows."""
        self._text += delta
        now = time.monotonic()
        self._due = self._due or now + BEGIN_S
        if self._writes and now >= self._due and self._pace.allows(self._method):
            await self._grow()
            self._due = time.monotonic() + APPEND_S

    async def finish(self, answer: Answer, posting: Posting, *, with_help: bool) -> None:
        """Ends the message that has begun, with the whole answer in it or after it."""
        rest = None
        if self._whole and answer.text.startswith(self._shown):
            with suppress(SlackRefusedError, SlackSilentError):
                rest = await self._end(answer, posting, with_help)
        if rest is None:
            await self.abandon()
            posting.take_over(self._ts or "")
            await posting.say(messages(answer, with_help=with_help))
        else:
            await posting.say(rest, first=1)

    async def abandon(self) -> None:
        """Ends it as it is. Raises SlackSilentError where it is not known whether it has ended."""
        if self._ts is not None:
            with suppress(SlackRefusedError):  # It has ended before.
                await self._stop()

    @property
    def _method(self) -> str:
        return "chat.startStream" if self._ts is None else "chat.appendStream"

    async def _end(self, answer: Answer, posting: Posting, with_help: bool) -> tuple[Message, ...]:
        literal = markdown(answer.text)
        metadata = posting.metadata("0")
        if len(literal) > MOST:
            await self._stop(metadata=metadata)
            return messages(answer, with_help=with_help, start=len(self._shown))
        under = tail(answer, with_help=with_help)
        blocks = list(under[0].blocks) if under else None
        await self._stop(markdown_text=literal[len(self._sent) :] or None, blocks=blocks, metadata=metadata)
        return under[1:]

    async def _grow(self) -> None:
        literal = markdown(self._text)
        if len(literal) > MOST:
            self._writes = False
            return
        try:
            await self._send(literal[len(self._sent) :])
        except SlackBusyError:
            return
        except (SlackRefusedError, SlackSilentError):
            self._writes, self._whole = False, self._ts is None
        if self._writes:
            self._sent, self._shown = literal, self._text

    async def _send(self, more: str) -> None:
        asked = self._asked
        if self._ts is not None:
            await self._calls.call_at_once(self._method, channel=asked.channel, ts=self._ts, markdown_text=more)
            return
        if not await self._hold(None):
            self._writes = False
            return
        started = await self._calls.call_at_once(
            self._method,
            channel=asked.channel,
            thread_ts=asked.thread_ts,
            markdown_text=more,
            recipient_team_id=None if asked.private else asked.user_team,
            recipient_user_id=None if asked.private else asked.user,
        )
        self._ts = str(started["ts"])
        if not await self._hold(self._ts):
            await self._withdraw()

    async def _withdraw(self) -> None:
        """Another process answers by now."""
        self._writes = False
        await self.abandon()
        with suppress(SlackRefusedError):
            await self._calls.call("chat.delete", channel=self._asked.channel, ts=self._ts)
        self._ts = None

    async def _stop(self, **ending: object) -> None:
        await self._calls.call("chat.stopStream", channel=self._asked.channel, ts=self._ts, **ending)
