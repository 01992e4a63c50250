"""A shortened name in full: after "e-tron GT", "the RS" is the RS e-tron GT.

In: the words of a fragment, the name spoken of before, and labels (titles, headings). Out: what a label calls it with
words of the fragment and of that name alone. Refuses nothing: None where no label joins the two. Pure.
"""

from collections.abc import Iterable, Iterator, Sequence

import regex

_LETTER = r"[[\p{L}\p{N}\p{M}]--[\p{Han}\p{Hiragana}\p{Thai}]]"
_TOKEN = regex.compile(rf"(?V1){_LETTER}+")
_JOINT = regex.compile(r"[\s\u2010\u2011-]?")


def sibling(fragment: str, name: str, labels: Iterable[str]) -> str | None:
    """As the first label writes it that has most of the name's words beside all of the fragment's."""
    new, old = _forms(fragment), _forms(name)
    if not new or not old:
        return None
    found = [run for label in labels for run in _runs(label, new, old)]
    return max(found, key=lambda run: len(_forms(run) & old), default=None)


def _runs(label: str, new: frozenset[str], old: frozenset[str]) -> Iterator[str]:
    """Runs of joined words of both, that are not the old name itself nor the old name with a common word."""
    words = [(match[0], match.start(), match.end()) for match in _TOKEN.finditer(label)]
    known = [word.casefold() in new | old for word, _, _ in words]
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and known[end] and (end == start or _joined(label, words, end)):
            end += 1
        forms = frozenset(word[0].casefold() for word in words[start:end])
        if new <= forms and forms & old and forms != old and _is_name(words[start:end], new - old):
            yield label[words[start][1] : words[end - 1][2]]
        start = max(end, start + 1)


def _is_name(words: Sequence[tuple[str, int, int]], added: frozenset[str]) -> bool:
    """Whether what is new is written like a name."""
    return all(not word.islower() for word, _, _ in words if word.casefold() in added)


def _joined(label: str, words: Sequence[tuple[str, int, int]], at: int) -> bool:
    return _JOINT.fullmatch(label[words[at - 1][2] : words[at][1]]) is not None


def _forms(text: str) -> frozenset[str]:
    return frozenset(match[0].casefold() for match in _TOKEN.finditer(text))
