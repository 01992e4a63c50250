"""Messages → Slack, each once.

In: the messages that answer an event. Out: nothing; they stand in Slack. Each carries as metadata which event it
answers and which part of the answer it is, so that after a crash or a call without an answer those that arrived are
found, and only the others are posted. Raises SlackRefusedError and SlackSilentError.
"""

import asyncio
import logging
from collections.abc import Iterable
from contextlib import suppress
from itertools import count

import msgspec

from rag.slack.asked import Asked
from rag.slack.calls import SlackCalls, SlackRefusedError, SlackSilentError
from rag.slack.rendering import Message, in_words, without_actions

EVENT_TYPE = "kilde_answer"
TRIES = 3
PAUSE_S = 1.0
LOOKED_AT = 200
"""Messages after the question among which earlier parts are looked for."""
_TOO_LONG = frozenset({"msg_too_long", "msg_blocks_too_long"})
_log = logging.getLogger(__name__)


class Posting:
    """The answer to one event."""

    def __init__(self, calls: SlackCalls, asked: Asked) -> None:
        self._calls = calls
        self._asked = asked
        self._earlier: dict[str, str] = {}
        self._said: set[str] = set()

    async def find_earlier(self) -> None:
        """What an attempt that broke off has posted already; its text is replaced rather than posted again."""
        asked = self._asked
        if not asked.ts:
            return
        place = {"ts": asked.thread_ts} if asked.thread_ts else {}
        method = "conversations.replies" if asked.thread_ts else "conversations.history"
        try:
            found = await self._calls.call(
                method, channel=asked.channel, oldest=asked.ts, limit=LOOKED_AT, include_all_metadata=1, **place
            )
        except SlackRefusedError as exc:
            _log.warning("cannot look for earlier parts: %s", exc.code)
            return
        for message in found.get("messages", ()):
            payload = message.get("metadata", {}).get("event_payload", {})
            if payload.get("event") == asked.key:
                self._earlier[str(payload.get("part"))] = message["ts"]

    async def say(self, messages: Iterable[Message], first: int = 0) -> None:
        """In order, as the parts from ``first`` on."""
        for part, message in zip(count(first), messages, strict=False):
            await self._say(str(part), message)

    def take_over(self, ts: str) -> None:
        """What stands there is the first part, to be replaced by what is said."""
        self._earlier["0"] = ts

    async def remove_surplus(self) -> None:
        """What an earlier attempt has posted beyond what there was to say in the end."""
        for part in sorted(self._earlier.keys() - self._said):
            with suppress(SlackRefusedError):
                await self._calls.call("chat.delete", channel=self._asked.channel, ts=self._earlier.pop(part))

    def metadata(self, part: str) -> dict[str, object]:
        return {"event_type": EVENT_TYPE, "event_payload": {"event": self._asked.key, "part": part}}

    async def _say(self, part: str, message: Message) -> None:
        try:
            await self._once(part, message)
        except SlackRefusedError as exc:
            if exc.code in _TOO_LONG and len(message.blocks) > 1:
                half = len(message.blocks) // 2
                for place, blocks in enumerate((message.blocks[:half], message.blocks[half:])):
                    await self._say(f"{part}.{place}", msgspec.structs.replace(message, blocks=blocks))
            elif exc.code == "invalid_blocks" and message.blocks:
                simpler = without_actions(message)
                if simpler != message:
                    await self._say(part, simpler)
                else:
                    for place, plain in enumerate(in_words(message)):
                        await self._say(f"{part}.{place}", plain)
            else:
                raise

    async def _once(self, part: str, message: Message) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self._post(part, message)
                self._said.add(part)
                return
            except SlackSilentError:
                if attempt == TRIES:
                    raise
                await asyncio.sleep(PAUSE_S)
                await self.find_earlier()

    async def _post(self, part: str, message: Message) -> None:
        asked = self._asked
        if asked.response_url:
            await self._calls.respond(asked.response_url, text=message.text, blocks=message.blocks)
        elif part in self._earlier:
            await self._calls.call(
                "chat.update", channel=asked.channel, ts=self._earlier[part], **self._body(part, message)
            )
        else:
            await self._calls.call(
                "chat.postMessage",
                channel=asked.channel,
                thread_ts=asked.thread_ts,
                unfurl_links=False,
                unfurl_media=False,
                **self._body(part, message),
            )

    def _body(self, part: str, message: Message) -> dict[str, object]:
        blocks = list(message.blocks) or None
        return {"text": message.text, "blocks": blocks, "metadata": self.metadata(part)}
