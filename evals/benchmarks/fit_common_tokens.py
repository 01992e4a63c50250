"""Compute what question tokens commonly lie near: ``python -m evals.benchmarks.fit_common_tokens [--data FOLDER]``.

The tokens of the questions of XQuAD's even articles, less the mean of their language, fall into clusters (k-means,
weighted by the tokens' rarity); their centres say nothing of any one question. A passage that lies near many of them
lies near every question. Writes ``index/data/common_tokens.npz``; the odd articles stay unseen.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.cluster import MiniBatchKMeans

from evals.benchmarks.xquad import questions
from index.encoder import SentenceEncoder
from index.interaction import unit
from index.language_means import COMMON_FILE, bundled_prior, token_means
from index.model_identity import BUNDLED
from rag.settings import load_settings

CLUSTERS = 32
OUT = Path("index/data") / COMMON_FILE


def main() -> None:
    """Encode, cluster, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    asked = list(questions(parser.parse_args().data / "xquad", 0))
    encoder = SentenceEncoder(BUNDLED, load_settings().model_path)
    means = token_means({}, bundled_prior())
    found = zip(asked, encoder.encode_questions([one.text for one in asked]), strict=True)
    tokens = [
        (unit(own.tokens.vectors, means.of_questions(one.lang)), own.tokens.weights) for one, own in found if own.tokens
    ]
    vectors, weights = (np.concatenate(parts) for parts in zip(*tokens, strict=True))
    clusters = MiniBatchKMeans(CLUSTERS, random_state=0, n_init=3, batch_size=4096).fit(vectors, sample_weight=weights)
    np.savez_compressed(OUT, common=clusters.cluster_centers_.astype(np.float16))
    print(f"{CLUSTERS} of {len(vectors)} tokens, written to {OUT}")


if __name__ == "__main__":
    main()
