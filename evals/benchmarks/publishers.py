"""Ask four invented publishers' questions, none of which is fitted on: ``python -m evals.benchmarks.publishers``.

In: nothing but what the project holds (``evals/publishers``). Out: on stdout rights by language and tag, measures that
tell where the rest goes wrong, quotes that are not exact, and times.
"""

from pathlib import Path

from evals.benchmarks.asking import ask_fresh
from evals.benchmarks.machine import describe
from evals.benchmarks.retrieval_report import markdown_table
from evals.benchmarks.rights import measured, rows
from evals.benchmarks.table import markdown
from evals.golden import load_cases

PUBLISHERS = Path(__file__).parent.parent / "publishers"
REPORTED = ("campus", "kitchen", "sky", "town")
"""The publishers that nothing may be fitted on."""


def main() -> None:
    chosen = [PUBLISHERS / name for name in REPORTED]
    cases = [case for one in chosen for case in load_cases(one / "questions.jsonl")]
    asked = ask_fresh(cases, [one / "content" for one in chosen])
    print(markdown(list(rows(asked))))
    print(f"\n{markdown_table(measured(asked))}")
    print(f"\n{describe()}")


if __name__ == "__main__":
    main()
