"""The model of ``index/pair_reader.py`` as it is trained.

In: questions with the sentences that extraction ranks first, their scores, and which of them answer. Out: low-rank
changes to the model's layers, but for the lowest, and a last map, under the names that ``index/pair_reader.py`` reads.
Of each question the training sees a right sentence, four of the first six wrong ones and one from behind them: the loss
is the right one's share of the softmax over scores with what is added, and whether each answers by itself. Seeded.
"""

import math
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from index.bundled_model import ensure_unpacked
from index.pair_reader import LAYERS, MAX_TOKENS, PROMPT, SCALE
from rag.settings import load_settings

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

FIRST_CHANGED = 4
"""The layers below are as the model came."""
MAPS = (
    "attention.self.query",
    "attention.self.key",
    "attention.self.value",
    "attention.output.dense",
    "intermediate.dense",
    "output.dense",
)
"""The linear maps of a layer, as the model names them."""
RANK = 16
DROPOUT = 0.1
"""Of what the changes see, in training."""
QUESTIONS = 6
"""In each step."""
RATE = 8e-4
WARM_UP = 40
ANSWERS = 0.5
"""How much it counts whether each answers."""
PORTIONS = 6
"""Of the sentences of a step, by length."""
TEMPTING, WRONG = 6, 4
"""Wrong candidates of which so many are drawn."""


class Seen(msgspec.Struct, frozen=True):
    """A sentence as it is read, its score and whether it answers."""

    text: str
    score: float
    is_right: bool


class Example(msgspec.Struct, frozen=True):
    """A question with its candidates, best first; where nothing answers it, none is right."""

    question: str
    seen: tuple[Seen, ...]


class Low(nn.Module):
    """A linear map and what is added to it."""

    def __init__(self, whole: nn.Linear) -> None:
        super().__init__()
        self.whole = whole
        self.down = nn.Parameter(torch.randn(RANK, whole.in_features) / math.sqrt(whole.in_features))
        self.up = nn.Parameter(torch.zeros(whole.out_features, RANK))

    def forward(self, values: Tensor) -> Tensor:
        seen = functional.dropout(values, DROPOUT, self.training)
        added: Tensor = self.whole(values) + (seen @ self.down.T) @ self.up.T
        return added


class PairReader(nn.Module):
    """The model with its changes and a last map, which begins at zero."""

    def __init__(self, model: "SentenceTransformer") -> None:
        super().__init__()
        self._tokenizer: Callable[..., Mapping[str, Any]] = model.tokenizer
        self._pad: Callable[..., Mapping[str, Any]] = model.tokenizer.pad
        self.transformer = _transformer(model).eval().requires_grad_(False)
        self.transformer.encoder.layer = self.transformer.encoder.layer[:LAYERS]
        self._changed = [
            f"encoder.layer.{layer}.{name}"
            for layer in range(FIRST_CHANGED, len(self.transformer.encoder.layer))
            for name in MAPS
        ]
        maps = dict(self.transformer.named_modules())
        for name in self._changed:
            host, _, attribute = name.rpartition(".")
            setattr(maps[host], attribute, Low(maps[name]).eval())
        self.last = nn.Linear(self.transformer.config.hidden_size, 2)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, asked: Sequence[tuple[str, Sequence[str]]]) -> Tensor:
        """``[all sentences, 2]`` of questions with their sentences."""
        inputs = self._tokenizer(
            text=[PROMPT + question for question, texts in asked for _ in texts],
            text_pair=[text for _, texts in asked for text in texts],
            truncation=True,
            max_length=MAX_TOKENS,
            verbose=False,
        )
        lengths = [len(one) for one in inputs["input_ids"]]
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        said = torch.cat([self._said(inputs, places) for places in _portions(order)])
        return said[torch.tensor(order).argsort()]

    def _said(self, inputs: Mapping[str, Any], places: Sequence[int]) -> Tensor:
        """Of sentences of about one length: what is padded takes time for nothing."""
        chosen = {name: [each[place] for place in places] for name, each in inputs.items()}
        some = self._pad(chosen, return_tensors="pt")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            hidden = self.transformer(**some).last_hidden_state
        mask = some["attention_mask"][..., None]
        said: Tensor = self.last(SCALE * (hidden.float() * mask).sum(1) / mask.sum(1))
        return said

    def begin_from(self, fitted: Mapping[str, NDArray[np.float32]]) -> None:
        """``fitted``: of a reader before, as ``fitted()`` gives it."""
        maps = dict(self.transformer.named_modules())
        with torch.no_grad():
            for name, value in fitted.items():
                host, _, part = name.rpartition(".")
                getattr(maps[host] if host else self.last, part).copy_(torch.from_numpy(value))

    def drop_out(self, is_training: bool) -> None:
        """Of the changes alone: the model itself stays as it is."""
        for one in self.modules():
            if isinstance(one, Low):
                one.train(is_training)

    def fitted(self) -> dict[str, NDArray[np.float16]]:
        """What ``index/pair_reader.py`` reads: of every changed map ``up`` and ``down``, and the last map."""
        maps = dict(self.transformer.named_modules())
        last = {"weight": self.last.weight, "bias": self.last.bias}
        changes = {f"{name}.{part}": getattr(maps[name], part) for name in self._changed for part in ("up", "down")}
        return {name: one.detach().numpy().astype(np.float16) for name, one in (last | changes).items()}


def fit(
    examples: Mapping[str, Sequence[Example]],
    shares: Sequence[float],
    steps: int,
    out: Path,
    *,
    rate: float = RATE,
    begin: Mapping[str, NDArray[np.float32]] | None = None,
) -> None:
    """By source, of which a question is drawn so often; writes ``out`` and says how long it took.

    ``begin``: what a reader before was fitted to.
    """
    torch.manual_seed(0)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    reader, rng = PairReader(_bundled_in_float32()), np.random.default_rng(0)
    if begin:
        reader.begin_from(begin)
    began = time.perf_counter()
    train(reader, _drawn(examples, shares, rng), steps, rng, rate)
    with out.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **reader.fitted())
    sizes = ", ".join(f"{len(some)} of {source}" for source, some in examples.items())
    print(f"{sizes}; {steps} steps of {QUESTIONS} in {time.perf_counter() - began:.0f} s; written to {out}", flush=True)


def train(
    reader: PairReader,
    drawn: Iterator[Sequence[Example]],
    steps: int,
    rng: np.random.Generator,
    rate: float = RATE,
) -> None:
    """``drawn``: the questions of each step."""
    trained = [weight for weight in reader.parameters() if weight.requires_grad]
    reader.drop_out(True)
    optimiser = torch.optim.AdamW(trained, weight_decay=0.0)
    for step in range(1, steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = rate * min(1.0, step / WARM_UP) * max(0.02, 1 - step / steps)
        loss = _loss(reader, [_some_of(one, rng) for one in next(drawn)])
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
    reader.drop_out(False)


def _loss(reader: PairReader, asked: Sequence[Example]) -> Tensor:
    said = reader([(one.question, [seen.text for seen in one.seen]) for one in asked])
    loss, at = torch.zeros(()), 0
    for one in asked:
        added, answers = said[at : at + len(one.seen)].T
        at += len(one.seen)
        right = torch.tensor([seen.is_right for seen in one.seen])
        if right.any():
            scores = added + torch.tensor([seen.score for seen in one.seen])
            loss = loss + torch.logsumexp(scores, 0) - scores[0]
        each = functional.binary_cross_entropy_with_logits(answers, right.float(), reduction="none")
        for is_right in {*right.tolist()}:
            loss = loss + ANSWERS * each[right == is_right].mean()
    return loss / len(asked)


def _drawn(
    examples: Mapping[str, Sequence[Example]], shares: Sequence[float], rng: np.random.Generator
) -> Iterator[Sequence[Example]]:
    while True:
        chosen = [examples[str(source)] for source in rng.choice([*examples], QUESTIONS, p=shares)]
        yield [some[int(rng.integers(len(some)))] for some in chosen]


def _portions(order: Sequence[int]) -> list[Sequence[int]]:
    size = -(-len(order) // PORTIONS)
    return [order[start : start + size] for start in range(0, len(order), size)]


def _some_of(example: Example, rng: np.random.Generator) -> Example:
    """A right one first, if any, then wrong ones."""
    right = [seen for seen in example.seen if seen.is_right][:2]
    wrong = [seen for seen in example.seen if not seen.is_right]
    first = [wrong[place] for place in rng.permutation(min(TEMPTING, len(wrong)))[:WRONG]]
    behind = wrong[TEMPTING:]
    last = [behind[rng.integers(len(behind))]] if behind else []
    return Example(example.question, (*([right[rng.integers(len(right))]] if right else []), *first, *last))


def _bundled_in_float32() -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    folder = str(ensure_unpacked(load_settings().model_path))
    return SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32})


def _transformer(model: "SentenceTransformer") -> Any:
    """What runs inside it, as the transformers library has it."""
    return model[0].auto_model
