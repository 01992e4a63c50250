"""A question that asks for several things → its parts, each asking for one.

In: a question with its language. Out: the parts in order, the question alone where it asks for one thing. It is parted
only between two sides that each ask with a question word of their own and have more than that: "When and where was it
built?" stays whole. The words for "and" come from CLDR. Pure; refuses nothing.
"""

from collections.abc import Iterator
from functools import cache

import regex

from rag.followup_words import GLUED, plain
from rag.framing import locale_of
from rag.question import asks, asks_at_end
from rag.question_words import primary

MOST = 3
LEAST_WORDS = 3
"""Of a part in a script that parts words."""
LEAST_LETTERS = 4
"""Of a part in a script that does not."""
REACH = 3
"""Words at the beginning of a part among which its question word stands: "by how many …"."""
_SIGNS = "?？؟"
_WORD = regex.compile(r"[\p{L}\p{M}\p{N}'-]+")
_EDGES = " ,،，、;；"


def parts(question: str, lang: str) -> tuple[str, ...]:
    """At most ``MOST``; each begins and ends with the signs that the question has."""
    sign = question.rstrip()[-1:] if question.rstrip()[-1:] in (*_SIGNS, ";") else ""
    found: list[str] = []
    rest = plain(question).rstrip(_EDGES + _SIGNS)
    while len(found) + 1 < MOST and (cut := _first_cut(rest, lang)):
        found.append(rest[: cut[0]].rstrip(_EDGES + _SIGNS))
        rest = rest[cut[1] :].lstrip(_EDGES)
    if not found:
        return (question,)
    opening = "¿" if question.lstrip().startswith("¿") else ""
    return tuple(opening + _capital(part.lstrip("¿ ")) + sign for part in (*found, rest))


def _first_cut(text: str, lang: str) -> tuple[int, int] | None:
    """Where a joint begins and ends that parts two questions."""
    return next((cut for cut in _joints(text, lang) if _parts_questions(text[: cut[0]], text[cut[1] :], lang)), None)


def _joints(text: str, lang: str) -> Iterator[tuple[int, int]]:
    for match in _joint(primary(lang)).finditer(text):
        yield match.span()


@cache
def _joint(language: str) -> regex.Pattern[str]:
    """Between two questions: the end of a sentence, or "and"."""
    end = r"[?？؟]\s*" if language != "el" else r"[?;]\s*"
    word = regex.escape(_and(language))
    if language in GLUED:
        return regex.compile(rf"(?:{end}|[,，、；;]\s*)(?:{word})?")
    joined = language in {"ar", "he", "fa"}
    after = r"\s*" if joined else r"\s+"
    return regex.compile(rf"{end}(?:{word}{after})?|[,،]?\s+{word}{after}", regex.IGNORECASE)


def _and(language: str) -> str:
    pattern: str = locale_of(language).list_patterns["standard"]["2"]
    return pattern.replace("{0}", "").replace("{1}", "").strip()


def _parts_questions(before: str, after: str, lang: str) -> bool:
    return _has_subject(before, lang) and _is_long_enough(after, lang) and _begins_asking(after, lang)


def _has_subject(before: str, lang: str) -> bool:
    """Whether it asks, and for something: not "in which year", nor "do they know where"."""
    if not asks(before, lang) or not _is_long_enough(before, lang):
        return False
    if primary(lang) in GLUED or asks_at_end(lang):
        return True
    words = _WORD.findall(before)
    return not asks(words[-1], lang) and (asks(words[0], lang) or len(words) > LEAST_WORDS)


def _is_long_enough(part: str, lang: str) -> bool:
    if primary(lang) in GLUED:
        return len(regex.findall(r"\p{L}", part)) >= LEAST_LETTERS
    return len(_WORD.findall(part)) >= LEAST_WORDS


def _begins_asking(part: str, lang: str) -> bool:
    if primary(lang) in GLUED or asks_at_end(lang):
        return asks(part, lang)
    return asks(" ".join(part.split()[:REACH]), lang)


def _capital(part: str) -> str:
    return part[:1].upper() + part[1:]
