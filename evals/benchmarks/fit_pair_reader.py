"""Fit a model for ``index/pair_reader.py``: ``python -m evals.benchmarks.fit_pair_reader OUT [--data ../shared/data]``.

On the questions of ``reading_cases.py`` that are not kept from it: XQuAD's with their passage, those of publishers and
of ``development.py`` with an answer or without. Writes ``OUT``; takes an hour on two cores. What reads for answers
(``index/data/pair_reader.npz``) was fitted when there were twelve publishers, in 1,000 steps (pages 28 and 32 of
docs/decisions); this is what ``fit_closer_look.py`` begins from. ``fit_reader.py`` tells what the model that ships
brings to the questions that are kept.
"""

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch

from evals.benchmarks.pair_training import Example, PairReader, Seen, train
from evals.benchmarks.reading_cases import FITTED_ON, Asked, asked
from evals.benchmarks.xquad import passage_of
from index.bundled_model import ensure_unpacked
from rag.reader import as_read
from rag.settings import load_settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

STEPS, QUESTIONS = 2600, 6
"""And how many questions in each."""
DRAWN = dict(zip(FITTED_ON, (0.38, 0.54, 0.08), strict=True))
"""How often a question of each source is seen."""
AMONG = 8
"""The first candidates, one of which has to answer for a question to teach anything."""


def main() -> None:
    """Ask, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    given = parser.parse_args()
    examples: dict[str, list[Example]] = {source: [] for source in FITTED_ON}
    for one in asked(given.data, kept=False):
        if teaches(one):
            examples[one.posed.source].append(example(one))
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    reader, rng = PairReader(bundled_in_float32()), np.random.default_rng(0)
    began = time.perf_counter()
    train(reader, _drawn(examples, rng), STEPS, rng)
    with given.out.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **reader.fitted())
    sizes = ", ".join(f"{len(some)} of {source}" for source, some in examples.items())
    print(f"{sizes}; {STEPS} steps of {QUESTIONS} in {time.perf_counter() - began:.0f} s")
    print(f"written to {given.out}, {given.out.stat().st_size} bytes")


def example(one: Asked) -> Example:
    """As the training sees it: nothing of XQuAD's odd articles, not even as a wrong sentence."""
    seen = [
        Seen(as_read(each), each.score, is_right)
        for each, is_right in zip(one.found, one.right, strict=True)
        if one.posed.source != "xquad" or passage_of(each.hit)[0] % 2 == 0
    ]
    return Example(one.posed.question, tuple(seen))


def teaches(one: Asked) -> bool:
    """An answer among the first tells what to prefer; XQuAD's questions without their passage are for evidence."""
    return any(one.right[:AMONG]) if one.answerable else bool(one.found) and one.posed.source != "xquad"


def _drawn(examples: dict[str, list[Example]], rng: np.random.Generator) -> Iterator[Sequence[Example]]:
    while True:
        chosen = [examples[str(source)] for source in rng.choice(FITTED_ON, QUESTIONS, p=[*DRAWN.values()])]
        yield [some[rng.integers(len(some))] for some in chosen]


def bundled_in_float32() -> "SentenceTransformer":
    """What is trained."""
    from sentence_transformers import SentenceTransformer

    folder = str(ensure_unpacked(load_settings().model_path))
    return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})


if __name__ == "__main__":
    main()
