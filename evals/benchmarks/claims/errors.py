"""Right sentences made wrong, one error each.

In: a sentence of an article, a supply of names of its half, chance. Out: the sentence with one thing changed and what
was changed; None where the sentence has nothing of the kind. Words come from ``words.toml`` beside this file and from
patterns, none from the verifier.
"""

import random
import re
from collections.abc import Callable, Sequence

import msgspec

from evals.benchmarks.claims.cases import Kind, Told
from evals.benchmarks.claims.words import words

_NUMBER = re.compile(
    r"(?<![\w.,٫٬-])\d+(?:[.,٬٫]\d+)*(?![\w-]|[.,]\d)|(?<=[\u3400-\u9fff])\d+(?:[.,]\d+)*(?=[\u3400-\u9fff])"
)
_YEAR = re.compile(r"(?<![\d.,])(?:1[0-9]|20)\d\d(?![\d.,%-]\d|\d)")
_CAPITALISED = re.compile(r"(?<=[a-zа-яёäöüßéíóúñæøå,] )[A-ZÄÖÜА-ЯÁÉÍÓÚÑÆØÅ][\w'’-]{2,}(?: [A-ZА-ЯÁÉÍÓÚÑ][\w'’-]{2,})*")
_NOT_CASED = frozenset({"de", "zh", "ar"})
"""Languages whose names cannot be told by their capitals."""

Names = dict[tuple[str, str], Sequence[str]]
"""By language and kind."""
Error = Callable[[Told, random.Random, Names], "Changed | None"]


class Changed(msgspec.Struct, frozen=True):
    sentence: str
    change: str


def wrong_number(told: Told, chance: random.Random, _names: Names) -> Changed | None:
    """A figure that is no year gets another first digit or one digit more."""
    return _replaced(told, chance, [m for m in _NUMBER.finditer(told.text) if not _YEAR.fullmatch(m[0])], _other_figure)


def wrong_date(told: Told, chance: random.Random, _names: Names) -> Changed | None:
    """Another month, or another year."""
    months = words().months.get(told.lang, [])
    named = [m for m in _matches(told, months) if told.lang != "zh" or not told.text[m.start() - 1].isdigit()]

    def other(found: str, some: random.Random) -> str:
        if found in months:
            return some.choice([month for month in months if month != found])
        return str(int(found) + some.choice([-30, -11, -7, -3, -1, 1, 2, 5, 13]))

    return _replaced(told, chance, [*named, *_YEAR.finditer(told.text)], other)


def wrong_unit(told: Told, chance: random.Random, _names: Names) -> Changed | None:
    """Another unit or magnitude behind a figure."""
    pairs = dict(pair.split("|") for pair in words().units.get(told.lang, []))
    word_end = "" if told.lang == "zh" else r"(?!\w)"
    pattern = re.compile(rf"(?<=\d)(?:[ \u00a0-]?)(?P<unit>{_alternatives(pairs)}){word_end}")
    found = [m for m in pattern.finditer(told.text) if not _YEAR.search(told.text, max(0, m.start() - 4), m.start())]
    if not found:
        return None
    match = chance.choice(found)
    unit = match["unit"]
    return _changed(told, match.start("unit"), match.end("unit"), pairs[unit])


def wrong_name(told: Told, chance: random.Random, names: Names) -> Changed | None:
    return _wrong_named("name", told, chance, names)


def wrong_place(told: Told, chance: random.Random, names: Names) -> Changed | None:
    return _wrong_named("place", told, chance, names)


def negated(told: Told, chance: random.Random, _names: Names) -> Changed | None:
    """A negation more, or one fewer."""
    rules = words().negations.get(told.lang, [])
    usable = [(m, rule[1]) for rule in rules for m in re.finditer(rule[0], told.text)]
    if not usable:
        return None
    match, template = chance.choice(usable)
    return _changed(told, match.start(), match.end(), _with_prefix(match.expand(template)))


def reversed_direction(told: Told, chance: random.Random, _names: Names) -> Changed | None:
    """A word becomes its opposite."""
    opposite: dict[str, str] = {}
    for pair in _pairs(told.lang):
        one, other = pair
        opposite.setdefault(one, other)
        opposite.setdefault(other, one)
    found = _matches(told, list(opposite))
    match = chance.choice(found) if found else None
    return _changed(told, match.start(), match.end(), opposite[match[0]]) if match else None


def exchanged(told: Told, chance: random.Random, _names: Names) -> Changed | None:
    """Two names, or two figures, stand in each other's place."""
    spans = _apart(
        [m.span() for name in told.names for m in re.finditer(re.escape(name.text), told.text)]
        + ([] if told.lang in _NOT_CASED else [m.span() for m in _CAPITALISED.finditer(told.text)])
    )
    figures = _apart([m.span() for m in _NUMBER.finditer(told.text)])
    choices = [
        (a, b)
        for some in (spans, figures)
        for at, a in enumerate(some)
        for b in some[at + 1 :]
        if _differ(told.text[slice(*a)], told.text[slice(*b)])
        and re.search(r"\w", told.text[a[1] : b[0]])
        and not re.fullmatch(r"\W*(?:and|und|y|и|و|和|og|och|et|or|oder|,)?\W*", told.text[a[1] : b[0]])
    ]
    if not choices:
        return None
    a, b = chance.choice(choices)
    first, second = told.text[slice(*a)], told.text[slice(*b)]
    sentence = told.text[: a[0]] + second + told.text[a[1] : b[0]] + first + told.text[b[1] :]
    return Changed(sentence, f"{first} ⇄ {second}")


ERRORS: dict[Kind, Error] = {
    "number": wrong_number,
    "unit": wrong_unit,
    "date": wrong_date,
    "name": wrong_name,
    "place": wrong_place,
    "negation": negated,
    "direction": reversed_direction,
    "relation": exchanged,
}


def _wrong_named(kind: str, told: Told, chance: random.Random, names: Names) -> Changed | None:
    """Another name of the kind, of which no word stands in the passage or its title."""
    around = f"{told.title} {told.context}".casefold()
    here = [name.text for name in told.names if name.kind == kind]
    others = [one for one in names.get((told.lang, kind), ()) if not _shares_word(one, around)]
    if not here or not others:
        return None
    name = chance.choice(here)
    at = told.text.index(name)
    return _changed(told, at, at + len(name), chance.choice(others))


def _shares_word(name: str, around: str) -> bool:
    return name.casefold() in around or any(
        len(word) > 2 and word.casefold() in around for word in re.findall(r"\w+", name)
    )


def _pairs(lang: str) -> list[list[str]]:
    text = words().opposites.get(lang, "")
    return [[one.strip() for one in pair.split("|")] for pair in " ".join(text.split()).split(";")] if text else []


def _matches(told: Told, forms: Sequence[str]) -> list[re.Match[str]]:
    if not forms:
        return []
    whole = _alternatives(forms) if told.lang == "zh" else rf"\b(?:{_alternatives(forms)})\b"
    return list(re.finditer(whole, told.text))


def _alternatives(forms: Sequence[str] | dict[str, str]) -> str:
    return "|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)) or "(?!)"


def _replaced(
    told: Told, chance: random.Random, found: Sequence[re.Match[str]], other: Callable[[str, random.Random], str]
) -> Changed | None:
    if not found:
        return None
    match = chance.choice(found)
    new = next((one for _ in range(20) if (one := other(match[0], chance)) not in told.text), None)
    return _changed(told, match.start(), match.end(), new) if new else None


def _changed(told: Told, start: int, end: int, new: str) -> Changed:
    return Changed(told.text[:start] + new + told.text[end:], f"{told.text[start:end]} → {new}")


def _other_figure(figure: str, chance: random.Random) -> str:
    digits = "٠١٢٣٤٥٦٧٨٩" if figure[0] in "٠١٢٣٤٥٦٧٨٩" else "0123456789"
    first = digits.index(figure[0])
    if len(figure) == 1:
        return digits[chance.choice([n for n in range(2, 10) if n != first])]
    if chance.random() < 0.2 and figure.isdigit():
        return figure + digits[0]
    return digits[chance.choice([n for n in range(1, 10) if n != first])] + figure[1:]


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """In order; of overlapping ones the longest."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda span: span[0] - span[1]):
        if all(end <= other[0] or start >= other[1] for other in kept):
            kept.append((start, end))
    return sorted(kept)


def _differ(one: str, other: str) -> bool:
    return one.casefold() not in other.casefold() and other.casefold() not in one.casefold()


def _with_prefix(text: str) -> str:
    """English adjectives take different negative prefixes."""
    prefixes = {"possible": "im", "perfect": "im", "direct": "in", "dependent": "in", "complete": "in"}
    return re.sub(r"NEG(\w+)", lambda m: prefixes.get(m[1], "un") + m[1], text)
