"""The right passage, whatever language it is written in: ``python -m evals.benchmarks.retrieval [--every N]``.

In: XQuAD (``--data``), ingested as the product ingests articles; its questions over pools of one language, of several
and of all. Out: what must hold, with intervals; tables by language, pair of languages and arm; with ``--runs FOLDER``
the rankings as TREC files. Asked are the questions of the odd articles, or with ``--tuning`` those of the even ones,
which choices are made on; ``--every N`` takes every N-th question of each language. ``--index FOLDER`` keeps the index
for the next run. Refuses data that is not there.
"""

import argparse
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from evals.benchmarks.machine import describe
from evals.benchmarks.retrieval_pools import Asked, ask
from evals.benchmarks.retrieval_report import by_arm, by_language, by_pair, goals, markdown_table
from evals.benchmarks.retrieval_runs import largest_difference, write_runs
from evals.benchmarks.search_index import open_index
from evals.benchmarks.table import Row, markdown
from evals.benchmarks.xquad import XquadQuestion, languages, questions, write_articles
from rag.errors import InputError

TUNING, REPORT = 0, 1
AGREEMENT = 1e-9


def main() -> None:
    given = _options()
    xquad = given.data / "xquad"
    chosen = sampled(xquad, TUNING if given.tuning else REPORT, given.every)
    if not chosen:
        raise InputError(f"There is no XQuAD in {xquad}. Name the folder that holds it with --data.")
    began = time.perf_counter()
    asked = tuple(_asked(xquad, chosen, given.index))
    took_s = time.perf_counter() - began
    langs = ", ".join(languages(xquad))
    print(f"{len(asked)} questions on {'even' if given.tuning else 'odd'} articles; passages in {langs}\n")
    print(markdown([*goals(asked), _agreement(asked, given.runs), Row("the whole run", f"{took_s:.0f} s")]))
    for table in (by_language(asked), by_arm(asked), by_pair(asked, "whole"), by_pair(asked, "dense")):
        print(f"\n{markdown_table(table)}")
    print(f"\n{describe()}")


def sampled(xquad: Path, parity: int, every: int) -> list[XquadQuestion]:
    """Every N-th question, the same ones in each language."""
    by_lang: dict[str, list[XquadQuestion]] = {}
    for question in questions(xquad, parity):
        by_lang.setdefault(question.lang, []).append(question)
    return [question for asked in by_lang.values() for question in asked[::every]]


def _asked(xquad: Path, chosen: Sequence[XquadQuestion], kept: Path | None) -> Iterator[Asked]:
    langs = languages(xquad)
    with tempfile.TemporaryDirectory(prefix="kilde-xquad-") as folder:
        write_articles(xquad, Path(folder))
        with open_index([Path(folder)], kept) as index:
            vectors = index.encoder.encode_questions([question.text for question in chosen])
            for question, own in zip(chosen, vectors, strict=True):
                yield ask(index, question, own, langs)


def _agreement(asked: Sequence[Asked], runs: Path | None) -> Row:
    with tempfile.TemporaryDirectory(prefix="kilde-runs-") as scratch:
        folder = runs or Path(scratch)
        write_runs(asked, folder)
        largest = largest_difference(asked, folder)
    what = "largest difference from ir_measures on the TREC files"
    return Row(what, f"{largest:.1e}", f"≤ {AGREEMENT:.0e}", largest <= AGREEMENT)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure retrieval on XQuAD.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds xquad")
    parser.add_argument("--every", type=int, default=1, help="ask every N-th question only")
    parser.add_argument("--tuning", action="store_true", help="the even articles instead of the odd ones")
    parser.add_argument("--index", type=Path, help="folder to keep the index in, for the next run")
    parser.add_argument("--runs", type=Path, help="folder for TREC run files and qrels")
    return parser.parse_args()


if __name__ == "__main__":
    main()
