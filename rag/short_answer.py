"""The few words of a quote that answer: a small network over the token vectors that search has compared already.

In: a candidate and what its question asks for. Out: a range inside the candidate's text, or None where nothing is
likely enough, or the encoder gives no token vectors. Weights are data, fitted by
``evals/benchmarks/fit_short_answer.py``: the question's tokens pooled by attention and aligned with each token of the
quote (DrQA, arXiv 1704.00051), three dilated convolutions, and a softmax each over first and last token. Pure, and
numpy alone.
"""

import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from rag.candidates import Candidate
from rag.question import Expectation, Kind
from rag.records import TextRange

Array = NDArray[np.float32]

FILE = "short_answer.npz"
MAX_TOKENS = 24
LEAST_LOG_PROBABILITY = -2.8
"""Of first and last token together; a tenth of the answers is less likely, with an F1 of 0.23, and left unmarked."""
MOST_OF_QUOTE = 0.7
"""A longer share of the quote is no short answer in it."""
SHARPNESS = 8.0
"""Of the alignment of question tokens with a quote's."""
INTERPLAY = 4.0
DILATIONS = (1, 2, 4)
KINDS = get_args(Kind)
SURFACE = 8
"""Figures that tell what a token looks like."""
_ENDS = frozenset(".!?。！？؟")
_BRACKETS = frozenset('()«»"„“”「」《》（）')
_TRIMMED = " \t\n.,;:!?。，；：！？،؛؟、"


class Inputs(msgspec.Struct, frozen=True):
    """What the network sees of a question and a quote."""

    question: Array
    """``[q, dim]``, as ``passage [t, dim]``: of unit norm."""
    weights: Array
    passage: Array
    surface: Array
    """``[t, SURFACE]``."""
    kind: Array
    """``[len(KINDS) + 1]``."""


def short_answer(candidate: Candidate, expected: Expectation) -> TextRange | None:
    """Offsets inside ``candidate.text``."""
    seen = inputs(candidate, expected)
    if seen is None:
        return None
    first, last = (_log_softmax(column) for column in logits(seen, _weights()).T)
    start, end, log_probability = _best(first, last)
    if log_probability < LEAST_LOG_PROBABILITY:
        return None
    starts, ends = places(candidate)
    return _trimmed(candidate.text, int(starts[start]), int(ends[end]))


def inputs(candidate: Candidate, expected: Expectation) -> Inputs | None:
    """None where there are no token vectors."""
    tokens = candidate.hit.tokens
    inside = _inside(candidate)
    if tokens is None or not inside.any() or not tokens.question:
        return None
    starts, ends = places(candidate)
    kind = [*(float(expected.kind == one) for one in KINDS), float(bool(expected.units))]
    return Inputs(
        tokens.question_vectors(),
        tokens.question_weights(),
        tokens.passage_vectors()[inside],
        _surface(candidate.text, starts, ends),
        np.array(kind, np.float32),
    )


def places(candidate: Candidate) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Where the candidate's tokens start and end in its text."""
    if candidate.hit.tokens is None:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    starts, ends = candidate.hit.tokens.offsets()
    inside, shift = _inside(candidate), candidate.span.start - candidate.hit.start
    return np.maximum(starts[inside] - shift, 0), np.minimum(ends[inside] - shift, len(candidate.text))


def logits(seen: Inputs, weights: Mapping[str, Array]) -> Array:
    """``[t, 2]``: for each token of the quote that the answer begins and that it ends there."""

    def linear(values: Array, name: str) -> Array:
        product: Array = values @ weights[f"{name}.weight"].T
        return product + weights[f"{name}.bias"] if f"{name}.bias" in weights else product

    similarity = seen.question @ seen.passage.T
    aligned = _softmax(SHARPNESS * similarity).T @ seen.question
    attention = _softmax(linear(seen.question, "attention"))
    asked = linear((attention.T @ seen.question).reshape(-1), "pooled") + linear(seen.kind, "kind")
    matched = np.stack([similarity.max(axis=0), seen.weights @ np.maximum(similarity, 0)], axis=1)
    state = linear(seen.passage, "passage") + linear(aligned, "aligned") + asked
    state += linear(np.concatenate([seen.surface, matched], axis=1), "surface")
    state += INTERPLAY * linear(seen.passage, "met") * linear(asked, "asking")
    state = np.maximum(_normal(state, weights, "norm"), 0)
    for number, dilation in enumerate(DILATIONS):
        around = _convolved(state, weights, f"convolutions.{number}", dilation)
        state += np.maximum(_normal(around, weights, f"norms.{number}"), 0)
    by_question = linear(np.maximum(asked, 0), "sought").reshape(2, -1)
    found = linear(state, "ends")
    found += state @ by_question.T
    return found


@cache
def _weights() -> dict[str, Array]:
    with (files("rag") / "data" / FILE).open("rb") as file, np.load(file) as data:
        return {name: data[name].astype(np.float32) for name in data.files}


def _inside(candidate: Candidate) -> NDArray[np.bool_]:
    if candidate.hit.tokens is None:
        return np.zeros(0, np.bool_)
    starts, ends = candidate.hit.tokens.offsets()
    shift = candidate.span.start - candidate.hit.start
    inside: NDArray[np.bool_] = (ends > shift) & (starts < shift + len(candidate.text))
    return inside


def _surface(text: str, starts: NDArray[np.int32], ends: NDArray[np.int32]) -> Array:
    return np.array([_looks(text, int(start), int(end)) for start, end in zip(starts, ends, strict=True)], np.float32)


def _looks(text: str, start: int, end: int) -> list[bool]:
    word = text[start:end].lstrip() or " "
    category = unicodedata.category(word[0])
    before = text[start - 1] if start and word == text[start:end] else " "
    return [
        category == "Nd",
        category[0] == "P",
        category == "Lu",
        not before.isalnum(),
        category[0] == "S",
        category == "Lo",
        not _ENDS.isdisjoint(word),
        not _BRACKETS.isdisjoint(word),
    ]


def _best(first: Array, last: Array) -> tuple[int, int, float]:
    """First and last token of the likeliest range, and its log probability."""
    both = first[:, None] + last[None, :]
    length = np.arange(len(last))[None, :] - np.arange(len(first))[:, None]
    both = np.where((length >= 0) & (length < MAX_TOKENS), both, -np.inf)
    start, end = divmod(int(both.argmax()), len(last))
    return start, end, float(both[start, end])


def _trimmed(text: str, start: int, end: int) -> TextRange | None:
    """Without white space and stops around it; None where nothing else is there, or it is most of the text."""
    inner = text[start:end]
    start += len(inner) - len(inner.lstrip(_TRIMMED))
    end -= len(inner) - len(inner.rstrip(_TRIMMED))
    return TextRange(start=start, end=end) if 0 < end - start <= MOST_OF_QUOTE * len(text) else None


def _convolved(state: Array, weights: Mapping[str, Array], name: str, dilation: int) -> Array:
    kernel = weights[f"{name}.weight"]
    width = kernel.shape[2]
    padded = np.pad(state, ((dilation * (width // 2),) * 2, (0, 0)))
    shifted = [padded[k * dilation : k * dilation + len(state)] @ kernel[:, :, k].T for k in range(width)]
    total: Array = np.sum(shifted, axis=0) + weights[f"{name}.bias"]
    return total


def _normal(state: Array, weights: Mapping[str, Array], name: str) -> Array:
    centred = state - state.mean(axis=1, keepdims=True)
    spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-5)
    normal: Array = centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]
    return normal


def _softmax(values: Array) -> Array:
    """Over the first axis."""
    powers = np.exp(values - values.max(axis=0))
    shares: Array = powers / powers.sum(axis=0)
    return shares


def _log_softmax(values: Array) -> Array:
    shifted = values - values.max()
    logs: Array = shifted - np.log(np.exp(shifted).sum())
    return logs
