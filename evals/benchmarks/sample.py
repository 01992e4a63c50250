"""Ask 60 questions in seventeen languages about the sample articles: ``python -m evals.benchmarks.sample``.

In: nothing but what the project holds (``evals/corpus/content``, ``evals/questions/sample.jsonl``). Out: on stdout each
wrong answer with its reasons, then rights by language and tag, quotes that are not exact, and times. Weights are fitted
on these questions (``development.py``), so their figures are no report.
"""

from pathlib import Path

from evals.benchmarks.asking import ask_fresh, wrong_answers
from evals.benchmarks.rights import rows
from evals.benchmarks.table import markdown
from evals.golden import QUESTIONS, load_cases

CONTENT = Path(__file__).parent.parent / "corpus" / "content"


def main() -> None:
    asked = ask_fresh(load_cases(QUESTIONS / "sample.jsonl"), [CONTENT])
    for line in wrong_answers(asked):
        print(line)
    print(markdown(list(rows(asked))))


if __name__ == "__main__":
    main()
