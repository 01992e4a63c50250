"""What reading question and sentence together brings: ``python -m evals.benchmarks.fit_pair_reader [--data FOLDER]``.

Trains ``pair_reader.py`` on the questions of ``reading_cases.py`` that are not kept from it, and asks those that are.
Out: on stdout, by source, how often the first candidate is right with shares of what is added to the scores, how well
evidence and what is read tell the answered from the others, and the time to read. Nothing that ships comes of it yet
(page 27 of docs/decisions). Takes 25 minutes on two cores.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from evals.benchmarks.machine import describe
from evals.benchmarks.pair_reader import Example, PairReader, Seen, train
from evals.benchmarks.reading_cases import SOURCES, Asked, asked
from evals.benchmarks.retrieval_report import markdown_table
from index.bundled_model import ensure_unpacked
from rag.candidates import Candidate
from rag.settings import load_settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

STEPS, QUESTIONS = 800, 6
"""And how many questions in each."""
DRAWN = dict(zip(SOURCES, (0.4, 0.46, 0.14), strict=True))
"""How often a question of each source is seen."""
AMONG = 8
"""The first candidates, one of which has to answer for a question to teach anything."""
READ = 4
"""Candidates that are read of a kept question."""
SHARES = (0.0, 0.25, 0.5, 1.0)
TRUSTED = 0.5
"""Share with which a question counts as answered for AUROC: where its first candidate is right then."""
WITH_EVIDENCE = 0.5
"""Share of the log-odds that a sentence answers which is added to evidence's."""
TITLE = 40
"""Characters of the article's title that are read before the sentence: it tells look-alikes apart."""


class Read(msgspec.Struct, frozen=True, kw_only=True):
    """A kept question whose first candidates were read."""

    answerable: bool
    evidence: float
    """Log-odds."""
    scores: NDArray[np.float64]
    added: NDArray[np.float64]
    answers: float
    right: NDArray[np.bool_]
    ms: float

    def is_right(self, share: float) -> bool:
        return bool(self.right[np.argmax(self.scores + share * self.added)])


def main() -> None:
    """Ask, train, read, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    every = list(asked(parser.parse_args().data))
    examples = {
        source: [example(one) for one in every if one.posed.source == source and not one.posed.is_kept and teaches(one)]
        for source in SOURCES
    }
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    reader, rng = PairReader(_model()), np.random.default_rng(0)
    began = time.perf_counter()
    train(reader, _drawn(examples, rng), STEPS, rng)
    print(f"{STEPS} steps in {time.perf_counter() - began:.0f} s; questions: {[*map(len, examples.values())]}")
    reader.merge()
    reader.transformer.bfloat16()
    torch.set_num_threads(1)
    kept = [one for one in every if one.posed.is_kept and one.found]
    rows = [row(source, [read(reader, one) for one in kept if one.posed.source == source]) for source in SOURCES]
    print(markdown_table([HEAD, *rows]))
    print(f"\n{describe()}")


HEAD = [
    "kept from the training",
    "questions",
    *(f"first right, {share} added" for share in SHARES),
    "AUROC of evidence",
    "of what is read",
    "of both",
    f"ms for {READ}, p50",
    "p95",
]


def row(source: str, seen: Sequence[Read]) -> list[str]:
    """Of the answerable ones the share whose first candidate is right; AUROC of those where it is with ``TRUSTED``
    added, against the unanswerable ones."""
    answerable = [one for one in seen if one.answerable]
    used = [one for one in seen if not one.answerable or one.is_right(TRUSTED)]
    told = [one.answerable for one in used]
    evidence, answers = (np.array([getattr(one, name) for one in used]) for name in ("evidence", "answers"))
    figures = [roc_auc_score(told, by) for by in (evidence, answers, evidence + WITH_EVIDENCE * answers)]
    return [
        source,
        f"{len(answerable)} + {len(seen) - len(answerable)}",
        *(f"{np.mean([one.is_right(share) for one in answerable]):.3f}" for share in SHARES),
        *(f"{figure:.3f}" for figure in figures),
        *(f"{np.quantile([one.ms for one in seen], part):.0f}" for part in (0.5, 0.95)),
    ]


def read(reader: PairReader, one: Asked) -> Read:
    """Its first candidates, as fast as this thread can."""
    began = time.perf_counter()
    with torch.inference_mode():
        said = reader([(one.posed.question, [as_read(each) for each in one.found[:READ]])]).numpy().astype(np.float64)
    ms = 1000 * (time.perf_counter() - began)
    added = np.zeros(len(one.found))
    added[: len(said)] = said[:, 0] - said[:, 0].mean()
    return Read(
        answerable=one.answerable,
        evidence=one.evidence,
        scores=np.array([each.score for each in one.found]),
        added=added,
        answers=float(said[:, 1].max()),
        right=np.array(one.right),
        ms=ms,
    )


def example(one: Asked) -> Example:
    """As the training sees it."""
    seen = zip(one.found, one.right, strict=True)
    return Example(one.posed.question, tuple(Seen(as_read(each), each.score, is_right) for each, is_right in seen))


def teaches(one: Asked) -> bool:
    """An answer among the first tells what to prefer; XQuAD's questions without their passage are for evidence."""
    return any(one.right[:AMONG]) if one.answerable else bool(one.found) and one.posed.source != "xquad"


def as_read(candidate: Candidate) -> str:
    """The sentence under its article's title, unless it begins as that does."""
    title, text = candidate.hit.title, candidate.text
    return text if not title or text.startswith(title[:20]) else f"{title[:TITLE]}\n{text}"


def _drawn(examples: dict[str, list[Example]], rng: np.random.Generator) -> Iterator[Sequence[Example]]:
    while True:
        chosen = [examples[str(source)] for source in rng.choice(SOURCES, QUESTIONS, p=[*DRAWN.values()])]
        yield [some[rng.integers(len(some))] for some in chosen]


def _model() -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    folder = str(ensure_unpacked(load_settings().model_path))
    return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})


if __name__ == "__main__":
    main()
