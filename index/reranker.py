"""A cross-encoder that reads question and passage together: the only file that runs one.

In: a question, passages. Out: a score for each, higher is better. Any sentence-transformers ``CrossEncoder`` with one
output, by name or folder; off unless it is set. Torch is imported when one is made, not before.
"""

import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from index.errors import ConfigurationError


class Reranker(Protocol):
    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        """``[n]``, in the order of the passages."""
        ...


class CrossEncoderReranker:
    """Safe to call from several threads, one at a time."""

    def __init__(self, model: str) -> None:
        """Raises ConfigurationError naming what to set when the model cannot be loaded, or does not give one score."""
        from sentence_transformers import CrossEncoder

        try:
            self._model = CrossEncoder(model, device="cpu")
        except (OSError, ValueError) as exc:
            raise ConfigurationError(
                f"The cross-encoder {model!r} cannot be loaded: {exc} Set KILDE_RERANKER_MODEL to a folder or a name"
                " of a sentence-transformers CrossEncoder, or unset it."
            ) from exc
        if self._model.num_labels != 1:
            raise ConfigurationError(f"The cross-encoder {model!r} gives no single score. Use another one.")
        self._lock = threading.Lock()

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        if not passages:
            return np.zeros(0, np.float32)
        with self._lock:
            found = self._model.predict([(question, passage) for passage in passages], show_progress_bar=False)
        return np.asarray(found, np.float32)
