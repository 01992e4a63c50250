"""A sentence-transformers cross-encoder is loaded from a folder and orders passages; what cannot be is refused."""

from pathlib import Path

import pytest

from index.errors import ConfigurationError
from index.reranker import CrossEncoderReranker

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "where", "heron", "the", "stands", "price")


def tiny_model(folder: Path, labels: int) -> str:
    """Untrained, of one layer: enough to be loaded and run."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizerFast

    folder.mkdir()
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=8,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=64,
        num_labels=labels,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    return str(folder)


@pytest.mark.slow
def test_a_folder_with_a_cross_encoder_scores_each_passage_by_itself(tmp_path: Path) -> None:
    reranker = CrossEncoderReranker(tiny_model(tmp_path / "tiny", labels=1))
    together = reranker.scores("where the heron", ["the heron stands", "the price"])
    apart = [reranker.scores("where the heron", [one])[0] for one in ("the heron stands", "the price")]
    assert together.tolist() == pytest.approx(apart, abs=1e-5)
    assert together[0] != together[1]
    assert reranker.scores("where", []).shape == (0,)


@pytest.mark.slow
def test_a_model_with_several_outputs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no single score"):
        CrossEncoderReranker(tiny_model(tmp_path / "three", labels=3))


@pytest.mark.slow
def test_a_folder_without_a_model_is_refused_by_the_name_of_its_setting(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="KILDE_RERANKER_MODEL"):
        CrossEncoderReranker(str(tmp_path))
