"""A follow-up made a question of its own by an LLM.

In: a question, its language, the turns before it. Out: the question as it would be asked alone; None where the LLM
fails, takes too long, or replies with anything but one question in that language about what was spoken of. Whoever gets
None finds it out without an LLM (``standalone.py``).
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import aclosing

from index.detection import RELATIVES, detect_question
from index.languages import base
from index.numbers import numbers
from index.sentences import sentence_spans
from rag.addressing import speaks_to_machine
from rag.chat_model import ChatModel
from rag.errors import LlmError
from rag.patience import Patience
from rag.plain_text import plain
from rag.prompt import Message, Neutral, neutral, prompt
from rag.prompt_tokens import count_tokens
from rag.records import Answer
from rag.restating import restates

VARIABLES = frozenset({"history", "question", "language"})
PATIENCE_S = 6.0
PROMPT_TOKENS = 6000
RECENT_TURNS = 3
LONGEST_ANSWER = 600
"""Characters of an earlier answer that are shown."""
MOST_ADDED = 200
"""Characters by which the question may grow."""
_log = logging.getLogger(__name__)


async def rewritten(
    chat: ChatModel,
    question: str,
    lang: str,
    before: Sequence[Answer],
    *,
    prompt_tokens: int = PROMPT_TOKENS,
    patience_s: float = PATIENCE_S,
) -> str | None:
    """``before``: oldest first; ``prompt_tokens``: what the request may take, for which the oldest turns go."""
    asked = _asked(question, lang, before[-RECENT_TURNS:], prompt_tokens)
    if asked is None:
        return None
    reply = ""
    try:
        reply = await _reply(chat, asked, Patience(patience_s), len(question) + MOST_ADDED)
    except LlmError as exc:
        _log.warning("a follow-up is understood without the LLM: %s", exc.logged)
        return None
    return reply if _is_usable(reply, question, lang, before) else None


def _asked(question: str, lang: str, before: Sequence[Answer], prompt_tokens: int) -> tuple[Message, ...] | None:
    """None where not even one turn fits."""
    for first in range(len(before)):
        history = "\n".join(f"Reader: {turn.standalone_question}\nAnswer: {_said(turn)}" for turn in before[first:])
        messages = prompt("condense", VARIABLES).fill(
            {"history": neutral(history), "question": neutral(question), "language": Neutral(lang)}
        )
        if sum(count_tokens(message.content) for message in messages) <= prompt_tokens:
            return messages
    return None


async def _reply(chat: ChatModel, messages: Sequence[Message], patience: Patience, longest: int) -> str:
    """Not more than it takes to see that it is too long."""
    reply = ""
    async with aclosing(chat.stream(messages, patience)) as pieces:
        async for piece in pieces:
            reply += piece if isinstance(piece, str) else ""
            if len(reply) > longest:
                return ""
    return reply.strip()


def _said(turn: Answer) -> str:
    """The beginning of an answer, without what speaks to a machine in it."""
    text = turn.text
    for citation in turn.citations:
        if speaks_to_machine(citation.quote):
            text = text.replace(citation.quote, "")
    sentences = (text[span.start : span.end] for span in sentence_spans(text, turn.lang))
    return " ".join(one for one in sentences if not speaks_to_machine(one))[:LONGEST_ANSWER]


def _is_usable(reply: str, question: str, lang: str, before: Sequence[Answer]) -> bool:
    """One line of plain text in the question's language, to no machine, of nothing that nobody has spoken of."""
    if not reply or "\n" in reply or plain(reply) != reply or speaks_to_machine(reply):
        return False
    detected = detect_question(reply, (lang,))
    if detected != base(lang) and not any({detected, base(lang)} <= group for group in RELATIVES):
        return False
    known = [question, *(text for turn in before for text in _texts(turn))]
    named = {reading for text in known for number in numbers(text) for reading in number.readings}
    return all(named & {*number.readings} for number in numbers(reply)) and restates(reply, question, lang, known)


def _texts(turn: Answer) -> Iterator[str]:
    yield turn.question
    yield turn.standalone_question
    yield _said(turn)
    yield from {citation.source.title for citation in turn.citations if not speaks_to_machine(citation.source.title)}
