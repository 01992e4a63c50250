"""Whether a sentence of an article speaks to a machine that reads it, rather than to the reader. Pure.

In: a sentence in any language. Out: yes or no. Such a sentence is neither shown to an LLM nor may anything rest on it;
extraction may quote it, as any other. Words stand in ``data/addressing.toml``. It is one of several walls, and the
lowest: what an instruction makes an LLM say has to pass verification in any case.
"""

import tomllib
from functools import cache, lru_cache
from importlib.resources import files

import regex

from rag.prompt import without_invisible

_CACHED = 8192
_ROLE = regex.compile(
    r"^\W*(?:system|assistant|developer|user|human|ai|tool)\s*[:>\]]|<[|｜]|\[/?INST\]|<</?SYS>>|#{2,}\s*(?:system|instruction)"
    r"|BEGIN (?:SYSTEM|PROMPT|INSTRUCTIONS?)|</?(?:system|instructions?|prompt)>",
    regex.IGNORECASE,
)


@lru_cache(maxsize=_CACHED)
def speaks_to_machine(text: str) -> bool:
    """Names a machine or its instructions, and tells it what to do or not to do."""
    seen = without_invisible(text).casefold()
    if _ROLE.search(seen):
        return True
    addressed, told, overruled, rules = _words()
    return bool((addressed.search(seen) and told.search(seen)) or (overruled.search(seen) and rules.search(seen)))


@cache
def _words() -> tuple["regex.Pattern[str]", ...]:
    listed = tomllib.loads((files("rag") / "data" / "addressing.toml").read_text(encoding="utf-8"))
    return tuple(_any_of(listed[group]) for group in ("addressed", "told", "overruled", "rules"))


def _any_of(by_lang: dict[str, list[str]]) -> "regex.Pattern[str]":
    """Words from their beginning, where the script parts words."""
    words = sorted({word for some in by_lang.values() for word in some}, key=lambda word: (-len(word), word))
    parted = [regex.escape(word) for word in words if regex.match(r"[\p{Latin}\p{Cyrillic}\p{Greek}]", word)]
    others = [regex.escape(word) for word in words if not regex.match(r"[\p{Latin}\p{Cyrillic}\p{Greek}]", word)]
    return regex.compile(rf"(?<!\p{{L}})(?:{'|'.join(parted)})|{'|'.join(others)}")
