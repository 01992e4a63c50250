"""Ask 30 questions in six languages about the three seed articles: ``python -m evals.benchmarks.seeds``.

In: the folder of shared data, which holds ``seeds`` and ``evkx/content``. Out: on stdout each wrong answer with its
reasons, rights per language, quotes that are not exact, and latency. ``--seen`` asks 30 older questions, whose wrong
answers were read while Kilde was made. ``--with-distractors`` adds the 54 pages of ``evkx`` to the index, which share
names and figures with the seeds. Refuses data that is not there.
"""

from argparse import ArgumentParser
from pathlib import Path

from evals.benchmarks.asking import ask_fresh, report
from evals.golden import QUESTIONS, load_cases


def main() -> None:
    parser = ArgumentParser(description="Ask the golden questions about the three seed articles.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds seeds and evkx")
    parser.add_argument("--seen", action="store_true", help="ask the questions whose answers were read before")
    parser.add_argument("--with-distractors", action="store_true", help="index the pages of evkx as well")
    given = parser.parse_args()
    folders = [given.data / "seeds"]
    if given.with_distractors:
        folders.append(given.data / "evkx" / "content")
    cases = load_cases(QUESTIONS / ("seeds.jsonl" if given.seen else "seeds_fresh.jsonl"))
    for line in report(ask_fresh(cases, folders)):
        print(line)


if __name__ == "__main__":
    main()
