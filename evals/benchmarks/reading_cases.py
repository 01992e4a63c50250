"""What reading question and sentence together is fitted on: its questions with their candidates.

In: the folder of shared data. Out: each question with its candidates, and which of them answer: those of XQuAD's even
articles over one pool of all languages, with the passage in the question's own language and without, and without any;
those of the publishers that may be tuned on, all in one index; those of ``development.py``. What is kept from the
training tells what it brings; kept publishers are asked once more over a few of their articles at a time. Questions of
the odd articles and all of four publishers stay unseen by either; sentences of every article in a pool may be among the
candidates.
"""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path

import msgspec

from evals.benchmarks.development import development_hits, found_for, is_right
from evals.benchmarks.publishers import PUBLISHERS, REPORTED
from evals.benchmarks.xquad import XquadQuestion, answers_it, questions, write_articles
from evals.fresh import open_fresh
from evals.golden import Case, load_cases
from index.log_odds import log_odds
from index.records import Hit
from index.search import Query
from rag.answer import SEARCHED_HITS
from rag.candidates import Candidate, candidates
from rag.evidence import support

SAMPLED = 2
"""Every how many-th question of XQuAD is asked."""
RANKED = 12
"""Candidates that are kept of each."""
KEPT_ARTICLES = 36
"""Of XQuAD those from here on are kept from the training,"""
KEPT_PUBLISHERS = ("advice", "engines", "heritage", "ledger", "optics", "rivers")
"""and these publishers, and every second question of ``development.py``."""

FITTED_ON = ("xquad", "publishers", "development")
"""What reads pairs, by the questions that are not kept; how far it is trusted, by those that are."""
FEW = "few articles"
"""Kept publishers once more, for the report alone."""
SOURCES = (*FITTED_ON, FEW)
GROUPS = 4
"""Of a publisher's twelve works, each an index of its own."""
Answers = dict[tuple[str, int, int, int], tuple[str, ...]]


class Posed(msgspec.Struct, frozen=True):
    """A question before it is asked."""

    question: str
    lang: str
    source: str
    """One of ``SOURCES``."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question with its first candidates, best first."""

    posed: Posed
    answerable: bool
    evidence: float
    """Log-odds that the articles answer, as evidence has them."""
    found: tuple[Candidate, ...]
    right: tuple[bool, ...]


def asked(data: Path, *, kept: bool) -> Iterator[Asked]:
    """Those that are kept from the training, or the others; ``data`` holds ``xquad`` and the pages of
    ``development.py``."""
    yield from _of_xquad(data / "xquad", kept=kept)
    yield from _of_publishers(kept=kept)
    if kept:
        yield from _of_few_articles()
    for number, (case, lang, hits) in enumerate(development_hits(data)):
        if bool(number % 2) == kept:
            yield _of_case(case, lang, hits, "development")


def _of_xquad(data: Path, *, kept: bool) -> Iterator[Asked]:
    every = list(questions(data, 0))
    answers = {(one.lang, *one.key): one.answers for one in every}
    with tempfile.TemporaryDirectory() as scratch:
        write_articles(data, Path(scratch))
        with open_fresh([Path(scratch)]) as runtime:
            for one in every[::SAMPLED]:
                if (one.article >= KEPT_ARTICLES) != kept:
                    continue
                hits = runtime.find(Query(text=one.text, lang=one.lang, top_k=SEARCHED_HITS, group_works=False))
                yield from _three_ways(one, hits, answers)


def _three_ways(one: XquadQuestion, hits: Sequence[Hit], answers: Answers) -> Iterator[Asked]:
    foreign = [hit for hit in hits if not (answers_it(hit, one) and hit.lang == one.lang)]
    without = [hit for hit in hits if not answers_it(hit, one)]

    def says_it(each: Candidate) -> bool:
        return answers_it(each.hit, one) and any(gold in each.text for gold in answers[each.hit.lang, *one.key])

    posed = Posed(one.text, one.lang, "xquad")
    for pool, answerable in ((hits, True), (foreign, True), (without, False)):
        yield _seen(posed, pool, answerable, says_it)


def tuned_on() -> list[str]:
    """The publishers that may be, sorted."""
    return [one.name for one in sorted(PUBLISHERS.iterdir()) if one.is_dir() and one.name not in REPORTED]


def _of_publishers(*, kept: bool) -> Iterator[Asked]:
    names = tuned_on()
    with open_fresh([PUBLISHERS / name / "content" for name in names]) as runtime:
        for name in names:
            if (name in KEPT_PUBLISHERS) != kept:
                continue
            for case in load_cases(PUBLISHERS / name / "questions.jsonl"):
                lang, hits = found_for(runtime, case)
                yield _of_case(case, lang, hits, "publishers")


def _of_few_articles() -> Iterator[Asked]:
    """Questions about three works of a kept publisher, over these alone."""
    for name in KEPT_PUBLISHERS:
        works, cases = _works(PUBLISHERS / name / "content"), load_cases(PUBLISHERS / name / "questions.jsonl")
        for start in range(GROUPS):
            group = sorted(works)[start::GROUPS]
            with tempfile.TemporaryDirectory() as scratch:
                for path in chain.from_iterable(works[work] for work in group):
                    shutil.copy(path, scratch)
                with open_fresh([Path(scratch)]) as runtime:
                    for case in cases:
                        if about(case, works) in group:
                            yield _of_case(case, *found_for(runtime, case), FEW)


def _works(content: Path) -> dict[str, list[Path]]:
    """The versions of each work, by the name that its files and the ids of its questions share."""
    works: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(content.rglob("*.md")):
        works[path.name.split(".")[0]].append(path)
    return works


def about(case: Case, works: Collection[str]) -> str:
    """The work that a question was written for; where nothing answers it, its id alone tells."""
    return max((work for work in works if f"-{work}-" in case.id), key=len)


def _of_case(case: Case, lang: str, hits: Sequence[Hit], source: str) -> Asked:
    return _seen(Posed(case.question, lang, source), hits, case.answerable, partial(is_right, case))


def _seen(posed: Posed, hits: Sequence[Hit], answerable: bool, says_it: Callable[[Candidate], bool]) -> Asked:
    ranked = candidates(hits, posed.question, posed.lang)
    found = tuple(ranked[:RANKED])
    return Asked(
        posed=posed,
        answerable=answerable,
        evidence=log_odds(support(ranked, posed.question, posed.lang)),
        found=found,
        right=tuple(map(says_it, found)),
    )
