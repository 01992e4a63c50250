"""The bundled model as it reads a question and a sentence together: fewer layers, changed by low-rank maps (LoRA).

In: the model as it reads passages, and pairs as token ids. Out: what it says of each pair. Attention sees both texts at
once, which no comparison of vectors does (arXiv 1901.04085, 2106.09685). The changes are data, fitted by
``evals/benchmarks/fit_pair_reader.py`` and ``fit_closer_look.py``.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.packed_layers import PackedLayers

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ANSWERS = "pair_reader.npz"
"""For what an answer may quote."""
ACROSS = "closer_look.npz"
"""For what a search finds in other languages than the question's."""
LAYERS = 8
"""Of the model's twelve, from the lowest."""
MAX_TOKENS = 96
"""Of question and sentence; of the longer one the end is not read."""
PROMPT = "query: "
TITLE = 40
"""Characters of an article's title that are read before a sentence."""
SCALE = 8.0
"""What the mean over tokens is multiplied with before the last map."""


@cache
def bundled_fit(name: str) -> dict[str, NDArray[np.float32]]:
    """For the bundled model, as ``fit_in`` gives it."""
    with as_file(files("index") / "data" / name) as path:
        return fit_in(path)


def fit_in(path: Path) -> dict[str, NDArray[np.float32]]:
    """``Changes`` of the layers, and of the last map ``weight [2, hidden]`` and ``bias [2]``."""
    with np.load(path, allow_pickle=False) as data:
        return {name: data[name].astype(np.float32) for name in data.files}


def titled(title: str, sentence: str) -> str:
    """A sentence as it is read: under its article's title, which tells look-alikes apart, unless it begins as that."""
    return sentence if not title or sentence.startswith(title[:20]) else f"{title[:TITLE]}\n{sentence}"


class PairReader:
    """Reads on the thread that asks; safe to call from several."""

    def __init__(self, model: "SentenceTransformer", name: str, *, in_8_bits: bool) -> None:
        """``name``: of the changes, ``ANSWERS`` or ``ACROSS``."""
        import torch

        fitted = bundled_fit(name)
        self._layers = PackedLayers(model, count=LAYERS, in_8_bits=in_8_bits, changes=fitted)
        self._weight, self._bias = (torch.from_numpy(fitted[part]) for part in ("weight", "bias"))

    def read(self, pairs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """``[n, 2]`` of pairs as token ids: what to add to each score, and the log-odds that the sentence answers."""
        import torch

        with torch.inference_mode():
            each = torch.split(self._layers(pairs), [len(pair) for pair in pairs])
            means = torch.stack([hidden.mean(dim=0) for hidden in each])
            said: NDArray[np.float32] = (SCALE * means @ self._weight.T + self._bias).numpy()
        return said
