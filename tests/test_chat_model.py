"""The client of an LLM: what it gives, what it costs to wait for, what it says when it fails."""

import time
from collections.abc import Sequence
from contextlib import aclosing

import anyio
import pytest
from scripted_llm import (
    FAULTS,
    HEAD,
    SHORT,
    Hang,
    Request,
    ScriptedLlm,
    Step,
    broken,
    chat,
    llm,
    piece,
    saying,
    says,
    status,
)

from evals.benchmarks.scripted_llm import DONE, finish
from rag.breaker import Breaker
from rag.chat_events import ChatEvents, Usage
from rag.chat_model import OpenAIChat, open_chat
from rag.errors import ConfigurationError, LlmError
from rag.prompt import Message
from rag.settings import Settings

ASKED = (Message(role="user", content="Where?"),)


def asked(model: OpenAIChat) -> list[str | Usage]:
    async def read() -> list[str | Usage]:
        return [one async for one in model.stream(ASKED)]

    return anyio.run(read)


def test_text_comes_in_pieces_and_the_counts_last() -> None:
    with saying("Here it is.") as server:
        assert asked(chat(server.base_url)) == ["Here", " it", " is.", Usage(prompt_tokens=100, completion_tokens=3)]


def test_comments_and_other_fields_are_skipped() -> None:
    with llm(HEAD, b": busy\n\n", b"event: x\nid: 3\n", piece("Here."), b"\r\n", finish(), DONE) as server:
        assert asked(chat(server.base_url)) == ["Here."]


def test_counts_that_do_not_come_are_not_waited_for() -> None:
    with llm(HEAD, piece("Here."), finish(), Hang()) as server:
        began = time.monotonic()
        assert asked(chat(server.base_url)) == ["Here."]
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_it_does_not_matter_where_bytes_are_cut(cut: int) -> None:
    data = b"".join(step for step in says("Hé, 漢字 ok.")[1:] if isinstance(step, bytes))
    events = ChatEvents()
    found = [one for at in range(0, len(data), cut) for one in events.feed(data[at : at + cut])]
    assert (found[:-1], events.is_done) == (["Hé,", " 漢字", " ok."], True)


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (status(401), "refuses the key. Set KILDE_LLM_API_KEY"),
        (status(404), "knows no such address or model"),
        (status(429), "takes no more requests"),
        (status(500), "status 500"),
        ([HEAD.replace(b"text/event-stream", b"text/html")], "sends text/html"),
        (broken("a b", 1, b"data: {}\n\n"), "no choices"),
        (broken("a b", 1, b'data: {"choices": 3}\n\n'), "not what it should be"),
        (broken("a b", 1, b"data: \xff\n\n"), "not what it should be"),
        (broken("a b", 2), "before its finish_reason"),
        ([Hang()], "too long to begin"),
        (broken("a b", 1, Hang()), "fallen silent"),
    ],
)
def test_every_failure_says_what_is_wrong(steps: Sequence[Step], said: str) -> None:
    with llm(*steps) as server, pytest.raises(LlmError, match=said) as caught:
        asked(chat(server.base_url))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/v1", "https://127.0.0.1:1/v1", "http://name.invalid/v1", "nonsense"]
)
def test_an_endpoint_that_cannot_be_reached_is_named(url: str) -> None:
    with pytest.raises(LlmError, match="cannot be reached"):
        asked(chat(url))


def test_no_fault_is_anything_but_an_llm_error() -> None:
    for fault in FAULTS.values():
        with llm(*fault("One two three four.", 2)) as server, pytest.raises(LlmError):
            asked(chat(server.base_url))


def test_a_failure_after_the_first_piece_is_not_tried_again() -> None:
    with llm(*broken("a b", 1)) as server, pytest.raises(LlmError):
        asked(chat(server.base_url))
    assert len(server.requests) == 1


def test_credentials_in_the_address_are_not_told() -> None:
    with pytest.raises(LlmError) as caught:
        asked(chat("http://user:hidden@127.0.0.1:1/v1"))
    assert "hidden" not in str(caught.value)


def test_failures_in_a_row_leave_the_endpoint_alone_for_a_while() -> None:
    now = 0.0
    breaker = Breaker(failures=2, pause_s=30.0, clock=lambda: now)
    replies = [status(401), status(401), status(401), says("Here.")]

    def script(request: Request) -> list[Step]:
        return replies[min(len(server.requests), len(replies)) - 1]

    with ScriptedLlm(script) as server:
        model = chat(server.base_url, breaker=breaker)
        for said in ("refuses the key", "refuses the key", "left alone"):
            with pytest.raises(LlmError, match=said):
                asked(model)
        assert len(server.requests) == 2
        now = 31.0
        with pytest.raises(LlmError, match="refuses the key"):
            asked(model)
        with pytest.raises(LlmError, match="left alone"):
            asked(model)
        now = 62.0
        assert asked(model)[0] == asked(model)[0] == "Here."


def test_a_reader_who_leaves_is_no_failure() -> None:
    async def leave(model: OpenAIChat) -> None:
        async with aclosing(model.stream(ASKED)) as pieces:
            async for _ in pieces:
                return

    with llm(HEAD, piece("a"), Hang()) as server:
        model = chat(server.base_url, breaker=Breaker(failures=1))
        anyio.run(leave, model)
        anyio.run(leave, model)
    assert len(server.requests) == 2


def test_no_more_requests_are_made_at_once_than_allowed() -> None:
    async def crowd(model: OpenAIChat) -> list[str]:
        ended = []

        async def one() -> None:
            try:
                ended.append("".join([str(piece) async for piece in model.stream(ASKED) if isinstance(piece, str)]))
            except LlmError as exc:
                ended.append(str(exc))

        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(one)
        return ended

    with llm(HEAD, *([piece("a"), 0.15] * 4), finish(), DONE) as server:
        ended = anyio.run(crowd, chat(server.base_url, SHORT, at_once=2))
        assert len(server.requests) == 2
    assert [text for text in ended if "all requests that may be made at once" in text] == [*{*ended} - {"aaaa"}]


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (Settings(llm_base_url="http://127.0.0.1:1/v1"), "set KILDE_LLM_MODEL"),
        (Settings(llm_model="m"), "set KILDE_LLM_BASE_URL"),
    ],
)
def test_a_missing_setting_is_named(settings: Settings, missing: str) -> None:
    with pytest.raises(ConfigurationError, match=missing):
        open_chat(settings)


def test_the_settings_open_an_endpoint() -> None:
    with saying("Here.") as server:
        model = open_chat(Settings(llm_base_url=server.base_url, llm_model="m"))
        assert (model.name, asked(model)[0]) == ("m", "Here.")
    assert server.requests[0]["model"] == "m"
