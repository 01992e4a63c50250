"""Prompts: the files in ``prompts/``, with declared variables, filled for one request.

In: a prompt's name, the variables that its user fills, and their values. Out: the messages for an LLM, and the hash of
the file that they are made from. Refuses, with ConfigurationError naming them, variables that a file does not use, does
not declare, or that nothing fills.

What others wrote goes in as ``neutral`` text: it cannot close the fence around it, speak in the voice of a chat
template, or hold what a reader of the article does not see.
"""

import hashlib
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Literal, NewType

import msgspec
import regex
import yaml

from rag.errors import ConfigurationError

PROMPTS = Path(__file__).parents[1] / "prompts"
_PART = "---\n"
_FENCE = regex.compile(r"<<<+|>>>+")
_TEMPLATE = regex.compile(
    r"<[|｜][^<>]{0,40}[|｜]>|</?s>|\[/?INST\]|</?(?:start_of_turn|end_of_turn|bos|eos|think|tool_call)>",
    regex.IGNORECASE,
)
"""What chat templates set between turns."""
_JOINER_IN_WORD = regex.compile(r"(?<=\p{L}\p{M}*)[\u200c\u200d](?=\p{L})")
"""Persian and the scripts of India need these inside words."""

Neutral = NewType("Neutral", str)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn of what an LLM is given."""

    role: Literal["system", "user", "assistant"]
    content: str


class Prompt(msgspec.Struct, frozen=True, kw_only=True):
    """A file: what the system says, where it has such a part, and what the user says."""

    name: str
    system: str | None
    user: str
    variables: frozenset[str]
    sha256: str

    def fill(self, values: Mapping[str, Neutral]) -> tuple[Message, ...]:
        """Raises ConfigurationError where ``values`` are not those declared."""
        if wrong := self.variables ^ values.keys():
            raise ConfigurationError(f"The prompt {self.name} is to be filled with other variables: {_listed(wrong)}.")
        system = [Message(role="system", content=self.system.format(**values).strip())] if self.system else []
        return (*system, Message(role="user", content=self.user.format(**values).strip()))


@cache
def prompt(name: str, variables: frozenset[str]) -> Prompt:
    """The one in ``prompts/<name>.md``, whose user fills these variables."""
    return parsed(name, (PROMPTS / f"{name}.md").read_text(encoding="utf-8"), variables)


def parsed(name: str, source: str, variables: frozenset[str]) -> Prompt:
    """``source``: front matter with ``variables``, then the text; a line ``---`` parts the system's from the user's."""
    _, head, text = source.split(_PART, 2)
    declared = frozenset(yaml.safe_load(head)["variables"])
    used = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    if unknown := declared - variables:
        raise ConfigurationError(f"The prompt {name} declares {_listed(unknown)}, which nothing fills.")
    for what, names in (("does not use", variables - used), ("does not declare", used - declared)):
        if names:
            raise ConfigurationError(f"The prompt {name} {what} {_listed(names)}.")
    first, _, rest = text.partition(f"\n{_PART}")
    digest = hashlib.sha256(source.encode()).hexdigest()
    system, user = (first, rest) if rest else (None, first)
    return Prompt(name=name, system=system, user=user, variables=declared, sha256=digest)


def neutral(text: str) -> Neutral:
    """The same to a reader; nothing that ends a fence or a turn, and nothing invisible."""
    seen = without_invisible(text)
    while (cleaned := _TEMPLATE.sub("", _FENCE.sub("", seen))) != seen:
        seen = cleaned
    return Neutral(seen)


def without_invisible(text: str) -> str:
    """Without what has no shape: zero-width and direction marks, tag characters, control characters but line ends."""
    joiners = {match.start() for match in _JOINER_IN_WORD.finditer(text)}
    return "".join(
        " " if character == "\t" else character
        for at, character in enumerate(text)
        if character in "\n\t" or at in joiners or unicodedata.category(character) not in {"Cf", "Cc", "Co", "Cn", "Cs"}
    )


def _listed(names: frozenset[str] | set[str]) -> str:
    return ", ".join(sorted(names))
