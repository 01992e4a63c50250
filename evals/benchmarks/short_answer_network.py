"""The network of ``rag/short_answer.py`` in torch, and its training.

In: examples as the product sees them, with the tokens that begin and end the answer. Out: a network whose state holds
the weights under the names that ``rag/short_answer.py`` reads. One thread, seeded: the same examples give the same
weights on the same machine.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from index.token_vectors import TOKEN_DIM
from rag.short_answer import DILATIONS, INTERPLAY, KINDS, MAX_TOKENS, SHARPNESS, SURFACE, Inputs

WIDTH = 128
HEADS = 4
KERNEL = 5
DROPOUT = 0.25
DROPPED_WORDS = 0.1
"""Share of a question's tokens that the training leaves out."""
BATCH = 24
RATE = 1e-3
WARM_UP = 50
DECAY = 0.02
AVERAGED_FROM, AVERAGE = 100, 0.01
"""From which step on, and how fast, the weights that are kept follow those that are trained."""
NEVER = -1e4


class Batch(NamedTuple):
    """``Inputs`` of several examples, padded; the masks are true where there is something."""

    question: Tensor
    question_mask: Tensor
    weights: Tensor
    passage: Tensor
    passage_mask: Tensor
    surface: Tensor
    kind: Tensor


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.Linear(TOKEN_DIM, HEADS)
        self.pooled = nn.Linear(TOKEN_DIM * HEADS, WIDTH)
        self.kind = nn.Linear(len(KINDS) + 1, WIDTH, bias=False)
        self.passage = nn.Linear(TOKEN_DIM, WIDTH)
        self.aligned = nn.Linear(TOKEN_DIM, WIDTH, bias=False)
        self.surface = nn.Linear(SURFACE + 2, WIDTH, bias=False)
        self.met = nn.Linear(TOKEN_DIM, WIDTH, bias=False)
        self.asking = nn.Linear(WIDTH, WIDTH)
        self.norm = nn.LayerNorm(WIDTH)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(WIDTH, WIDTH, KERNEL, padding=KERNEL // 2 * dilation, dilation=dilation) for dilation in DILATIONS
        )
        self.norms = nn.ModuleList(nn.LayerNorm(WIDTH) for _ in DILATIONS)
        self.ends = nn.Linear(WIDTH, 2)
        self.sought = nn.Linear(WIDTH, 2 * WIDTH, bias=False)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, batch: Batch) -> Tensor:
        """``[examples, tokens, 2]``."""
        drop, there = self.dropout, batch.passage_mask[..., None]
        similarity = batch.question @ batch.passage.transpose(1, 2)
        aligned = _softmax(SHARPNESS * similarity, batch.question_mask).transpose(1, 2) @ batch.question
        attention = _softmax(self.attention(batch.question), batch.question_mask)
        asked = self.pooled(drop((attention.transpose(1, 2) @ batch.question).flatten(1))) + self.kind(batch.kind)
        closest = similarity.masked_fill(~batch.question_mask[..., None], -1.0).amax(1)
        matched = torch.stack([closest, (similarity.clamp_min(0) * batch.weights[..., None]).sum(1)], 2)
        passage = drop(batch.passage)
        state = self.passage(passage) + self.aligned(drop(aligned)) + asked[:, None]
        state = state + self.surface(torch.cat([batch.surface, matched], 2))
        state = state + INTERPLAY * self.met(passage) * self.asking(asked)[:, None]
        state = functional.relu(self.norm(state)) * there
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            around = convolution(state.transpose(1, 2)).transpose(1, 2)
            state = state + drop(functional.relu(norm(around))) * there
        by_question = self.sought(functional.relu(asked)).view(-1, 2, WIDTH)
        logits: Tensor = self.ends(drop(state)) + torch.einsum("bcd,btd->btc", by_question, state)
        return logits.masked_fill(~there, NEVER)


def new_network() -> Network:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    return Network()


def train(network: Network, examples: Sequence[tuple[Inputs, int, int]], steps: int) -> None:
    """Afterwards the network holds the running average of its weights and is ready to predict."""
    rng = np.random.default_rng(0)
    trained = list(network.parameters())
    optimiser = torch.optim.AdamW(trained, weight_decay=DECAY)
    average: list[Tensor] = []
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM_UP) * max(0.02, 1 - step / steps)
        drawn = [examples[int(row)] for row in rng.integers(len(examples), size=BATCH)]
        logits = network(batch_of([_fewer_words(seen, rng) for seen, _, _ in drawn]))
        loss = sum(
            functional.cross_entropy(logits[..., end], torch.tensor([one[1 + end] for one in drawn])) for end in (0, 1)
        )
        optimiser.zero_grad()
        torch.as_tensor(loss).backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(trained, 1.0)
        optimiser.step()
        with torch.no_grad():
            if step < AVERAGED_FROM:
                average = [weight.detach().clone() for weight in trained]
            for kept, weight in zip(average, trained, strict=True):
                kept.lerp_(weight, AVERAGE)
    with torch.no_grad():
        for kept, weight in zip(average, trained, strict=True):
            weight.copy_(kept)
    network.eval()


def predict(network: nn.Module, seen: Inputs) -> tuple[int, int, float]:
    """First and last token of the likeliest range, and its log probability."""
    with torch.inference_mode():
        first, last = torch.log_softmax(network(batch_of([seen]))[0], 0).T
    both = (first[:, None] + last[None, :]).triu().where(torch.ones(len(first), len(first)).triu().bool(), -torch.inf)
    both = both.where(torch.ones_like(both).tril(MAX_TOKENS - 1).bool(), -torch.inf)
    start, end = divmod(int(both.argmax()), len(last))
    return start, end, float(both[start, end])


def batch_of(examples: Sequence[Inputs]) -> Batch:
    question, question_mask = _padded([one.question for one in examples])
    passage, passage_mask = _padded([one.passage for one in examples])
    return Batch(
        question,
        question_mask,
        _padded([one.weights for one in examples])[0],
        passage,
        passage_mask,
        _padded([one.surface for one in examples])[0],
        torch.from_numpy(np.stack([one.kind for one in examples])),
    )


def _fewer_words(seen: Inputs, rng: np.random.Generator) -> Inputs:
    kept = rng.random(len(seen.question)) >= DROPPED_WORDS
    if not kept.any():
        return seen
    weights = seen.weights[kept]
    return Inputs(seen.question[kept], weights / max(weights.sum(), 1e-6), seen.passage, seen.surface, seen.kind)


def _padded(arrays: Sequence["np.ndarray[tuple[int, ...], np.dtype[np.float32]]"]) -> tuple[Tensor, Tensor]:
    longest = max(len(one) for one in arrays)
    padded = np.zeros((len(arrays), longest, *arrays[0].shape[1:]), np.float32)
    mask = np.zeros((len(arrays), longest), np.bool_)
    for row, one in enumerate(arrays):
        padded[row, : len(one)], mask[row, : len(one)] = one, True
    return torch.from_numpy(padded), torch.from_numpy(mask)


def _softmax(values: Tensor, mask: Tensor) -> Tensor:
    """Over the second axis, where the mask lets it."""
    return torch.softmax(values.masked_fill(~mask[..., None], NEVER), 1)
