"""What an LLM is asked for an answer: the filled prompt, and what it leaves for the sources. Pure.

In: a question, the language of the answer, the sources. Out: messages. Refuses nothing.
"""

from collections.abc import Sequence

import msgspec

from rag.framing import locale_of
from rag.generate import SILENT
from rag.prompt import Message, Neutral, neutral, prompt
from rag.prompt_tokens import count_tokens

VARIABLES = frozenset({"question", "language", "sources", "articles_silent"})
NOTHING = Neutral("")


def prompt_sha256() -> str:
    return prompt("answer", VARIABLES).sha256


def messages(question: str, lang: str, sources: Neutral, *, is_again: bool = False) -> tuple[Message, ...]:
    """``lang``: of the answer; ``is_again``: after one in another language."""
    *others, last = prompt("answer", VARIABLES).fill(
        {
            "question": neutral(question),
            "language": Neutral(language_name(lang)),
            "articles_silent": Neutral(SILENT),
            "sources": sources,
        }
    )
    if not is_again:
        return (*others, last)
    return (*others, msgspec.structs.replace(last, content=f"{last.content}\n\n{_insisting(lang)}"))


def tokens_around_sources(question: str, lang: str) -> int:
    """Of the longest request without any source."""
    return sum(count_tokens(message.content) for message in messages(question, lang, NOTHING, is_again=True))


def language_name(lang: str) -> str:
    """In English, with its tag: what an LLM is told."""
    names = locale_of("en").languages
    name = names.get(lang.replace("-", "_")) or names.get(lang.split("-", 1)[0])
    return f"{name} ({lang})" if name else lang


def _insisting(lang: str) -> str:
    filled: Sequence[Message] = prompt("language", frozenset({"language"})).fill(
        {"language": Neutral(language_name(lang))}
    )
    return filled[-1].content
