"""The bundled model as it reads a question and a sentence together: fewer layers, changed by low-rank maps (LoRA).

In: the model as it reads passages, and pairs as token ids. Out: what it says of each pair. Attention sees both texts at
once, which no comparison of vectors does (arXiv 1901.04085, 2106.09685). Where the processor has instructions for it,
products are of whole numbers of 8 bits, with a scale for every token and for every output (arXiv 2206.01861): half the
time of bfloat16. Pairs stand one behind the other without padding. The changes are data, fitted by
``evals/benchmarks/fit_pair_reader.py``.
"""

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

FILE = "pair_reader.npz"
LAYERS = 8
"""Of the model's twelve, from the lowest."""
MAX_TOKENS = 96
"""Of question and sentence; of the longer one the end is not read."""
PROMPT = "query: "
TITLE = 40
"""Characters of an article's title that are read before a sentence."""
SCALE = 8.0
"""What the mean over tokens is multiplied with before the last map."""
LARGEST = 127
"""Of 8 bits with a sign."""


class Map(Protocol):
    """``[tokens, in]`` to ``[tokens, out]``, float32."""

    def __call__(self, values: "Tensor") -> "Tensor": ...


class Layer(NamedTuple):
    attended: Map
    """Queries, keys and values, side by side."""
    after_attention: Map
    attention_norm: Map
    inner: Map
    outer: Map
    norm: Map


@cache
def bundled_fit() -> dict[str, NDArray[np.float32]]:
    """For the bundled model: of each changed map ``NAME.up [out, rank]`` and ``NAME.down [rank, in]``, whose product is
    added to it; and of the last map ``weight [2, hidden]`` and ``bias [2]``."""
    with (files("index") / "data" / FILE).open("rb") as file, np.load(file) as data:
        return {name: data[name].astype(np.float32) for name in data.files}


def titled(title: str, sentence: str) -> str:
    """A sentence as it is read: under its article's title, which tells look-alikes apart, unless it begins as that."""
    return sentence if not title or sentence.startswith(title[:20]) else f"{title[:TITLE]}\n{sentence}"


class PairReader:
    """Reads on the thread that asks; safe to call from several."""

    def __init__(self, model: "SentenceTransformer", *, in_8_bits: bool) -> None:
        import torch

        transformer: Any = model[0].auto_model
        self._config, self._embeddings = transformer.config, transformer.embeddings
        self._layers = [_layer(transformer, number, in_8_bits) for number in range(LAYERS)]
        fitted = bundled_fit()
        self._weight, self._bias = (torch.from_numpy(fitted[name]) for name in ("weight", "bias"))

    def read(self, pairs: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """``[n, 2]`` of pairs as token ids: what to add to each score, and the log-odds that the sentence answers."""
        import torch

        lengths = [len(pair) for pair in pairs]
        with torch.inference_mode():
            ids = torch.tensor([token for pair in pairs for token in pair])
            places = torch.cat([torch.arange(length) for length in lengths])
            hidden = self._embeddings(input_ids=ids[None], position_ids=places[None])[0].float()
            for layer in self._layers:
                hidden = self._through(layer, hidden, lengths)
            means = torch.stack([one.mean(dim=0) for one in torch.split(hidden, lengths)])
            said: NDArray[np.float32] = (SCALE * means @ self._weight.T + self._bias).numpy()
        return said

    def _through(self, layer: Layer, hidden: "Tensor", lengths: list[int]) -> "Tensor":
        from torch.nn.functional import gelu

        seen = self._attention(layer.attended(hidden), lengths)
        hidden = layer.attention_norm(hidden + layer.after_attention(seen))
        return layer.norm(hidden + layer.outer(gelu(layer.inner(hidden))))

    def _attention(self, attended: "Tensor", lengths: list[int]) -> "Tensor":
        """Every pair over its own tokens alone."""
        import torch
        from torch.nn.functional import scaled_dot_product_attention

        heads = self._config.num_attention_heads
        seen = []
        for one in torch.split(attended.view(len(attended), 3, heads, -1), lengths):
            query, key, value = one.permute(1, 2, 0, 3)[:, None]
            seen.append(scaled_dot_product_attention(query, key, value)[0].transpose(0, 1).reshape(len(one), -1))
        return torch.cat(seen)


class _In8Bits:
    """A linear map in whole numbers: each token and each output has a scale of its own."""

    def __init__(self, weight: "Tensor", bias: "Tensor") -> None:
        import torch

        self._scales = weight.abs().amax(dim=1) / LARGEST
        self._weight = (weight / self._scales[:, None]).round().to(torch.int8).t()
        self._bias = bias

    def __call__(self, values: "Tensor") -> "Tensor":
        import torch

        scales = values.abs().amax(dim=1, keepdim=True).clamp_(min=1e-12) / LARGEST
        whole = (values / scales).round_().to(torch.int8)
        return torch._int_mm(whole, self._weight).float().mul_(scales).mul_(self._scales).add_(self._bias)


class _AsItCame:
    """A linear map in the model's own precision."""

    def __init__(self, weight: "Tensor", bias: "Tensor") -> None:
        self._weight, self._bias = weight, bias

    def __call__(self, values: "Tensor") -> "Tensor":
        from torch.nn.functional import linear

        return linear(values.to(self._weight.dtype), self._weight, self._bias).float()


def _layer(transformer: Any, number: int, in_8_bits: bool) -> Layer:
    own = transformer.encoder.layer[number]

    def joined(*names: str) -> Map:
        import torch

        maps = [own.get_submodule(name) for name in names]
        weight = torch.cat(
            [_changed(one.weight, f"encoder.layer.{number}.{name}") for one, name in zip(maps, names, strict=True)]
        )
        bias = torch.cat([one.bias.detach() for one in maps])
        return _In8Bits(weight, bias.float()) if in_8_bits else _AsItCame(weight.to(bias.dtype), bias)

    return Layer(
        attended=joined("attention.self.query", "attention.self.key", "attention.self.value"),
        after_attention=joined("attention.output.dense"),
        attention_norm=_norm(own.attention.output.LayerNorm),
        inner=joined("intermediate.dense"),
        outer=joined("output.dense"),
        norm=_norm(own.output.LayerNorm),
    )


def _changed(weight: "Tensor", name: str) -> "Tensor":
    """In float32, with what is added to it."""
    import torch

    fitted, whole = bundled_fit(), weight.detach().float()
    if f"{name}.up" not in fitted:
        return whole
    return whole + torch.from_numpy(fitted[f"{name}.up"] @ fitted[f"{name}.down"])


def _norm(own: Any) -> Map:
    """In float32, whatever the model's precision."""
    from torch.nn.functional import layer_norm

    weight, bias, epsilon = own.weight.detach().float(), own.bias.detach().float(), own.eps
    return lambda values: layer_norm(values, weight.shape, weight, bias, epsilon)
