"""The model that reads question and sentence together: as it was trained, in whole numbers or not, alone or not."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import index.encoder
import index.pair_reader as module
from evals.benchmarks.pair_training import Example, PairReader, Seen, train
from index.bundled_model import ensure_unpacked
from index.encoder import SentenceEncoder
from index.pair_reader import MAX_TOKENS

QUESTION = "Where does the heron fish?"
TEXTS = ["The tern fishes at sea.", "The heron fishes in the canal.", "Nine crowns."]
EXAMPLE = Example(QUESTION, tuple(Seen(text, 1.0 - n, n == 1) for n, text in enumerate(TEXTS)))

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def bundled(model_dir: Path) -> SentenceEncoder:
    return SentenceEncoder("bundled", model_dir)


def said(encoder: SentenceEncoder, texts: list[str]) -> NDArray[np.float32]:
    found = encoder.read_pairs(QUESTION, texts)
    assert found is not None
    return found


def test_a_sentence_that_answers_is_told_from_others_in_any_language(bundled: SentenceEncoder) -> None:
    texts = ["The battery is charged in Ghent.", "Die Batterie wird in Gent geladen.", "It rained on Sunday."]
    found = bundled.read_pairs("Where is the battery charged?", texts)
    assert found is not None
    own, german, other = found
    assert (own > german).all()
    assert (german > other).all()


def test_a_sentence_of_another_language_that_answers_is_told_from_others(bundled: SentenceEncoder) -> None:
    texts = ["Die Batterie wird in Gent geladen.", "La batterie pèse 300 kilos.", "Am Sonntag hat es geregnet."]
    found = bundled.read_across("Where is the battery charged?", texts)
    assert found is not None
    assert (found[0] > found[1:]).all()


def test_what_reads_across_languages_is_another_than_what_reads_for_answers(bundled: SentenceEncoder) -> None:
    across = bundled.read_across(QUESTION, TEXTS)
    assert across is not None
    assert np.abs(across - said(bundled, TEXTS)).max() > 0.1


def test_training_can_go_on_from_what_ships(model_dir: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = str(ensure_unpacked(model_dir))
    reader = PairReader(SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32}))
    reader.begin_from(module.bundled_fit(module.ACROSS))
    for name, value in reader.fitted().items():
        np.testing.assert_array_equal(value, module.bundled_fit(module.ACROSS)[name].astype(np.float16))


def test_what_is_read_in_company_is_read_as_alone(bundled: SentenceEncoder) -> None:
    together = said(bundled, TEXTS)
    assert together.shape == (len(TEXTS), 2)
    for text, row in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(said(bundled, [text])[0], row, atol=1e-3)


def test_no_texts_are_not_read_and_of_a_long_one_the_end_is_not(bundled: SentenceEncoder) -> None:
    assert bundled.read_pairs(QUESTION, []) is None
    long = "heron " * MAX_TOKENS
    np.testing.assert_array_equal(said(bundled, [long]), said(bundled, [long + "Nine crowns."]))


@pytest.fixture(scope="module")
def trained(model_dir: Path) -> PairReader:
    """A little, so that what it says is of the size that matters."""
    from sentence_transformers import SentenceTransformer

    torch.manual_seed(0)
    folder = str(ensure_unpacked(model_dir))
    reader = PairReader(SentenceTransformer(folder, device="cpu", model_kwargs={"dtype": torch.float32}))
    assert (_said_in_training(reader) == 0).all()
    train(reader, iter([[EXAMPLE]] * 40), 40, np.random.default_rng(0))
    return reader


def _said_in_training(reader: PairReader) -> NDArray[np.float32]:
    with torch.inference_mode():
        found: NDArray[np.float32] = reader([(QUESTION, TEXTS)]).numpy()
    return found


def test_training_teaches_what_answers(trained: PairReader) -> None:
    added, answers = _said_in_training(trained).T
    assert int(np.argmax(added + np.array([one.score for one in EXAMPLE.seen]))) == 1
    assert answers[1] > 0 > max(answers[0], answers[2])


@pytest.fixture
def ships(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[PairReader], None]]:
    """Makes a trained reader the one that ships."""

    def take(reader: PairReader) -> None:
        fitted = {name: value.astype(np.float32) for name, value in reader.fitted().items()}
        monkeypatch.setattr(module, "bundled_fit", lambda _name: fitted)

    return take


@pytest.mark.parametrize("in_8_bits", [True, False])
@pytest.mark.parametrize("bfloat16", [True, False])
def test_the_product_reads_as_what_was_trained(
    model_dir: Path,
    monkeypatch: pytest.MonkeyPatch,
    trained: PairReader,
    ships: Callable[[PairReader], None],
    in_8_bits: bool,
    bfloat16: bool,
) -> None:
    ships(trained)
    monkeypatch.setattr(index.encoder, "has_8_bit_products", lambda: in_8_bits)
    monkeypatch.setattr(index.encoder, "has_bfloat16", lambda: bfloat16)
    expected = _said_in_training(trained)
    found = said(SentenceEncoder("bundled", model_dir), TEXTS)
    assert np.abs(found - expected).mean() < 0.03 * np.abs(expected).mean() + 0.05
