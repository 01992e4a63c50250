"""One short request to an LLM's endpoint, to see whether it replies as answering needs it.

In: an endpoint. Out: ok with how long it took, or what is wrong and the way out. Refuses nothing.
"""

import time
from collections.abc import Sequence
from contextlib import aclosing
from typing import Literal

import anyio

from rag.chat_events import Ended
from rag.chat_model import ChatModel
from rag.errors import LlmError
from rag.prompt import Message

ASKED: Sequence[Message] = (Message(role="user", content="Reply with the one word: yes"),)
SLOW_S = 10.0
"""Until the first word; twice as long, and readers get quotes instead."""
MOST_CHARACTERS = 2000


def trial(chat: ChatModel) -> tuple[Literal["ok", "warn", "fail"], str]:
    """Synchronous; waits as long as an answer would."""
    try:
        first_s, has_usage = anyio.run(_asked, chat)
    except LlmError as exc:
        return "fail", str(exc)
    if first_s is None:
        return "fail", f"{chat.name} replied without text. Is it a chat model?"
    took = f"{chat.name} replies, first word after {first_s:.1f} s"
    if first_s > SLOW_S:
        return "warn", f"{took}: too slow for readers. Use a smaller model, or turn its reasoning off."
    return "ok", took if has_usage else f"{took}; it counts no tokens"


async def _asked(chat: ChatModel) -> tuple[float | None, bool]:
    began = time.perf_counter()
    first_s, has_usage, length = None, False, 0
    async with aclosing(chat.stream(ASKED)) as pieces:
        async for piece in pieces:
            if isinstance(piece, Ended):
                has_usage = piece.usage is not None
                continue
            first_s = first_s or time.perf_counter() - began
            length += len(piece)
            if length > MOST_CHARACTERS:
                break
    return first_s, has_usage
