"""One event that was claimed → its answer in Slack.

In: a claimed event. Out: nothing; its answer stands in Slack, or nothing does where Kilde was not asked and the
articles do not answer. An answer that was made before a crash is said, not made again. Raises SlackSilentError where
Slack cannot be reached: the event then stays claimed, to be taken up again.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing, suppress
from typing import Any, TypeVar

import anyio.to_thread
import msgspec

from index.languages import detect_question
from rag.errors import BusyError, InputError, KildeError, NotFoundError
from rag.framing import small_talk_text
from rag.records import Answer, MessageEnd, MessageStart, PhaseStatus, Question, StreamError, TextDelta
from rag.slack.asked import Asked
from rag.slack.backend import Answers
from rag.slack.blocks import mrkdwn_text
from rag.slack.calls import SlackCalls, SlackRefusedError, SlackSilentError
from rag.slack.configuration import Configuration
from rag.slack.deliveries import Claimed, Deliveries, Finished
from rag.slack.escaping import mrkdwn
from rag.slack.posting import Posting
from rag.slack.rendering import Message, in_words, messages, said
from rag.slack.streaming import Pace, Stream
from rag.slack.threads import Threads
from rag.slack.words import FALLBACK, Words, words
from rag.unexpected import log_unexpected
from rag.validate import QUESTION_CHARACTERS

T = TypeVar("T")

ANSWER_S = 240.0
PROMPTS = 4
IN_WORDS = 5
"""After so many times that Slack failed at an answer it may be the blocks that it fails at."""
FAILED = 1000
"""The part of an answer, behind all others, that says that it cannot be posted."""
_SPOKEN = frozenset({"answered", "partial"})
_log = logging.getLogger(__name__)


class Parts(msgspec.Struct, frozen=True, kw_only=True):
    """What every turn works with."""

    config: Configuration
    backend: Answers
    calls: SlackCalls
    deliveries: Deliveries
    threads: Threads
    pace: Pace
    limiter: anyio.CapacityLimiter
    """For the threads in which SQL waits, so that it never waits for answers."""

    async def sql(self, work: Callable[..., T], *given: object) -> T:
        return await anyio.to_thread.run_sync(work, *given, limiter=self.limiter)


async def take_turn(parts: Parts, claimed: Claimed) -> Finished:
    """Answers the question and says that it is done."""
    turn = _Turn(parts, claimed)
    try:
        await turn.run()
    except SlackSilentError:
        raise
    except SlackRefusedError as exc:
        _log.warning("an answer cannot be posted: %s", exc)
        await turn.give_up()
    finished = await parts.sql(parts.deliveries.done, claimed.asked.key)
    if finished.forgotten:
        await turn.forget()
    return finished


async def say_busy(parts: Parts, asked: Asked) -> None:
    """In place of an answer that will not be given."""
    if asked.addressed:
        with suppress(SlackRefusedError):
            await Posting(parts.calls, asked).say([said(own_words(parts.config, asked).busy)])
    await parts.sql(parts.deliveries.done, asked.key)


class _Turn:
    def __init__(self, parts: Parts, claimed: Claimed) -> None:
        self.parts = parts
        self.claimed = claimed
        self.asked = claimed.asked
        self.lang = _lang(parts.config, self.asked)
        self.conversation_id = claimed.conversation_id
        """Where the turn is stored."""
        self.posting = Posting(parts.calls, self.asked)
        self.stream = Stream(parts.calls, self.asked, self._hold_stream, parts.pace, claimed.stream_ts)

    async def run(self) -> None:
        if self.claimed.attempt > 1:
            await self.posting.find_earlier()
        if self.asked.wants_human:
            if group := self.parts.config.help_group:
                await self.posting.say([_call_for_help(group, self.asked)])
        elif not self.asked.text:
            if self.asked.addressed:
                await self.posting.say([said(small_talk_text("about", self.lang or "en"))])
        else:
            await self._answer()

    async def forget(self) -> None:
        """What is stored of this turn, with its conversation."""
        if self.conversation_id is not None:
            with suppress(NotFoundError):
                await self.parts.backend.delete_conversation(self.conversation_id)

    async def give_up(self) -> None:
        """Says so, without blocks, where Slack takes that much."""
        await self._set_status("")
        with suppress(SlackRefusedError):
            await self.stream.abandon()
            if self.asked.addressed:
                await self.posting.say([Message(text=mrkdwn(self._own.failed))], first=FAILED)

    @property
    def _own(self) -> Words:
        return words(self.lang) if self.lang else own_words(self.parts.config, self.asked)

    async def _answer(self) -> None:
        try:
            answer = await self._made_before() or await self._make()
        except SlackSilentError:
            raise
        except Exception as exc:
            await self._say_why_not(exc)
            return
        self.conversation_id = answer.conversation_id
        if not self.asked.addressed:
            if answer.status not in _SPOKEN:
                await self.forget()
                return
            await self.parts.sql(self.parts.threads.keep, self.asked, answer.conversation_id)
        kept = (self.asked.key, answer.conversation_id, answer.message_id)
        if await self.parts.sql(self.parts.deliveries.keep_answer, *kept):
            await self._speak(answer)

    async def _made_before(self) -> Answer | None:
        if self.claimed.conversation_id is None or self.claimed.message_id is None:
            return None
        with suppress(NotFoundError):
            conversation = await self.parts.backend.conversation(self.claimed.conversation_id)
            return next((one for one in conversation.messages if one.message_id == self.claimed.message_id), None)
        return None

    async def _make(self) -> Answer:
        question = Question(question=self.asked.text, answer_lang=self.lang)
        if not self.asked.addressed:
            await self.forget()  # What an attempt that broke off has left: nothing of it was said.
            return await self._ask(msgspec.structs.replace(question, earlier=await self._asked_before()))
        before = await self.parts.sql(self.parts.threads.current, self.asked)
        try:
            return await self._ask(msgspec.structs.replace(question, conversation_id=before))
        except NotFoundError:
            if before is None:
                raise
        return await self._ask(question)  # It was deleted meanwhile.

    async def _asked_before(self) -> tuple[str, ...]:
        """An overheard question gets a conversation of its own, so that all of it can be deleted."""
        before = await self.parts.sql(self.parts.threads.current, self.asked)
        with suppress(NotFoundError):
            return tuple(one.question for one in (await self.parts.backend.conversation(before or "")).messages)
        return ()

    async def _ask(self, question: Question) -> Answer:
        return await asyncio.wait_for(self._answered(question), ANSWER_S)

    async def _answered(self, question: Question) -> Answer:
        events: Any = self.parts.backend.events(question)
        async with aclosing(events):
            async for event in events:
                match event:
                    case MessageStart():
                        await self._begin(event)
                    case PhaseStatus() if self.asked.addressed:
                        await self._set_status(_phase(self._own, event.phase))
                    case TextDelta():
                        await self.stream.write(event.text)
                    case StreamError():
                        raise _raised(event)
                    case MessageEnd():
                        return event.answer
                    case _:
                        pass
        raise EOFError("a turn ended without its last event")

    async def _begin(self, start: MessageStart) -> None:
        """Says where the turn will be stored before it is, so that whoever deletes finds it."""
        self.lang, self.conversation_id = start.lang, start.conversation_id
        if self.asked.addressed:
            await self.parts.sql(self.parts.threads.keep, self.asked, start.conversation_id)
        else:
            await self.parts.sql(self.parts.deliveries.keep_begun, self.asked.key, start.conversation_id)

    async def _speak(self, answer: Answer) -> None:
        with_help = self.parts.config.help_group is not None and not self.asked.private
        if self.stream.has_begun:
            await self.stream.finish(answer, self.posting, with_help=with_help)
        else:
            sent = messages(answer, with_help=with_help)
            if self.claimed.excused >= IN_WORDS:
                sent = tuple(plain for one in sent for plain in in_words(one))
            await self.posting.say(sent)
        await self.posting.remove_surplus()
        if self.asked.private and self.asked.is_thread and answer.followups:
            await self._offer(answer.followups)

    async def _say_why_not(self, exc: Exception) -> None:
        if not isinstance(exc, InputError | BusyError):
            log_unexpected(exc)
        if not self.asked.addressed:
            await self.forget()
            return
        await self.stream.abandon()
        why_not = said(_why_not(exc, self.asked, self._own))
        await self.posting.say([why_not], first=int(self.stream.has_begun))

    async def _offer(self, questions: tuple[str, ...]) -> None:
        prompts = [{"title": one, "message": one} for one in questions[:PROMPTS]]
        place = {"channel_id": self.asked.channel, "thread_ts": self.asked.thread_ts}
        with suppress(SlackRefusedError, SlackSilentError):
            await self.parts.calls.call_at_once(
                "assistant.threads.setSuggestedPrompts", **place, title=self._own.ask, prompts=prompts
            )

    async def _set_status(self, status: str) -> None:
        if self.asked.thread_ts is None or self.asked.response_url:
            return
        place = {"channel_id": self.asked.channel, "thread_ts": self.asked.thread_ts}
        with suppress(SlackRefusedError, SlackSilentError):
            await self.parts.calls.call_at_once("assistant.threads.setStatus", **place, status=status)

    async def _hold_stream(self, ts: str | None) -> bool:
        return await self.parts.sql(self.parts.deliveries.keep_stream, self.asked.key, ts)


def _lang(config: Configuration, asked: Asked) -> str | None:
    return asked.lang or config.channel_langs.get(asked.channel)


def own_words(config: Configuration, asked: Asked) -> Words:
    """In the language of the question, as long as its answer has not told it."""
    return words(_lang(config, asked) or detect_question(asked.text, (FALLBACK,)))


def _phase(own: Words, phase: str) -> str:
    return own.writing if phase == "writing" else own.searching


def _raised(event: StreamError) -> KildeError:
    kinds = {kind.code: kind for kind in (InputError, NotFoundError, BusyError)}
    return kinds.get(event.code, KildeError)(event.message)


def _why_not(exc: Exception, asked: Asked, own: Words) -> str:
    if isinstance(exc, BusyError):
        return own.busy
    if isinstance(exc, InputError) and len(asked.text) > QUESTION_CHARACTERS:
        return own.too_long
    return own.failed


def _call_for_help(group: str, asked: Asked) -> Message:
    """The one message with mentions: of who asks, and of the group that the settings name."""
    text = words(asked.lang).human_called.format(user=f"<@{asked.user}>", group=f"<!subteam^{group}>")
    return Message(text=text, blocks=({"type": "section", "text": mrkdwn_text(text)},))
