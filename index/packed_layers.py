"""The bundled model's layers over texts that stand one behind the other, without padding.

In: the model, and texts as token ids. Out: a vector for every token. A question is so short that the model library's
modules take a quarter of its time (page 30 of docs/decisions); queries, keys and values are one product here. Products
can be of whole numbers of 8 bits, with a scale for every token and for every output (arXiv 2206.01861): three
quarters of the time of bfloat16 over a few sentences, on a processor that has instructions for them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

LARGEST = 127
"""Of 8 bits with a sign."""

Changes = Mapping[str, NDArray[np.float32]]
"""Of each changed map ``NAME.up [out, rank]`` and ``NAME.down [rank, in]``, whose product is added to it (LoRA, arXiv
2106.09685)."""


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


class PackedLayers:
    """Runs on the thread that asks; safe to call from several."""

    def __init__(
        self,
        model: "SentenceTransformer",
        *,
        count: int | None = None,
        in_8_bits: bool = False,
        changes: Changes | None = None,
    ) -> None:
        """``count``: of the model's layers, from the lowest; without it all."""
        transformer: Any = model[0].auto_model
        self._embeddings, self._heads = transformer.embeddings, transformer.config.num_attention_heads
        build = _In8Bits if in_8_bits else _in_own_precision
        layers = transformer.encoder.layer[:count]
        self._layers = [
            _layer(own, f"encoder.layer.{number}", build, changes or {}) for number, own in enumerate(layers)
        ]

    def __call__(self, texts: Sequence[Sequence[int]]) -> "Tensor":
        """``[tokens of all texts, hidden]``, float32; to be called where torch keeps no gradients."""
        import torch

        lengths = [len(text) for text in texts]
        ids = torch.tensor([token for text in texts for token in text])
        places = torch.cat([torch.arange(length) for length in lengths])
        hidden: Tensor = self._embeddings(input_ids=ids[None], position_ids=places[None])[0].float()
        for layer in self._layers:
            hidden = self._through(layer, hidden, lengths)
        return hidden

    def _through(self, layer: Layer, hidden: "Tensor", lengths: list[int]) -> "Tensor":
        from torch.nn.functional import gelu

        seen = self._attention(layer.attended(hidden), lengths)
        hidden = layer.attention_norm(hidden + layer.after_attention(seen))
        return layer.norm(hidden + layer.outer(gelu(layer.inner(hidden))))

    def _attention(self, attended: "Tensor", lengths: list[int]) -> "Tensor":
        """Every text over its own tokens alone."""
        import torch
        from torch.nn.functional import scaled_dot_product_attention

        seen = []
        for one in torch.split(attended.view(len(attended), 3, self._heads, -1), lengths):
            query, key, value = one.permute(1, 2, 0, 3)[:, None]
            seen.append(scaled_dot_product_attention(query, key, value)[0].transpose(0, 1).reshape(len(one), -1))
        return torch.cat(seen)


class _In8Bits:
    """A linear map in whole numbers: each token and each output has a scale of its own."""

    def __init__(self, weight: "Tensor", bias: "Tensor") -> None:
        import torch

        weight = weight.float()
        self._scales = weight.abs().amax(dim=1) / LARGEST
        self._weight = (weight / self._scales[:, None]).round().to(torch.int8).t()
        self._bias = bias.float()

    def __call__(self, values: "Tensor") -> "Tensor":
        import torch

        scales = values.abs().amax(dim=1, keepdim=True).clamp_(min=1e-12) / LARGEST
        whole = (values / scales).round_().to(torch.int8)
        return torch._int_mm(whole, self._weight).float().mul_(scales).mul_(self._scales).add_(self._bias)


class _AsItCame:
    """A linear map in the model's own precision."""

    def __init__(self, weight: "Tensor", bias: "Tensor") -> None:
        self._weight, self._bias = weight.to(bias.dtype), bias

    def __call__(self, values: "Tensor") -> "Tensor":
        from torch.nn.functional import linear

        return linear(values.to(self._weight.dtype), self._weight, self._bias).float()


class _InBfloat16:
    """A linear map in bfloat16 whose weights lie from the start as the processor's kernels want them.

    ``linear`` arranges them anew each time, which is as long as half of a question's products take. The same figures.
    """

    def __init__(self, weight: "Tensor", bias: "Tensor") -> None:
        import torch

        self._weight, self._bias = torch.ops.mkldnn._reorder_linear_weight(weight.bfloat16()), bias

    def __call__(self, values: "Tensor") -> "Tensor":
        import torch

        said: Tensor = torch.ops.mkldnn._linear_pointwise(values.bfloat16(), self._weight, self._bias, "none", [], "")
        return said.float()


def _in_own_precision(weight: "Tensor", bias: "Tensor") -> Map:
    import torch

    arranged = bias.dtype == torch.bfloat16 and _has_kernels()
    return (_InBfloat16 if arranged else _AsItCame)(weight, bias)


def _has_kernels() -> bool:
    """Whether this build of torch has them, and this processor what they are made of."""
    import torch

    has_them: bool = hasattr(torch.ops.mkldnn, "_linear_pointwise") and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return has_them


def _layer(own: Any, prefix: str, build: Callable[["Tensor", "Tensor"], Map], changes: Changes) -> Layer:
    """``build``: of weights ``[out, in]`` and bias ``[out]``."""

    def joined(*names: str) -> Map:
        import torch

        maps = [own.get_submodule(name) for name in names]
        weights = [
            _changed(one.weight.detach(), f"{prefix}.{name}", changes) for one, name in zip(maps, names, strict=True)
        ]
        biases = [one.bias.detach() for one in maps]
        if len(maps) == 1:  # The model's own weights, where nothing is added to them: no copy here.
            return build(weights[0], biases[0])
        return build(torch.cat(weights), torch.cat(biases))

    return Layer(
        attended=joined("attention.self.query", "attention.self.key", "attention.self.value"),
        after_attention=joined("attention.output.dense"),
        attention_norm=_norm(own.attention.output.LayerNorm),
        inner=joined("intermediate.dense"),
        outer=joined("output.dense"),
        norm=_norm(own.output.LayerNorm),
    )


def _changed(weight: "Tensor", name: str, changes: Changes) -> "Tensor":
    """The model's own, or in float32 with what is added to it."""
    import torch

    if f"{name}.up" not in changes:
        return weight
    return weight.float() + torch.from_numpy(changes[f"{name}.up"] @ changes[f"{name}.down"])


def _norm(own: Any) -> Map:
    """In float32, whatever the model's precision."""
    from torch.nn.functional import layer_norm

    weight, bias, epsilon = own.weight.detach().float(), own.bias.detach().float(), own.eps
    return lambda values: layer_norm(values, weight.shape, weight, bias, epsilon)
