"""Question and passages to scores through an endpoint: TEI's ``/rerank``, or Cohere's and Jina's ``/v1/rerank``.

In: a question, passages. Out: a score for each, higher is better. The address tells which of the two is spoken: one
with a version before ``/rerank`` wants the model's name. Refuses (ConfigurationError) a reply that does not score each
passage once.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
import regex
from numpy.typing import NDArray

from index.endpoint import Endpoint

DEADLINE_S = 10.0
"""A reader waits."""
SETTING = "KILDE_RERANKER_URL"
_VERSIONED = regex.compile(r"/v\d+/rerank$")


class _Score(msgspec.Struct):
    index: int
    score: float | None = None
    relevance_score: float | None = None

    @property
    def value(self) -> float:
        """NaN where there is none."""
        found = self.score if self.relevance_score is None else self.relevance_score
        return float("nan") if found is None else found


class _Scores(msgspec.Struct):
    results: list[_Score]


class EndpointReranker:
    """A ``Reranker``; safe to call from several threads."""

    def __init__(self, url: str, model: str | None, api_key: str | None = None) -> None:
        self._endpoint = Endpoint(url.rstrip("/"), SETTING, api_key)
        self._model = model
        self._is_versioned = bool(_VERSIONED.search(self._endpoint.url))

    def scores(self, question: str, passages: Sequence[str]) -> NDArray[np.float32]:
        if not passages:
            return np.zeros(0, np.float32)
        found = self._scores(question, list(passages))
        scores = np.full(len(passages), np.nan, np.float32)
        if sorted(one.index for one in found) == list(range(len(passages))):
            scores[[one.index for one in found]] = [one.value for one in found]
        if not np.isfinite(scores).all():
            raise self._endpoint.wrong(f"does not give each of {len(passages)} passages a score")
        return scores

    def _scores(self, question: str, passages: list[str]) -> list[_Score]:
        try:
            if self._is_versioned:
                body = {"query": question, "documents": passages} | ({"model": self._model} if self._model else {})
                return msgspec.json.decode(self._endpoint.post(body, DEADLINE_S), type=_Scores).results
            asked = {"query": question, "texts": passages, "truncate": True}
            return msgspec.json.decode(self._endpoint.post(asked, DEADLINE_S), type=list[_Score])
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise self._endpoint.wrong(f"does not reply with scores ({exc})") from exc
