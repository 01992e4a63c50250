"""Questions and passages to vectors: the only file that runs sentence-transformers.

In: texts. Out: float32 vectors of unit norm; for the bundled model also the vectors of the single tokens, and what it
says of a question and a sentence that it reads together. Any sentence-transformers model by name or folder; ``bundled``
is multilingual-e5-small, unpacked from an installed package. Torch is imported when an encoder is made, not before.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from index.bundled_model import ensure_unpacked
from index.errors import ConfigurationError
from index.model_identity import BUNDLED, model_fingerprint
from index.packed_layers import PackedLayers
from index.pair_reader import ACROSS, ANSWERS, MAX_TOKENS, PROMPT, PairReader
from index.passes import Passes
from index.records import PassageVectors, QuestionVectors
from index.token_vectors import Projection, QuestionTokens, Tokens, bundled_projection, pack

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer

BATCH_SIZE = 16
"""Texts per forward pass; several passes run side by side."""
PADDING_STEP = 16
QUESTION_PROMPTS = ("query",)
PASSAGE_PROMPTS = ("document", "passage")


class Encoded(NamedTuple):
    """One forward pass over texts with their prompt."""

    vectors: NDArray[np.float32]
    tokens: list[Tokens]
    """Projected, without prompt and special tokens; offsets in the text without its prompt."""
    ids: list[NDArray[np.int64]]


class _Unigrams(msgspec.Struct):
    vocab: list[tuple[str, float]]
    """Pieces with their log probabilities, by id."""


class _TokenizerFile(msgspec.Struct):
    """Of a ``tokenizer.json`` what is needed here: decoding all of it takes three times as long."""

    model: _Unigrams


class SentenceEncoder:
    """A sentence-transformers model behind the ``Encoder`` protocol; safe to call from several threads."""

    def __init__(self, model: str, model_dir: Path, *, threads: int | None = None) -> None:
        """Load ``model``; raises ConfigurationError naming what to set when it cannot be loaded."""
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
        import torch

        name = str(ensure_unpacked(model_dir)) if model == BUNDLED else model
        self._model = _load(name, torch.bfloat16 if has_bfloat16() else torch.float32)
        # Products outside the model are small, and made by many threads at once: more threads in each would only wait
        # for one another, spinning. Measured with two cores: an answer in 45 ms rather than 82 to 140.
        threadpool_limits(limits=1, user_api="blas")
        self._passes = Passes(threads or len(os.sched_getaffinity(0)))
        self._lock = threading.Lock()
        """The tokenizer's: it is not safe to call from several threads, while the model is."""
        self._question_prompt = _prompt(self._model.prompts, QUESTION_PROMPTS)
        self._passage_prompt = _prompt(self._model.prompts, PASSAGE_PROMPTS)
        dim = self._model.get_embedding_dimension()
        if dim is None:
            raise ConfigurationError(f"The model {model!r} does not say the size of its vectors. Use another one.")
        self._dim = dim
        self._fingerprint = model_fingerprint(model)
        self._projection = bundled_projection() if model == BUNDLED else None
        self._question_layers = PackedLayers(self._model) if model == BUNDLED else None
        self._pair_readers = {
            name: PairReader(self._model, name, in_8_bits=has_8_bit_products())
            for name in ((ANSWERS, ACROSS) if model == BUNDLED else ())
        }
        self._rarity = _piece_rarity(name) if self._projection else np.zeros(0, np.float32)

    @property
    def dim(self) -> int:
        return self._dim

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    @property
    def max_tokens(self) -> int:
        return int(self._model.max_seq_length or 512)

    def count_tokens(self, text: str) -> int:
        with self._lock:
            tokens: list[int] = self._model.tokenizer(self._passage_prompt + text, verbose=False)["input_ids"]
        return len(tokens)

    def encode_passages(self, texts: list[str]) -> PassageVectors:
        vectors = np.empty((len(texts), self._dim), np.float32)
        tokens = [b""] * len(texts)

        def encode(batch: tuple[int, list[int]]) -> None:
            padded_tokens, rows = batch
            encoded = self._encode([texts[row] for row in rows], self._passage_prompt, padded_tokens)
            vectors[rows] = encoded.vectors
            for row, one in zip(rows, encoded.tokens, strict=False):
                tokens[row] = pack(one)

        batches = sorted(_batches(self._padded_tokens(texts)), key=lambda batch: -batch[0] * len(batch[1]))
        for _ in self._passes.map(encode, batches):
            pass
        return PassageVectors(vectors, tokens)

    def encode_question(self, text: str) -> QuestionVectors:
        return self._question(self._encode([text], self._question_prompt), 0)

    def encode_questions(self, texts: list[str]) -> list[QuestionVectors]:
        found: dict[int, QuestionVectors] = {}

        def encode(rows: list[int]) -> None:
            encoded = self._encode([texts[row] for row in rows], self._question_prompt)
            found.update({row: self._question(encoded, place) for place, row in enumerate(rows)})

        batches = _batches(self._token_counts(self._question_prompt, texts))
        for _ in self._passes.map(encode, [rows for _tokens, rows in batches]):
            pass
        return [found[row] for row in range(len(texts))]

    def read_pairs(self, question: str, texts: list[str]) -> NDArray[np.float32] | None:
        return self._read(ANSWERS, question, texts)

    def read_across(self, question: str, texts: list[str]) -> NDArray[np.float32] | None:
        return self._read(ACROSS, question, texts)

    def _read(self, name: str, question: str, texts: list[str]) -> NDArray[np.float32] | None:
        if name not in self._pair_readers or not texts:
            return None
        with self._lock:
            pairs = self._model.tokenizer(
                [PROMPT + question] * len(texts), texts, truncation=True, max_length=MAX_TOKENS, verbose=False
            )["input_ids"]
        return self._passes.halved(self._pair_readers[name].read, pairs)

    def surprises(self, words: list[str]) -> list[float]:
        if not words or not len(self._rarity):
            return [0.0] * len(words)
        with self._lock:
            pieces = self._model.tokenizer(words, add_special_tokens=False, verbose=False)["input_ids"]
        return [float(self._rarity[ids].sum()) for ids in pieces]

    def _question(self, encoded: Encoded, row: int) -> QuestionVectors:
        if not encoded.tokens:
            return QuestionVectors(encoded.vectors[row], None)
        weights = self._rarity[encoded.ids[row]]
        own = encoded.tokens[row]
        tokens = QuestionTokens(
            vectors=own.vectors,
            weights=weights / max(float(weights.sum()), 1e-6),
            starts=own.starts,
            ends=own.ends,
        )
        return QuestionVectors(encoded.vectors[row], tokens)

    def _padded_tokens(self, texts: list[str]) -> list[int]:
        """The length that each text is padded to: it depends on the text alone.

        In bfloat16 a vector's last digits depend on the length of the batch, though not on its other texts. So that
        an interrupted ingest ends with the very vectors of an unbroken one, no text is padded to its neighbours.
        """
        counts = self._token_counts(self._passage_prompt, texts)
        return [min(self.max_tokens, -(-count // PADDING_STEP) * PADDING_STEP) for count in counts]

    def _token_counts(self, prompt: str, texts: list[str]) -> list[int]:
        """As the model gets them, special tokens included."""
        if not texts:
            return []
        with self._lock:
            tokens = self._model.tokenizer([prompt + text for text in texts], verbose=False)["input_ids"]
        return [min(self.max_tokens, len(one)) for one in tokens]

    def _encode(self, texts: list[str], prompt: str, padded_tokens: int | None = None) -> Encoded:
        import torch

        with self._lock:
            inputs = self._model.tokenizer(
                [prompt + text for text in texts],
                padding="max_length" if padded_tokens else False,
                truncation=True,
                max_length=padded_tokens or self.max_tokens,
                return_offsets_mapping=True,
                return_tensors="pt",
            )
        offsets = inputs.pop("offset_mapping").numpy()
        with torch.inference_mode():
            # What is padded needs the library's attention mask; our own pass takes texts without padding.
            outputs = self._model(dict(inputs)) if padded_tokens else self._unpadded(inputs)
        vectors = outputs["sentence_embedding"].float().numpy()
        # A bfloat16 model normalises in bfloat16: norms are off by 0.4 % until this line.
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
        if self._projection is None:
            return Encoded(vectors, [], [])
        hidden, ids = outputs["token_embeddings"].float().numpy(), inputs["input_ids"].numpy()
        return _with_tokens(vectors, hidden, ids, offsets - len(prompt), self._projection)

    def _unpadded(self, inputs: "Mapping[str, torch.Tensor]") -> "Mapping[str, torch.Tensor]":
        """Questions of one length; of the bundled model by our own pass over its layers."""
        if self._question_layers is None:
            outputs: Mapping[str, torch.Tensor] = self._model(dict(inputs))
            return outputs
        ids = inputs["input_ids"]
        hidden = self._question_layers(ids.tolist()).view(*ids.shape, -1)
        return {"sentence_embedding": hidden.mean(dim=1), "token_embeddings": hidden}


def has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 in hardware; it is slower than float32 where it does not."""
    return not _processor_flags().isdisjoint({"avx512_bf16", "amx_bf16"})


def has_8_bit_products() -> bool:
    """Whether the processor multiplies whole numbers of 8 bits in hardware as torch asks it to."""
    return "avx512_vnni" in _processor_flags()


def _processor_flags() -> frozenset[str]:
    try:
        return frozenset(Path("/proc/cpuinfo").read_text(encoding="ascii", errors="ignore").split())
    except OSError:
        return frozenset()


def _with_tokens(
    vectors: NDArray[np.float32],
    hidden: NDArray[np.float32],
    ids: NDArray[np.int64],
    offsets: NDArray[np.int64],
    projection: Projection,
) -> Encoded:
    """Keep the tokens that lie in the text: padding and special tokens have empty spans, the prompt's end before it."""
    kept = (offsets[:, :, 1] > np.maximum(offsets[:, :, 0], 0)) & (offsets[:, :, 1] > 0)
    tokens = [
        Tokens(
            vectors=projection.apply(hidden[row, keep]),
            starts=np.maximum(offsets[row, keep, 0], 0).astype(np.int32),
            ends=offsets[row, keep, 1].astype(np.int32),
        )
        for row, keep in enumerate(kept)
    ]
    return Encoded(vectors, tokens, [ids[row, keep] for row, keep in enumerate(kept)])


def _load(name: str, dtype: "torch.dtype") -> "SentenceTransformer":
    from safetensors import SafetensorError
    from sentence_transformers import SentenceTransformer
    from transformers.utils.logging import disable_progress_bar

    disable_progress_bar()  # type: ignore[no-untyped-call]
    offline = Path(name).is_dir()
    try:
        return SentenceTransformer(name, device="cpu", local_files_only=offline, model_kwargs={"dtype": dtype})
    except (OSError, ValueError, KeyError, SafetensorError) as exc:
        raise ConfigurationError(
            f"KILDE_EMBEDDING_MODEL={name!r} cannot be loaded ({exc}). "
            "Set it to `bundled`, to a folder, or to the name of a sentence-transformers model that can be downloaded."
        ) from exc


def _piece_rarity(folder: str) -> NDArray[np.float32]:
    """Minus the log probability of each piece of the unigram vocabulary, by id: common pieces weigh little."""
    file = msgspec.json.decode((Path(folder) / "tokenizer.json").read_bytes(), type=_TokenizerFile)
    return np.array([-score for _piece, score in file.model.vocab], np.float32)


def _prompt(prompts: Mapping[str, str | None], names: tuple[str, ...]) -> str:
    return next((prompt for name in names if (prompt := prompts.get(name))), "")


def _batches(lengths: list[int]) -> Iterator[tuple[int, list[int]]]:
    """Lengths with the row numbers of texts that have it, longest first, in parts of about one size."""
    for length in sorted(set(lengths), reverse=True):
        rows = [row for row, own in enumerate(lengths) if own == length]
        parts = -(-len(rows) // BATCH_SIZE)
        for part in range(parts):
            yield length, rows[part * len(rows) // parts : (part + 1) * len(rows) // parts]
