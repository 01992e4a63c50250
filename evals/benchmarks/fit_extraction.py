"""Fit the weights of extraction: ``python -m evals.benchmarks.fit_extraction [--data ../shared/data]``.

Every sampled question of XQuAD's even articles is asked over one pool of all languages, and once more without the
version of its passage in its own language: then the answer stands in foreign articles only, behind own-language ones
that merely look alike. The questions of ``development.py`` come to it. Quotable units are ranked by a conditional
logistic model. Writes ``rag/data/extraction.json``; the odd articles stay unseen.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np

from evals.benchmarks.conditional import Choice, fit
from evals.benchmarks.development import SET_BY_HAND, development_hits, is_right
from evals.benchmarks.xquad import XquadQuestion, answers_it, questions, write_articles
from evals.fresh import open_fresh
from index.records import Hit
from index.search import Query
from rag.candidates import Candidate, Signals, candidates
from rag.runtime import Runtime

SAMPLED = 7
"""Every how many-th question is asked."""
DEVELOPMENT_WEIGHT = 5
"""How often a development question counts: they are few, but real pages have titles, tables and look-alikes."""
SIGNALS = Signals.__struct_fields__
OUT = Path("rag/data/extraction.json")


def main() -> None:
    """Ingest, ask, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data / "xquad"
    asked = list(questions(data, 0))
    answers = {(one.lang, *one.key): one.answers for one in asked}
    with tempfile.TemporaryDirectory() as scratch:
        write_articles(data, Path(scratch))
        with open_fresh([Path(scratch)]) as runtime:
            pools = [(one, pool) for one in asked[::SAMPLED] for pool in _pools(runtime, one)]
    choices = [_unit_choice(one, pool, answers) for one, pool in pools]
    for case, lang, hits in development_hits(data.parent):
        ranked = candidates(hits, case.question, lang)
        choices += [_choice(ranked, [is_right(case, one) for one in ranked])] * DEVELOPMENT_WEIGHT
    unit_weights = fit(choices)
    extraction = {name: round(float(weight), 2) for name, weight in zip(SIGNALS, unit_weights, strict=True)}
    extraction |= {name: weight for name, weight in SET_BY_HAND.items() if name in SIGNALS}
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(extraction), indent=2) + b"\n")
    print(OUT, extraction)


def _pools(runtime: Runtime, asked: XquadQuestion) -> Iterator[list[Hit]]:
    hits = list(runtime.find(Query(text=asked.text, lang=asked.lang, top_k=30, group_works=False)))
    yield hits
    yield [hit for hit in hits if not (answers_it(hit, asked) and hit.lang == asked.lang)]


def _unit_choice(
    asked: XquadQuestion, hits: Sequence[Hit], answers: dict[tuple[str, int, int, int], tuple[str, ...]]
) -> Choice:
    ranked = candidates(hits, asked.text, asked.lang)
    right = [
        answers_it(one.hit, asked) and any(gold in one.text for gold in answers[one.hit.lang, *asked.key])
        for one in ranked
    ]
    return _choice(ranked, right)


def _choice(ranked: Sequence[Candidate], right: Sequence[bool]) -> Choice:
    figures = [msgspec.structs.astuple(one.signals) for one in ranked]
    return Choice(np.array(figures).reshape(len(ranked), len(SIGNALS)), np.array(right, np.bool_))


if __name__ == "__main__":
    main()
