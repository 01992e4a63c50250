"""Fit a model for ``index/pair_reader.py``: ``python -m evals.benchmarks.fit_pair_reader OUT [--data ../shared/data]``.

On the questions of ``reading_cases.py`` that are not kept from it: XQuAD's with their passage, those of publishers and
of ``development.py`` with an answer or without. Writes ``OUT``; takes an hour on two cores. What reads for answers
(``index/data/pair_reader.npz``) was fitted when there were twelve publishers, in 1,000 steps (pages 28 and 32 of
docs/decisions); this is what ``fit_closer_look.py`` begins from. ``fit_reader.py`` tells what the model that ships
brings to the questions that are kept.
"""

import argparse
from pathlib import Path

from evals.benchmarks.pair_training import Example, Seen, fit
from evals.benchmarks.reading_cases import FITTED_ON, Asked, asked
from evals.benchmarks.xquad import passage_of
from rag.reader import as_read

STEPS = 2600
SHARES = (0.38, 0.54, 0.08)
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
    fit(examples, SHARES, STEPS, given.out)


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


if __name__ == "__main__":
    main()
