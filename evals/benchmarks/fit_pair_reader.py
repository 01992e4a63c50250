"""Fit the model of ``index/pair_reader.py``: ``python -m evals.benchmarks.fit_pair_reader [--data ../shared/data]``.

On the questions of ``reading_cases.py`` that are not kept from it: XQuAD's with their passage, those of publishers and
of ``development.py`` with an answer or without. Writes ``index/data/pair_reader.npz``; takes half an hour on two
cores. What ships has seen nine publishers, of twelve that there were (pages 28 and 32 of docs/decisions).
``fit_reader.py`` tells what it brings to the questions that are kept.
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
from index.pair_reader import FILE
from rag.reader import as_read
from rag.settings import load_settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

STEPS, QUESTIONS = 1000, 6
"""And how many questions in each."""
DRAWN = dict(zip(FITTED_ON, (0.4, 0.46, 0.14), strict=True))
"""How often a question of each source is seen."""
AMONG = 8
"""The first candidates, one of which has to answer for a question to teach anything."""
OUT = Path("index/data") / FILE


def main() -> None:
    """Ask, train, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    examples: dict[str, list[Example]] = {source: [] for source in FITTED_ON}
    for one in asked(parser.parse_args().data, kept=False):
        if teaches(one):
            examples[one.posed.source].append(example(one))
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    reader, rng = PairReader(_model()), np.random.default_rng(0)
    began = time.perf_counter()
    train(reader, _drawn(examples, rng), STEPS, rng)
    with OUT.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **reader.fitted())
    sizes = ", ".join(f"{len(some)} of {source}" for source, some in examples.items())
    print(f"{sizes}; {STEPS} steps of {QUESTIONS} in {time.perf_counter() - began:.0f} s")
    print(f"written to {OUT}, {OUT.stat().st_size} bytes")


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


def _model() -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    folder = str(ensure_unpacked(load_settings().model_path))
    return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})


if __name__ == "__main__":
    main()
