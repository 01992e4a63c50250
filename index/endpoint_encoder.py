"""Questions and passages to vectors through an endpoint: OpenAI's ``/v1/embeddings``, or TEI's ``/embed``.

In: texts. Out: float32 vectors of unit norm, without token vectors. The address tells which of the two is spoken: one
that ends in ``/embed`` is TEI's. Sends few texts at a time and few requests at once. Refuses (ConfigurationError) a
reply with another number of vectors, another dimension than was set, or numbers that are none.
"""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec
import numpy as np
import regex

from index.endpoint import Endpoint
from index.records import PassageVectors, QuestionVectors, Vectors

TEXTS_A_REQUEST = 32
"""TEI takes no more unless it is told to."""
REQUESTS_AT_ONCE = 4
QUESTION_S, PASSAGES_S = 10.0, 120.0
"""By when a reader's question, and a request of an ingest, must have been answered, all attempts together."""
MAX_TOKENS = 512
"""What the models that are served this way read at least; longer passages find less well in any case."""
TEI_PATH, OPENAI_PATH = "/embed", "/embeddings"
SETTING = "KILDE_EMBEDDING_URL"

T = TypeVar("T")

_DENSE = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Hangul}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Tibetan}]")
_RUNS = regex.compile(r"[\p{L}\p{M}]+")
_OTHERS = regex.compile(r"[^\p{L}\p{M}\s]")
_LETTERS_A_TOKEN = 3


class _Embedding(msgspec.Struct):
    index: int
    embedding: list[float]


class _Embeddings(msgspec.Struct):
    data: list[_Embedding]


class EndpointModel(msgspec.Struct, frozen=True, kw_only=True):
    """A model as an endpoint knows it."""

    url: str
    name: str
    dim: int
    identity: str
    """Tells its vectors from another model's, wherever it is served."""
    api_key: str | None = None
    query_prompt: str = ""
    passage_prompt: str = ""


class EndpointEncoder:
    """An ``Encoder``; safe to call from several threads."""

    def __init__(self, model: EndpointModel) -> None:
        self._model = model
        self._is_tei = model.url.rstrip("/").endswith(TEI_PATH)
        self._endpoint = Endpoint(_address(model.url), SETTING, model.api_key)
        self._requests = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="embedding")

    @property
    def dim(self) -> int:
        return self._model.dim

    @property
    def fingerprint(self) -> str:
        return self._model.identity

    @property
    def max_tokens(self) -> int:
        return MAX_TOKENS

    def count_tokens(self, text: str) -> int:
        """An estimate that is rather too high: the endpoint does not tell, and cuts off what is too long."""
        return 2 + estimated_tokens(self._model.passage_prompt + text)

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        prompted = [self._model.passage_prompt + text for text in texts]
        parts = [prompted[start : start + TEXTS_A_REQUEST] for start in range(0, len(texts), TEXTS_A_REQUEST)]
        return PassageVectors(self._all(parts, PASSAGES_S), [b""] * len(texts))

    def encode_question(self, text: str) -> QuestionVectors:
        return self.encode_questions([text])[0]

    def encode_questions(self, texts: list[str]) -> list[QuestionVectors]:
        """Each in a request of its own: what shares one may differ in its last bits."""
        vectors = self._all([[self._model.query_prompt + text] for text in texts], QUESTION_S)
        return [QuestionVectors(vector, None) for vector in vectors]

    def read_pairs(self, question: str, texts: list[str]) -> None:
        return None

    def read_across(self, question: str, texts: list[str]) -> None:
        return None

    def surprises(self, words: list[str]) -> list[float]:
        return [0.0] * len(words)

    def _all(self, parts: list[list[str]], deadline_s: float) -> Vectors:
        found = self._requests.map(lambda part: self._vectors(part, deadline_s), parts)
        return np.concatenate([np.zeros((0, self.dim), np.float32), *found])

    def _vectors(self, texts: list[str], deadline_s: float) -> Vectors:
        rows = self._rows(texts, deadline_s)
        if len(rows) != len(texts):
            raise self._endpoint.wrong(f"gives {len(rows)} vectors for {len(texts)} texts")
        other = next((len(row) for row in rows if len(row) != self.dim), None)
        if other is not None:
            raise self._endpoint.wrong(f"gives vectors of {other} numbers, while KILDE_EMBEDDING_DIM is {self.dim}")
        vectors = np.array(rows, np.float32)
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not (np.isfinite(norms) & (norms > 0)).all():
            raise self._endpoint.wrong("gives a vector without a direction")
        return np.asarray(vectors / norms, np.float32)

    def _rows(self, texts: list[str], deadline_s: float) -> list[list[float]]:
        if self._is_tei:
            reply = self._endpoint.post({"inputs": texts, "truncate": True}, deadline_s)
            return self._decoded(reply, list[list[float]])
        body = {"model": self._model.name, "input": texts, "encoding_format": "float"}
        found = self._decoded(self._endpoint.post(body, deadline_s), _Embeddings).data
        if sorted(one.index for one in found) != list(range(len(found))):
            raise self._endpoint.wrong("does not say which vector is of which text")
        return [one.embedding for one in sorted(found, key=lambda one: one.index)]

    def _decoded(self, reply: bytes, kind: type[T]) -> T:
        try:
            return msgspec.json.decode(reply, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise self._endpoint.wrong(f"does not reply with vectors ({exc})") from exc


def estimated_tokens(text: str) -> int:
    """A token for each character of scripts without spaces, each digit and sign, and each three letters of a word."""
    words: Iterable[str] = _RUNS.findall(_DENSE.sub(" ", text))
    letters = sum(-(-len(word) // _LETTERS_A_TOKEN) for word in words)
    return len(_DENSE.findall(text)) + len(_OTHERS.findall(text)) + letters


def _address(url: str) -> str:
    """OpenAI's clients are given what stands before ``/embeddings``; both are understood."""
    url = url.rstrip("/")
    return url if url.endswith((TEI_PATH, OPENAI_PATH)) else url + OPENAI_PATH
