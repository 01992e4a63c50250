"""What slips of the keyboard cost, and what it saves to put them right: ``python -m evals.benchmarks.misspelt``.

In: XQuAD (``--data``), ingested as the product ingests articles; the questions of its odd articles, of its even ones
with ``--tuning``, as they are and with slips in one and in two of their words of five letters or more (by chance, the
same in every run). Out: how many are answered, how many with a right first quote, and how many with their passage taken
away, where to put slips right can only do harm; each with slips left and put right. ``--every N`` asks every N-th,
``--index FOLDER`` an index that was ingested before. Refuses data that is not there.
"""

import argparse
import random
from collections.abc import Iterator, Sequence
from functools import cache, partial
from pathlib import Path

import msgspec
import regex

from evals.benchmarks.answers import Answers, holds, mean_of, opened
from evals.benchmarks.machine import describe
from evals.benchmarks.retrieval import REPORT, TUNING, sampled
from evals.benchmarks.retrieval_report import markdown_table
from evals.benchmarks.xquad import XquadQuestion, answers_it, questions
from index.records import Hit
from index.search import Query
from rag.answer import SEARCHED_HITS
from rag.composing import Picked, pick, pick_respelt
from rag.errors import InputError
from rag.followups import Find
from rag.runtime import Runtime
from rag.standalone import Standalone

SLIPS = (0, 1, 2)
_WORD = regex.compile(r"\p{L}{5,}")


class Told(msgspec.Struct, frozen=True):
    """What came of one question with some slips, left and put right."""

    question: XquadQuestion
    slips: int
    figures: tuple[float, ...]
    """Answered, answered with a right first quote, answered without its passage: as asked, then as respelt."""


def main() -> None:
    given = _options()
    parity = TUNING if given.tuning else REPORT
    xquad = given.data / "xquad"
    chosen = [one for one in sampled(xquad, parity, given.every) if _WORD.search(one.text)]
    if not chosen:
        raise InputError(f"There is no XQuAD in {xquad}. Name the folder that holds it with --data.")
    answers = {(one.lang, *one.key): one.answers for one in questions(xquad, parity)}
    with opened(xquad, given.index) as runtime:
        told = [ask(runtime, one, slips, answers) for one in chosen for slips in SLIPS]
    print(f"{len(chosen)} questions on {'even' if given.tuning else 'odd'} articles\n")
    print(markdown_table(list(_rows(told))))
    print(f"\n{describe()}")


def ask(runtime: Runtime, question: XquadQuestion, slips: int, answers: Answers) -> Told:
    text = misspelt(question.text, slips, seed=f"{question.lang} {question.key}")
    find = cache(partial(_found, runtime))
    there = _picked(runtime, question, text, find)
    gone = _picked(runtime, question, text, lambda text, lang: _without(question, find(text, lang)))
    figures = [
        figure
        for (own, without) in zip(there, gone, strict=True)
        for figure in (
            bool(own.chosen),
            bool(own.chosen) and holds(own.chosen[0], question, answers),
            bool(without.chosen),
        )
    ]
    return Told(question, slips, tuple(map(float, figures)))


def misspelt(text: str, slips: int, seed: str) -> str:
    """A slip in each of so many words, or in all that there are."""
    chance = random.Random(seed)
    words = list(_WORD.finditer(text))
    places = sorted(chance.sample(range(len(words)), min(slips, len(words))), reverse=True)
    for word in (words[place] for place in places):
        text = text[: word.start()] + _slip(word[0], chance) + text[word.end() :]
    return text


def _slip(word: str, chance: random.Random) -> str:
    """Inside of it: two letters change places, or one is left out, comes twice or is another one of the word."""
    place = chance.randrange(1, len(word) - 1)
    before, letter, behind = word[:place], word[place], word[place + 1 :]
    other = chance.choice(word)
    return chance.choice(
        [
            before + behind[0] + letter + behind[1:],
            before + behind,
            before + letter + letter + behind,
            before + other + behind,
        ]
    )


def _picked(runtime: Runtime, question: XquadQuestion, text: str, find: Find) -> tuple[Picked, Picked]:
    """As asked, and with its slips put right where that finds no answer."""
    aids = runtime.aids()
    asked = pick(Standalone(text=text, lang=question.lang), find(text, question.lang), question.lang, aids)
    if asked.chosen:
        return asked, asked
    return asked, pick_respelt(asked, question.lang, find, aids)


def _found(runtime: Runtime, text: str, lang: str) -> tuple[Hit, ...]:
    return runtime.find(Query(text=text, lang=lang, top_k=SEARCHED_HITS, group_works=False))


def _without(question: XquadQuestion, hits: tuple[Hit, ...]) -> tuple[Hit, ...]:
    return tuple(hit for hit in hits if not answers_it(hit, question))


def _rows(told: Sequence[Told]) -> Iterator[list[str]]:
    yield ["slips", "put right", "answered", "with a right first quote", "answered without its passage"]
    for slips in SLIPS:
        some = [one for one in told if one.slips == slips]
        asked = [one.question for one in some]
        means = [mean_of(figures, asked) for figures in zip(*(one.figures for one in some), strict=True)]
        yield [str(slips), "no", *map(str, means[:3])]
        yield [str(slips), "yes", *map(str, means[3:])]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure what slips of the keyboard cost.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds xquad")
    parser.add_argument("--every", type=int, default=1, help="ask every N-th question only")
    parser.add_argument("--tuning", action="store_true", help="ask the even articles")
    parser.add_argument("--index", type=Path, help="data folder of an index of XQuAD")
    return parser.parse_args()


if __name__ == "__main__":
    main()
