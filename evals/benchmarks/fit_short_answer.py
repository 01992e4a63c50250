"""Fit the network of ``rag/short_answer.py``: ``python -m evals.benchmarks.fit_short_answer [--data ../shared/data]``.

Every question of XQuAD's even articles, with its passage in every language that search finds it in: the sentence that
holds the answer, and which of its tokens begin and end it. With ``--validate`` a quarter of the even articles and all
of one language are kept from the training and reported, and nothing is written; else ``rag/data/short_answer.npz`` is.
The odd articles stay unseen.
"""

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.short_answer_f1 import best_f1
from evals.benchmarks.short_answer_network import new_network, predict, train
from evals.benchmarks.xquad import XquadQuestion, answers_it, questions, write_articles
from evals.fresh import open_fresh
from index.records import Hit
from index.search import Query
from rag.candidates import Candidate, candidates
from rag.question import expects
from rag.runtime import Runtime
from rag.short_answer import FILE, Inputs, inputs, places

if TYPE_CHECKING:
    from torch import nn

STEPS = 800
KEPT_LANG = "ru"
OUT = Path("rag/data") / FILE


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A question and the sentence that answers it; ``first`` and ``last`` are tokens of the sentence."""

    article: int
    question_lang: str
    lang: str
    seen: Inputs
    first: int
    last: int
    text: str
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    answers: tuple[str, ...]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--validate", action="store_true")
    options = parser.parse_args()
    data = options.data / "xquad"
    with tempfile.TemporaryDirectory() as scratch:
        write_articles(data, Path(scratch))
        with open_fresh([Path(scratch)]) as runtime:
            found = examples(runtime, list(questions(data, 0)))
    fit(found, validate=options.validate)


def fit(found: Sequence[Example], *, validate: bool) -> None:
    kept = [one for one in found if validate and one.article // 2 % 4 == 3]
    used = [one for one in found if not validate or _is_used(one)]
    network = new_network()
    train(network, [(one.seen, one.first, one.last) for one in used], STEPS)
    print(f"{len(found)} examples, {len(used)} used in {STEPS} steps")
    if validate:
        _report(network, kept)
        return
    weights = {name: tensor.numpy().astype(np.float16) for name, tensor in network.state_dict().items()}
    np.savez_compressed(OUT, **weights)
    print(f"written to {OUT}, {OUT.stat().st_size} bytes")


def examples(runtime: Runtime, asked: Sequence[XquadQuestion]) -> list[Example]:
    answers = {(one.lang, *one.key): one.answers for one in asked}
    return [example for one in asked for example in _examples(runtime, one, answers)]


def _is_used(one: Example) -> bool:
    return one.article // 2 % 4 != 3 and KEPT_LANG not in (one.question_lang, one.lang)


def _examples(
    runtime: Runtime, asked: XquadQuestion, answers: Mapping[tuple[str, int, int, int], tuple[str, ...]]
) -> Iterator[Example]:
    hits = runtime.find(Query(text=asked.text, lang=asked.lang, top_k=30, group_works=False))
    expected = expects(asked.text, asked.lang)
    for hit in hits:
        if not answers_it(hit, asked):
            continue
        golds = answers[hit.lang, *asked.key]
        unit = _best_unit(hit, asked, golds)
        seen = inputs(unit, expected) if unit else None
        if unit is None or seen is None:
            continue
        starts, ends = places(unit)
        gold = next(gold for gold in golds if gold in unit.text)
        at = unit.text.index(gold)
        inside = np.flatnonzero((ends > at) & (starts < at + len(gold)))
        if len(inside):
            yield Example(
                article=asked.article,
                question_lang=asked.lang,
                lang=hit.lang,
                seen=seen,
                first=int(inside[0]),
                last=int(inside[-1]),
                text=unit.text,
                starts=starts,
                ends=ends,
                answers=golds,
            )


def _best_unit(hit: Hit, asked: XquadQuestion, golds: Sequence[str]) -> Candidate | None:
    """The answer may stand in several sentences; the one that extraction ranks first is taken."""
    ranked = candidates([hit], asked.text, asked.lang)
    return next((one for one in ranked if any(gold in one.text for gold in golds)), None)


def _report(network: "nn.Module", kept: Sequence[Example]) -> None:
    """F1 of the kept articles by whether the kept language takes part, and of the most certain shares."""
    guesses = [predict(network, one.seen) for one in kept]
    scores = np.array(
        [
            best_f1(one.text[one.starts[first] : one.ends[last]], one.answers, one.lang)
            for one, (first, last, _) in zip(kept, guesses, strict=True)
        ]
    )
    foreign = np.array([KEPT_LANG in (one.question_lang, one.lang) for one in kept])
    print(
        f"F1 {scores.mean():.3f}; with {KEPT_LANG} {scores[foreign].mean():.3f}, without {scores[~foreign].mean():.3f}"
    )
    certain = np.array([log_probability for _, _, log_probability in guesses])
    order = np.argsort(-certain)
    for share in (0.3, 0.5, 0.7, 0.9):
        some = order[: int(share * len(order))]
        rest = order[int(share * len(order)) :]
        print(
            f"{share}: F1 {scores[some].mean():.3f}, above {certain[some[-1]]:.2f}; the rest {scores[rest].mean():.3f}"
        )


if __name__ == "__main__":
    main()
