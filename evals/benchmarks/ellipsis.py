"""Follow-ups as readers write them: ``python -m evals.benchmarks.ellipsis [--show]``.

In: ``evals/questions/followups_dev.jsonl``, the sample articles, the folder of shared data with ``evkx/content``. Out:
how many follow-ups are answered rightly in their conversation, how many of the questions they stand for are when asked
alone, and how many answers speak of something else than was asked, by tag; ``--show`` prints the wrong ones with what
was searched. They are for tuning: rules were made by their answers. Refuses data that is not there.
"""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from evals.ask import Asked
from evals.benchmarks.asking import ask_fresh, wrong_answers
from evals.benchmarks.development import SAMPLE
from evals.benchmarks.machine import describe
from evals.benchmarks.rights import is_about_another
from evals.benchmarks.table import Row, markdown
from evals.golden import QUESTIONS, Case, load_cases
from evals.verdicts import reasons

PAGES = "pages"
"""Tag of the questions over real pages; the others are over the sample articles."""


class Pair(msgspec.Struct, frozen=True):
    """A follow-up in its conversation, and the question it stands for."""

    follow_up: Asked
    alone: Asked


def main() -> None:
    parser = ArgumentParser(description="Ask follow-ups as readers write them.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds evkx")
    parser.add_argument("--show", action="store_true", help="print the wrong answers")
    given = parser.parse_args()
    cases = load_cases(QUESTIONS / "followups_dev.jsonl")
    on_pages = [case for case in cases if PAGES in case.tags]
    on_sample = [case for case in cases if PAGES not in case.tags]
    pairs = [*_pairs(on_sample, SAMPLE), *_pairs(on_pages, given.data / "evkx" / "content")]
    if given.show:
        for pair in pairs:
            _show(pair)
    print(markdown(list(_rows(pairs))))
    print(f"\n{describe()}")


def _pairs(cases: Sequence[Case], folder: Path) -> Iterator[Pair]:
    alone = [
        msgspec.structs.replace(case, question=case.standalone or case.question, turns=(), standalone=None)
        for case in cases
    ]
    asked = ask_fresh([*cases, *alone], [folder])
    return map(Pair, asked[: len(cases)], asked[len(cases) :])


def _rows(pairs: Sequence[Pair]) -> Iterator[Row]:
    tags = sorted({tag for pair in pairs for tag in pair.follow_up.outcome.case.tags})
    for tag in tags:
        some = [pair for pair in pairs if tag in pair.follow_up.outcome.case.tags]
        right = sum(not reasons(pair.follow_up.outcome) for pair in some)
        alone = sum(not reasons(pair.alone.outcome) for pair in some)
        others = sum(is_about_another(pair.follow_up.outcome) for pair in some)
        yield Row(f"{tag}, {len(some)}: right, right if asked alone, about another", f"{right}, {alone}, {others}")


def _show(pair: Pair) -> None:
    outcome = pair.follow_up.outcome
    if outcome.answer is not None and reasons(outcome):
        print("\n".join([*outcome.case.turns, *wrong_answers([pair.follow_up])]))
        print(f"  searched: {outcome.answer.standalone_question}")


if __name__ == "__main__":
    main()
