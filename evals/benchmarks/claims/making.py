"""The cases of the test bed, made from sentences: right and wrong claims, in the quote's language and across.

In: sentences, a number that chance starts from. Out: cases, each group capped so that no kind crowds out the others.
A sentence and its translation pair up where both passages have as many sentences, these are about as long, and
no figure of three digits or more stands in the one alone: XQuAD's translators converted and corrected some.
"""

import random
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from evals.benchmarks.claims.cases import Case, Kind, Told
from evals.benchmarks.claims.errors import ERRORS, Names
from evals.benchmarks.claims.rewordings import REWORDINGS
from evals.benchmarks.claims.sentences import is_usable
from rag.claims import Cited, Claim, OfferedSource

MOST = 24
"""Cases of a kind, language of the sentence, half, and same language or not."""
MOST_GOOD = 60
OFFERED = 3
_USUAL_RATIO = (0.45, 2.2)
"""Length of a translation against its sentence's, when the usual length of both languages is taken out."""


def cases(told: Sequence[Told], seed: int) -> list[Case]:
    """In an order that chance fixes; the same for the same seed."""
    chance = random.Random(seed)
    usable = [one for one in told if is_usable(one)]
    chance.shuffle(usable)
    translations, others = _translations(usable), _neighbours(usable)
    names = {half: _names([one for one in usable if one.half == half]) for half in (0, 1)}
    made: list[Case] = []
    counted: dict[tuple[object, ...], int] = defaultdict(int)
    for one in usable:
        abroad = translations[one.passage, one.place, one.lang]
        for kind, is_good, sentence, change in _claims(one, chance, names[one.half], others[one.passage, one.lang]):
            for cited in _cited(one, abroad, chance, is_good=is_good, kind=kind):
                key = (kind, one.lang, one.half, cited.lang != one.lang)
                if counted[key] < (MOST_GOOD if is_good else MOST):
                    counted[key] += 1
                    claimed = _Claimed(kind, is_good, sentence, change)
                    made.append(
                        _case(claimed, one, cited, [chance.choice(usable) for _ in range(2, OFFERED + 1)], chance)
                    )
    return made


def translated(told: Sequence[Told], seed: int) -> list[tuple[Told, Told]]:
    """Each sentence with one translation, where it has any; in an order that chance fixes."""
    chance = random.Random(seed)
    usable = [one for one in told if is_usable(one)]
    chance.shuffle(usable)
    translations = _translations(usable)
    each = ((one, translations[one.passage, one.place, one.lang]) for one in usable)
    return [(one, chance.choice(abroad)) for one, abroad in each if abroad]


def _claims(
    one: Told, chance: random.Random, names: Names, others: Sequence[Told]
) -> Iterator[tuple[Kind, bool, str, str]]:
    yield "extract", True, one.text, ""
    yield "translation", True, one.text, ""
    yield "id", False, one.text, ""
    yield "quote", False, one.text, ""
    for kind, reword in REWORDINGS.items():
        if good := reword(one, chance):
            yield kind, True, good.sentence, good.change
    for kind, error in ERRORS.items():
        if wrong := error(one, chance, names):
            yield kind, False, wrong.sentence, wrong.change
    if rest := [other for other in others if other.place != one.place]:
        other = chance.choice(rest)
        yield "other sentence", False, other.text, ""


def _cited(one: Told, abroad: Sequence[Told], chance: random.Random, *, is_good: bool, kind: Kind) -> Iterator[Told]:
    """The sentence itself, and one translation; a good claim is reworded in one language only."""
    if kind != "translation":
        yield one
    if abroad and (not is_good or kind == "translation"):
        yield chance.choice(abroad)


class _Claimed(msgspec.Struct, frozen=True):
    kind: Kind
    is_good: bool
    sentence: str
    change: str


def _case(claimed: _Claimed, one: Told, cited: Told, others: Sequence[Told], chance: random.Random) -> Case:
    sources = [_source(cited, "1"), *(_source(other, str(n)) for n, other in enumerate(others, start=2))]
    quote, source_id, change = cited.text, "1", claimed.change
    if claimed.kind == "id":
        source_id = chance.choice([str(OFFERED + 1), str(OFFERED + 7), "0", "1a", sources[1].source_id])
    if claimed.kind == "quote":
        quote, change = _invented(cited, chance)
    return Case(
        kind=claimed.kind,
        is_good=claimed.is_good,
        half=one.half,
        claim=Claim(sentence=claimed.sentence, lang=one.lang, cited=(Cited(source_id=source_id, quote=quote),)),
        sources=tuple(sources),
        change=change,
    )


def _source(told: Told, source_id: str) -> OfferedSource:
    return OfferedSource(source_id=source_id, text=told.context, lang=told.lang, title=told.title)


def _invented(told: Told, chance: random.Random) -> tuple[str, str]:
    """The quote with one word gone, doubled, or from elsewhere in it, or without a digit: not the source's any more."""
    parts = list(told.text) if told.lang == "zh" else told.text.split(" ")
    glue = "" if told.lang == "zh" else " "
    at = chance.randrange(1, len(parts) - 1) if len(parts) > 2 else 0
    way = chance.choice(["gone", "doubled", "exchanged"])
    if way == "gone":
        parts[at : at + 1] = []
    elif way == "doubled":
        parts[at : at + 1] = [parts[at], parts[at]]
    else:
        other = chance.choice([n for n in range(len(parts)) if parts[n] != parts[at]] or [0])
        parts[at], parts[other] = parts[other], parts[at]
    return glue.join(parts), way


def _names(told: Sequence[Told]) -> Names:
    found: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for one in told:
        for name in one.names:
            found[one.lang, name.kind][name.text] = None
    return {key: sorted(names) for key, names in found.items()}


def _neighbours(told: Sequence[Told]) -> dict[tuple[str, str], list[Told]]:
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for one in told:
        found[one.passage, one.lang].append(one)
    return found


def _translations(told: Sequence[Told]) -> dict[tuple[str, int, str], list[Told]]:
    """By passage, place and language of the sentence."""
    groups: dict[tuple[str, int], list[Told]] = defaultdict(list)
    for one in told:
        groups[one.passage, one.place].append(one)
    lengths: dict[str, list[int]] = defaultdict(list)
    for one in told:
        lengths[one.lang].append(len(one.text))
    usual = {lang: sum(some) / len(some) for lang, some in lengths.items()}
    found: dict[tuple[str, int, str], list[Told]] = defaultdict(list)
    for one in told:
        for other in groups[one.passage, one.place]:
            ratio = len(other.text) / usual[other.lang] * usual[one.lang] / len(one.text)
            is_alike = _USUAL_RATIO[0] < ratio < _USUAL_RATIO[1] and _figures(one.text) == _figures(other.text)
            if other.lang != one.lang and other.of == one.of and is_alike:
                found[one.passage, one.place, one.lang].append(other)
    return found


def _figures(text: str) -> set[int]:
    return {int(digits) for digits in re.findall(r"\d{3,}", re.sub(r"(?<=\d)[.,٬ \u00a0](?=\d{3})", "", text))}
