"""A follow-up made a question of its own by an LLM.

In: a question, its language, the turns before it. Out: the question as it would be asked alone; None where the LLM
fails, takes too long, or replies with anything but one question in that language about what was spoken of. Whoever gets
None finds it out without an LLM (``standalone.py``).
"""

import logging
from collections.abc import Sequence
from contextlib import aclosing

from index.detection import RELATIVES, detect_question
from index.languages import base
from index.numbers import numbers
from rag.chat_model import ChatModel
from rag.errors import LlmError
from rag.patience import Patience
from rag.plain_text import plain
from rag.prompt import Message, Neutral, neutral, prompt
from rag.records import Answer

VARIABLES = frozenset({"history", "question", "language"})
PATIENCE_S = 6.0
RECENT_TURNS = 3
LONGEST_ANSWER = 600
"""Characters of an earlier answer that are shown."""
MOST_ADDED = 200
"""Characters by which the question may grow."""
_log = logging.getLogger(__name__)


async def rewritten(
    chat: ChatModel, question: str, lang: str, before: Sequence[Answer], *, patience_s: float = PATIENCE_S
) -> str | None:
    """``before``: oldest first."""
    messages = prompt("condense", VARIABLES).fill(
        {
            "history": neutral("\n".join(_told(turn) for turn in before[-RECENT_TURNS:])),
            "question": neutral(question),
            "language": Neutral(lang),
        }
    )
    reply = ""
    try:
        reply = await _reply(chat, messages, Patience(patience_s), len(question) + MOST_ADDED)
    except LlmError as exc:
        _log.warning("a follow-up is understood without the LLM: %s", exc.logged)
        return None
    return reply if _is_usable(reply, question, lang, before) else None


async def _reply(chat: ChatModel, messages: Sequence[Message], patience: Patience, longest: int) -> str:
    """Not more than it takes to see that it is too long."""
    reply = ""
    async with aclosing(chat.stream(messages, patience)) as pieces:
        async for piece in pieces:
            reply += piece if isinstance(piece, str) else ""
            if len(reply) > longest:
                return ""
    return reply.strip()


def _told(turn: Answer) -> str:
    return f"Reader: {turn.standalone_question}\nAnswer: {turn.text[:LONGEST_ANSWER]}"


def _is_usable(reply: str, question: str, lang: str, before: Sequence[Answer]) -> bool:
    """One line of plain text in the question's language, with no figure that nobody has named."""
    if not reply or "\n" in reply or plain(reply) != reply:
        return False
    detected = detect_question(reply, (lang,))
    if detected != base(lang) and not any({detected, base(lang)} <= group for group in RELATIVES):
        return False
    known = [question, *(f"{turn.standalone_question} {turn.text}" for turn in before)]
    named = {reading for text in known for number in numbers(text) for reading in number.readings}
    return all(named & {*number.readings} for number in numbers(reply))
