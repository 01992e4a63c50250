"""The protocol as a real server speaks it: ``transformers serve``, with a model of one layer made here.

It has not learnt a word, so that nothing it writes can be verified; it streams, counts and ends as large ones do.
"""

from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest
from real_llm_server import NEEDED, TEMPLATE, WHY_NOT, served
from scripted_llm import PROMPT_TOKENS, ended, notices
from small_answering import ASKED, FACT, FixedSearch, found

from rag.answer import Answering
from rag.chat_events import Ended
from rag.chat_model import OpenAIChat
from rag.chat_trial import trial
from rag.conversations import Conversations
from rag.prompt import Message
from rag.records import Event, Question
from rag.writing import Writer

pytestmark = [
    pytest.mark.sqlite_alone,
    pytest.mark.service,
    pytest.mark.slow,
    pytest.mark.skipif(bool(NEEDED), reason=WHY_NOT),
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with weights by chance and a tokenizer of bytes."""
    import torch
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("model")
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: place for place, token in enumerate(["<s>", "</s>", *letters])}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    wrapped = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="</s>")
    wrapped.chat_template = TEMPLATE
    wrapped.save_pretrained(folder)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=16_384,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    LlamaForCausalLM(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def base_url(model: Path) -> Iterator[str]:
    with served(model) as url:
        yield url


def test_it_streams_text_and_counts_tokens(base_url: str, model: Path) -> None:
    async def read() -> list[str | Ended]:
        return [one async for one in OpenAIChat(base_url, str(model)).stream([Message(role="user", content="Where?")])]

    *pieces, end = anyio.run(read)
    assert len(pieces) > 1
    assert all(isinstance(piece, str) and piece for piece in pieces)
    assert isinstance(end, Ended)
    assert end.usage is not None
    assert end.usage.prompt_tokens == len("user: Where?\nassistant: ")
    assert (end.usage.completion_tokens or 0) > 1


def test_a_model_that_is_not_there_is_named(base_url: str) -> None:
    state, message = trial(OpenAIChat(base_url, "no/such-model"))
    assert state == "fail"
    assert base_url in message


@pytest.mark.usefixtures("by_late_interaction_alone")
def test_a_turn_asks_it_and_shows_quotes_for_what_it_makes_up(
    base_url: str, model: Path, conversations: Conversations
) -> None:
    writer = Writer(OpenAIChat(base_url, str(model)), lambda: None, PROMPT_TOKENS)
    turns = Answering(FixedSearch(found(FACT)), conversations, writer=writer)

    async def told() -> list[Event]:
        return [event async for event in turns.events(Question(question=ASKED))]

    events = anyio.run(told)
    answer = ended(events)
    assert (answer.composer, answer.citations[0].quote) == ("extractive", FACT)
    assert "llm_unsupported" in notices(events)
    assert answer.written is not None
    assert (answer.written.prompt_tokens or 0) > 1000
