"""Requests to an LLM in the tests of its client: one, what became of it, and many at once."""

import anyio

from rag.chat_events import Ended, Usage
from rag.chat_model import OpenAIChat
from rag.errors import LlmError
from rag.patience import Patience
from rag.prompt import Message

ASKED = (Message(role="user", content="Where?"),)
COUNTED = Ended(usage=Usage(prompt_tokens=100, completion_tokens=3))


def asked(model: OpenAIChat, patience: Patience | None = None) -> list[str | Ended]:
    async def read() -> list[str | Ended]:
        return [one async for one in model.stream(ASKED, patience)]

    return anyio.run(read)


async def text_of(model: OpenAIChat) -> str:
    """Or what is wrong."""
    try:
        return "".join([piece async for piece in model.stream(ASKED) if isinstance(piece, str)])
    except LlmError as exc:
        return str(exc)


async def crowd(model: OpenAIChat, size: int) -> list[str]:
    """The texts of as many requests made at once."""
    texts: list[str] = []

    async def one() -> None:
        texts.append(await text_of(model))

    async with anyio.create_task_group() as tasks:
        for _ in range(size):
            tasks.start_soon(one)
    return texts
