"""Compute the prior of ``index/language_means.py``: ``python -m evals.benchmarks.fit_language_means [--data FOLDER]``.

XQuAD's even articles give the mean of each of its languages: the same passages in each, so that the means differ by the
language alone. Further languages come from real pages and sample articles that exist in English too: the mean over such
works of what a version differs by from the English one, added to the English mean. Writes
``index/data/language_means.npz``; the odd articles stay unseen.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.development import SAMPLE
from evals.benchmarks.xquad import languages, passages, questions
from evals.fresh import built
from index.catalog import Catalog
from index.catalog_records import unpack_vectors
from index.encoder import SentenceEncoder
from index.language_means import PRIOR_FILE
from index.model_identity import BUNDLED
from index.token_vectors import unpack
from rag.settings import load_settings

QUESTIONS = 8
"""Every how many-th is encoded."""
ANCHOR = "en"
FEWEST_WORKS = 3
OUT = Path("index/data") / PRIOR_FILE

Vector = NDArray[np.float32]
Means = tuple[Vector, Vector]
"""Of vectors and of tokens."""


def main() -> None:
    """Encode, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    encoder = SentenceEncoder(BUNDLED, load_settings().model_path)
    xquad = data / "xquad"
    means = {lang: _passage_means(encoder, list(passages(xquad, lang, 0))) for lang in languages(xquad)}
    shift = np.stack(list(_question_shifts(encoder, xquad, means))).mean(axis=0)
    for folder in (data / "evkx" / "content", SAMPLE):
        for lang, difference in _differences(folder).items():
            vector, token = (anchor + step for anchor, step in zip(means[ANCHOR], difference, strict=True))
            means.setdefault(lang, (vector, token))
    langs = sorted(means)
    vectors, tokens = (np.stack([means[lang][part] for lang in langs]) for part in (0, 1))
    np.savez_compressed(
        OUT,
        langs=np.array(["", *langs]),
        vectors=np.concatenate([vectors.mean(axis=0, keepdims=True), vectors]).astype(np.float16),
        tokens=np.concatenate([tokens.mean(axis=0, keepdims=True), tokens]).astype(np.float16),
        question_shift=shift.astype(np.float16),
    )
    print(f"{len(langs)} languages ({', '.join(langs)}), written to {OUT}")


def _passage_means(encoder: SentenceEncoder, texts: list[str]) -> Means:
    encoded = encoder.encode_passages(texts)
    return encoded.vectors.mean(axis=0), np.concatenate([unpack(one).vectors for one in encoded.tokens]).mean(axis=0)


def _question_shifts(encoder: SentenceEncoder, data: Path, means: Mapping[str, Means]) -> Iterator[Vector]:
    asked = defaultdict(list)
    for one in list(questions(data, 0))[::QUESTIONS]:
        asked[one.lang].append(one.text)
    for lang, texts in asked.items():
        tokens = [encoder.encode_question(text).tokens for text in texts]
        yield np.concatenate([one.vectors for one in tokens if one]).mean(axis=0) - means[lang][1]


def _differences(folder: Path) -> dict[str, Means]:
    """By language the mean over works of how a version differs from the English one."""
    found: dict[str, list[Means]] = defaultdict(list)
    for versions in _works(folder):
        if ANCHOR not in versions:
            continue
        for lang in versions.keys() - {ANCHOR}:
            vector, token = (own - anchor for own, anchor in zip(versions[lang], versions[ANCHOR], strict=True))
            found[lang].append((vector, token))
    return {
        lang: (np.stack([one for one, _ in some]).mean(axis=0), np.stack([one for _, one in some]).mean(axis=0))
        for lang, some in found.items()
        if len(some) >= FEWEST_WORKS
    }


def _works(folder: Path) -> Iterator[dict[str, Means]]:
    """Of every work its versions' means, by language."""
    with built([folder], load_settings()) as runtime:
        catalog = Catalog.open(runtime.settings.catalog_url)
        generation = catalog.current_generation()
        assert generation is not None
        articles, chunks = catalog.load(generation.number)
        dim = len(chunks[0].vector) // 2
        works: dict[str, dict[str, list[tuple[Vector, Vector]]]] = defaultdict(lambda: defaultdict(list))
        for chunk in chunks:
            packed = catalog.token_vectors([chunk.vector_key])[chunk.vector_key]
            article = articles[chunk.article_id]
            pair = unpack_vectors([chunk.vector], dim)[0], unpack(packed).vectors.mean(axis=0)
            works[article.work_id][article.lang].append(pair)
        catalog.close()
    for versions in works.values():
        yield {
            lang: (np.stack([one for one, _ in some]).mean(axis=0), np.stack([one for _, one in some]).mean(axis=0))
            for lang, some in versions.items()
        }


if __name__ == "__main__":
    main()
