"""Fit the token projection of the bundled model: ``python -m evals.benchmarks.fit_projection [--data ../shared/data]``.

Principal components of the last layer's token vectors over a sample of passages and questions of XQuAD's even articles,
in every language there is. Writes ``index/data/token_projection.npz`` and prints the share of variance that is kept.
"""

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.xquad import languages, passages, questions
from index.bundled_model import ensure_unpacked
from index.token_vectors import PROJECTION, TOKEN_DIM

PASSAGES, QUESTIONS = 2, 8
"""Every how many-th of each is encoded."""
KEPT_SHARE = 0.35
"""Share of their tokens that are looked at."""
OUT = Path("index/data") / PROJECTION


def main() -> None:
    """Encode, decompose, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data / "xquad"
    texts = [text for lang in languages(data) for text in list(passages(data, lang, 0))[::PASSAGES]]
    asked = [one.text for one in questions(data, 0)][::QUESTIONS]
    tokens = np.concatenate([token_vectors(texts, "document"), token_vectors(asked, "query")])
    mean, components, kept = principal_components(tokens)
    np.savez(OUT, mean=mean.astype(np.float16), components=components.astype(np.float16))
    print(f"{len(tokens)} tokens, {kept:.3f} of the variance kept in {TOKEN_DIM} components, written to {OUT}")


def token_vectors(texts: list[str], prompt: str) -> NDArray[np.float32]:
    """A sample of the tokens of all texts, ``[n, hidden]``."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(ensure_unpacked(Path(".kilde/models"))), device="cpu")
    encoded = model.encode(texts, prompt_name=prompt, output_value="token_embeddings", show_progress_bar=False)
    tokens = np.concatenate([one.float().numpy() for one in encoded])
    sampled: NDArray[np.float32] = tokens[np.random.default_rng(0).random(len(tokens)) < KEPT_SHARE]
    return sampled


def principal_components(tokens: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32], float]:
    """Mean, the first ``TOKEN_DIM`` components as columns, and the share of variance that they keep."""
    mean = tokens.mean(axis=0)
    variances, vectors = np.linalg.eigh(np.cov((tokens - mean).T))
    return mean, vectors[:, ::-1][:, :TOKEN_DIM], float(variances[::-1][:TOKEN_DIM].sum() / variances.sum())


if __name__ == "__main__":
    main()
