"""How search grows with the index: ``python -m evals.benchmarks.scale [--sizes 1000,10000,…] [--folder FOLDER]``.

In: XQuAD (``--data``; without it the sample articles), ingested, and grown to each size with vectors of its own
(``growth.py``). Out: for exact dense search and for the derived store what a search costs beyond the embedding of its
question, recall, memory, build time and disk; with ``--plot FILE`` a picture. Sizes above ``LARGEST_CATALOG`` have
no catalog of their own (``scale_in_memory.py``), and ``--limit-min`` ends the filling of the store there. ``--folder``
keeps catalogs, stores and figures: what it holds is not made or measured again.
"""

import argparse
import tempfile
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np

from evals.benchmarks.grown_index import Corpus, grow_catalog, read_corpus
from evals.benchmarks.growth import Neighbourhood, neighbourhood
from evals.benchmarks.machine import ARTICLES, describe
from evals.benchmarks.scale_in_memory import measure_in_memory
from evals.benchmarks.scale_measures import Arm, AskedQuestion, Measured, apart, measure
from evals.benchmarks.scale_report import draw, goals, table
from evals.benchmarks.search_index import open_index
from evals.benchmarks.table import markdown
from evals.benchmarks.xquad import questions, write_articles
from evals.golden import QUESTIONS, load_cases
from index.catalog import Catalog
from index.records import Encoder

SIZES = "1000,10000"
"""What takes minutes; larger ones take their time."""
LARGEST_CATALOG = 10_000
ASKED = 150
ARMS: tuple[Arm, ...] = ("exact", "HNSW")


def main() -> None:
    given = _options()
    with tempfile.TemporaryDirectory(prefix="kilde-scale-") as scratch:
        folder = given.folder or Path(scratch)
        corpus, asked = _real(given.data / "xquad", folder / "real")
        print(markdown_of(checked(corpus, asked)), flush=True)
        figures: list[Measured] = []
        for size in map(int, given.sizes.split(",")):
            for arm in ARMS:
                figures.append(_measured(corpus, asked, folder / str(size), size, arm, 60 * given.limit_min))
                print(f"{figures[-1].chunks} chunks, {arm}: measured", flush=True)
    print(f"\n{markdown(list(goals(figures)))}\n\n{table(figures)}\n\n{describe()}")
    if given.plot:
        given.plot.write_text(draw(figures), encoding="utf-8")


def checked(corpus: Corpus, asked: Sequence[AskedQuestion]) -> tuple[Neighbourhood, Neighbourhood]:
    """The real vectors, and as many of ten times as many grown ones."""
    count, chance = len(corpus.vectors), np.random.default_rng(0)
    grown = corpus.growth().draw(np.arange(10 * count) % count, chance)
    sample = grown[chance.choice(len(grown), count, replace=False)]
    vectors = np.stack([one.vectors.vector for one in asked])
    return neighbourhood(corpus.vectors, vectors), neighbourhood(sample, vectors)


def markdown_of(found: tuple[Neighbourhood, Neighbourhood]) -> str:
    real, grown = (msgspec.structs.asdict(one) for one in found)
    lines = [f"| {name.replace('_', ' ')} | {value:.3f} | {grown[name]:.3f} |" for name, value in real.items()]
    return "\n".join(["| mean cosines, and dimension | real | grown |", "| --- | --- | --- |", *lines])


def _real(xquad: Path, kept: Path) -> tuple[Corpus, list[AskedQuestion]]:
    """What is grown, and what is asked: questions of XQuAD's even articles or of the golden sample."""
    with tempfile.TemporaryDirectory(prefix="kilde-xquad-") as scratch:
        folder = ARTICLES
        wanted = [(case.question, case.lang) for case in load_cases(QUESTIONS / "sample.jsonl")]
        if xquad.is_dir():
            folder = Path(scratch)
            write_articles(xquad, folder)
            wanted = [(one.text, one.lang) for one in questions(xquad, 0)]
        with open_index([folder], kept) as index:
            asked = _encoded(index.encoder, wanted[:: max(1, len(wanted) // ASKED)][:ASKED])
            dim = index.encoder.dim
    with closing(Catalog.open(f"sqlite:///{kept / 'catalog.db'}")) as catalog:
        return read_corpus(catalog, dim), asked


def _encoded(encoder: Encoder, wanted: Sequence[tuple[str, str]]) -> list[AskedQuestion]:
    vectors = encoder.encode_questions([text for text, _ in wanted])
    return [AskedQuestion(text=text, lang=lang, vectors=own) for (text, lang), own in zip(wanted, vectors, strict=True)]


def _measured(
    corpus: Corpus, asked: Sequence[AskedQuestion], folder: Path, size: int, arm: Arm, limit_s: float
) -> Measured:
    kept = folder / f"{arm}.json"
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        kept.write_bytes(msgspec.json.encode(_measure(corpus, asked, folder, size, arm, limit_s)))
    return msgspec.json.decode(kept.read_bytes(), type=Measured)


def _measure(
    corpus: Corpus, asked: Sequence[AskedQuestion], folder: Path, size: int, arm: Arm, limit_s: float
) -> Measured:
    if size <= LARGEST_CATALOG:
        if not (folder / "catalog.db").exists():
            with closing(Catalog.open(f"sqlite:///{folder / 'catalog.db'}")) as catalog:
                grow_catalog(corpus, catalog, size)
        return apart(measure, folder, arm, asked, corpus.rare)
    return apart(measure_in_memory, folder.parent / "real", folder / "chroma", size, arm, asked, limit_s)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure how search grows with the index.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds xquad")
    parser.add_argument("--sizes", default=SIZES, help="numbers of chunks")
    parser.add_argument("--folder", type=Path, help="folder to keep indexes and figures in, for the next run")
    parser.add_argument("--limit-min", type=float, default=60, help="for filling a store without a catalog")
    parser.add_argument("--plot", type=Path, help="where the picture is written")
    return parser.parse_args()


if __name__ == "__main__":
    main()
