"""The test bed of verification, each sentence written by an LLM: ``python -m evals.benchmarks.verification_streamed``.

In, out and options: as ``verification``. Every sentence goes, piece by piece, through the path that shows an LLM's
answers; its figures stand beside those of verification alone. Refuses data that is not there.
"""

from evals.benchmarks.verification import main as verification


def main() -> None:
    verification(is_streamed=True)


if __name__ == "__main__":
    main()
