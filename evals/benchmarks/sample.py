"""Ask 60 questions in seventeen languages about the sample articles: ``python -m evals.benchmarks.sample``.

In: nothing but what the project holds (``evals/corpus/content``, ``evals/questions/sample.jsonl``). Out: on stdout each
wrong answer with its reasons, rights per language, quotes that are not exact, and latency. Weights are fitted on these
questions (``development.py``), so their figures are no report.
"""

from pathlib import Path

from evals.benchmarks.asking import ask_fresh, report
from evals.golden import QUESTIONS, load_cases

CONTENT = Path(__file__).parent.parent / "corpus" / "content"


def main() -> None:
    for line in report(ask_fresh(load_cases(QUESTIONS / "sample.jsonl"), [CONTENT])):
        print(line)


if __name__ == "__main__":
    main()
