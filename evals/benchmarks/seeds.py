"""Ask questions about the seed articles and real pages: ``python -m evals.benchmarks.seeds [--questions NAME]``.

In: the folder of shared data, which holds ``seeds`` and ``evkx/content``. Out: on stdout how many answers are right and
how many speak of something else than was asked, with goals, by language and tag; ``--show`` prints the wrong ones.
``own`` (the default) are 120 questions in 16 languages about the seeds and the 54 pages: 40 plain, 25 look-alikes, 25
follow-ups, 30 without an answer, all written before any answer was seen. ``seeds_fresh`` are 30 in six languages about
the seeds, ``seeds`` 30 older ones, whose wrong answers were read while Kilde was made; ``--with-distractors`` adds the
pages, which share names and figures with the seeds, to their index. Refuses data that is not there.
"""

from argparse import ArgumentParser
from pathlib import Path

from evals.benchmarks.asking import ask_fresh, wrong_answers
from evals.benchmarks.machine import describe
from evals.benchmarks.retrieval_report import markdown_table
from evals.benchmarks.rights import measured, rows
from evals.benchmarks.table import markdown
from evals.golden import QUESTIONS, load_cases


def main() -> None:
    parser = ArgumentParser(description="Ask the golden questions about the seed articles and real pages.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds seeds and evkx")
    parser.add_argument("--questions", choices=("own", "seeds_fresh", "seeds"), default="own")
    parser.add_argument("--with-distractors", action="store_true", help="index the pages for the seeds' questions too")
    parser.add_argument("--show", action="store_true", help="print the wrong answers; then they are no report any more")
    given = parser.parse_args()
    folders = [given.data / "seeds"]
    if given.questions == "own" or given.with_distractors:
        folders.append(given.data / "evkx" / "content")
    asked = ask_fresh(load_cases(QUESTIONS / f"{given.questions}.jsonl"), folders)
    for line in wrong_answers(asked) if given.show else ():
        print(line)
    print(markdown(list(rows(asked))))
    print(f"\n{markdown_table(measured(asked))}")
    print(f"\n{describe()}")


if __name__ == "__main__":
    main()
