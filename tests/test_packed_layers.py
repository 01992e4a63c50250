"""The model's layers over texts without padding: as the model library has them."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from index.bundled_model import ensure_unpacked
from index.encoder import has_bfloat16
from index.packed_layers import PackedLayers, _AsItCame, _has_kernels, _InBfloat16

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

TEXTS = ("query: Where does the heron fish?", "query: مرحبا", "query: どこで魚を捕りますか。", "query: a")

pytestmark = pytest.mark.model


def load(model_dir: Path, dtype: torch.dtype) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(ensure_unpacked(model_dir)), device="cpu", model_kwargs={"dtype": dtype})


@pytest.mark.parametrize(
    ("dtype", "in_8_bits", "least"),
    [(torch.float32, False, 0.999999), (torch.bfloat16, False, 0.999), (torch.float32, True, 0.99)],
)
def test_every_token_has_the_vector_that_the_library_gives_it_alone(
    model_dir: Path, dtype: torch.dtype, in_8_bits: bool, least: float
) -> None:
    model = load(model_dir, torch.float32)
    ids = [model.tokenizer(text)["input_ids"] for text in TEXTS]
    layers = PackedLayers(load(model_dir, dtype), in_8_bits=in_8_bits)
    with torch.inference_mode():
        together = torch.split(layers(ids), [len(one) for one in ids])
        for text, hidden in zip(TEXTS, together, strict=True):
            alone = model(dict(model.tokenizer(text, return_tensors="pt")))["token_embeddings"][0]
            assert hidden.shape == alone.shape
            assert torch.cosine_similarity(hidden, alone).min() >= least


@pytest.mark.skipif(not has_bfloat16(), reason="this processor does not multiply bfloat16")
def test_weights_that_are_arranged_once_give_the_same_figures_bit_for_bit() -> None:
    assert _has_kernels()
    chance = torch.Generator().manual_seed(0)
    weight, bias = (torch.randn(*shape, generator=chance).bfloat16() for shape in ((96, 64), (96,)))
    arranged, as_it_came = _InBfloat16(weight, bias), _AsItCame(weight, bias)
    with torch.inference_mode():
        for rows in (1, 20, 400):
            values = torch.randn(rows, 64, generator=chance)
            assert torch.equal(arranged(values), as_it_came(values))


def test_fewer_layers_are_the_lowest(model_dir: Path) -> None:
    model = load(model_dir, torch.float32)
    inputs = model.tokenizer(TEXTS[0], return_tensors="pt")
    with torch.inference_mode():
        expected = model[0].auto_model(**inputs, output_hidden_states=True).hidden_states[3][0]  # type: ignore[operator]
        found = PackedLayers(model, count=3)(inputs["input_ids"].tolist())
    np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-4)


def test_what_is_added_to_a_map_is_as_if_the_model_had_it(model_dir: Path) -> None:
    model, rng = load(model_dir, torch.float32), np.random.default_rng(0)
    changes = {}
    for name in ("attention.self.key", "intermediate.dense"):
        own = model[0].auto_model.encoder.layer[1].get_submodule(name)  # type: ignore[operator, union-attr]
        changes[f"encoder.layer.1.{name}.up"] = rng.normal(size=(own.out_features, 2)).astype(np.float32) / 9
        changes[f"encoder.layer.1.{name}.down"] = rng.normal(size=(2, own.in_features)).astype(np.float32) / 9
    ids = model.tokenizer(TEXTS[0])["input_ids"]
    with torch.inference_mode():
        found, before = PackedLayers(model, changes=changes)([ids]), PackedLayers(model)([ids])
        for name in ("attention.self.key", "intermediate.dense"):
            own = model[0].auto_model.encoder.layer[1].get_submodule(name)  # type: ignore[operator, union-attr]
            parts = (changes[f"encoder.layer.1.{name}.{part}"] for part in ("up", "down"))
            own.weight += torch.from_numpy(np.matmul(*parts))
        np.testing.assert_allclose(found.numpy(), PackedLayers(model)([ids]).numpy(), atol=1e-4)
    assert np.abs((found - before).numpy()).max() > 0.01
