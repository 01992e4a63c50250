"""The client of an LLM where it fails: what it says then, how long it waits, and when it leaves the endpoint alone."""

import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack, aclosing

import anyio
import pytest
from asking_llm import ASKED, COUNTED, asked, crowd, text_of
from scripted_llm import (
    FAULTS,
    HEAD,
    PATIENT,
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
from rag.chat_events import Ended
from rag.chat_model import OpenAIChat
from rag.errors import LlmError
from rag.patience import Deadlines, Patience


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


def test_a_probe_that_nobody_waited_for_is_given_back() -> None:
    breaker = Breaker(failures=1, pause_s=30.0, clock=lambda: now)
    now = 0.0

    async def leave(model: OpenAIChat) -> None:
        with anyio.move_on_after(0.1):
            async with aclosing(model.stream(ASKED)) as pieces:
                async for _ in pieces:
                    raise AssertionError("nothing was sent")

    replies = [status(500), status(500), [HEAD, Hang()], says("Here.")]
    with ScriptedLlm(lambda request: replies[len(server.requests) - 1]) as server:
        model = chat(server.base_url, breaker=breaker)
        with pytest.raises(LlmError, match="status 500"):
            asked(model)
        now = 31.0
        anyio.run(leave, model)
        assert asked(model)[0] == "Here."


def test_an_endpoint_that_begins_and_falls_silent_each_time_is_left_alone_too() -> None:
    with llm(HEAD, piece("a"), Hang()) as server:
        model = chat(server.base_url, breaker=Breaker(failures=2))
        for said in ("fallen silent", "fallen silent", "left alone"):
            with pytest.raises(LlmError, match=said):
                asked(model)


@pytest.mark.parametrize(
    ("steps", "is_outage"),
    [
        (status(401), True),
        (status(403), True),
        (status(404), True),
        (status(500), True),
        (status(503), True),
        ([Hang()], True),
        (status(400), False),
        (status(422), False),
        (status(429), False),
        (broken("a b", 1), False),
        (broken("a b", 1, b"data: busy\n\n"), False),
        (says("Here."), False),
    ],
)
def test_only_an_outage_keeps_others_from_asking(steps: Sequence[Step], is_outage: bool) -> None:
    breaker = Breaker(failures=1)
    with llm(*steps) as server:
        anyio.run(text_of, chat(server.base_url, breaker=breaker))
    assert breaker.may_try() != is_outage


def test_what_a_reader_does_meanwhile_is_no_silence_of_the_llm() -> None:
    async def slowly(model: OpenAIChat) -> list[str | Ended]:
        found = []
        async for one in model.stream(ASKED):
            found.append(one)
            await anyio.sleep(1.1)
        return found

    with saying("Here it is.") as server:
        breaker = Breaker(failures=1)
        assert anyio.run(slowly, chat(server.base_url, Deadlines(gap_s=1.0), breaker=breaker)) == [
            "Here",
            " it",
            " is.",
            COUNTED,
        ]
        assert breaker.may_try()


def test_all_requests_of_a_turn_have_one_time_together() -> None:
    patience = Patience()
    with llm(HEAD, 0.8, piece("a"), finish(), DONE) as server:
        model = chat(server.base_url, Deadlines(total_s=1.5))
        assert asked(model, patience)[0] == "a"
        with pytest.raises(LlmError, match="too long"):
            asked(model, patience)


def test_a_turn_may_have_less_time_than_the_endpoint() -> None:
    began = time.monotonic()
    with llm(Hang()) as server, pytest.raises(LlmError, match="too long to begin"):
        asked(chat(server.base_url, Deadlines()), Patience(0.2))
    assert time.monotonic() - began < Deadlines().first_s


@pytest.mark.parametrize("refusal", [400, 422])
def test_every_one_of_many_first_requests_is_made_again_without_options(refusal: int) -> None:
    def script(request: Request) -> list[Step]:
        return [0.05, *status(refusal)] if "temperature" in request else says("Here.")

    with ScriptedLlm(script) as server:
        model = chat(server.base_url, PATIENT)
        assert anyio.run(crowd, model, 5) == ["Here."] * 5
        assert asked(model)[0] == "Here."
    assert "temperature" not in server.requests[-1]
    assert len(server.requests) == 11


@pytest.mark.parametrize("refusal", [400, 422])
def test_a_request_that_is_refused_in_any_case_takes_no_options_from_others(refusal: int) -> None:
    replies = [status(refusal), status(refusal), says("Here.")]
    with ScriptedLlm(lambda request: replies[len(server.requests) - 1]) as server:
        model = chat(server.base_url, PATIENT)
        with pytest.raises(LlmError, match=f"refuses the request .status {refusal}.: .*no"):
            asked(model)
        asked(model)
    assert ["temperature" in request for request in server.requests] == [True, False, True]


def paused(seconds: float) -> list[Step]:
    (whole,) = status(429)
    assert isinstance(whole, bytes)
    return [whole.replace(b"Connection", f"Retry-After: {seconds}\r\nConnection".encode(), 1)]


def test_a_short_pause_that_the_endpoint_asks_for_is_kept() -> None:
    replies = [paused(0.3), says("Here.")]
    with ScriptedLlm(lambda request: replies[len(server.requests) - 1]) as server:
        began = time.monotonic()
        assert asked(chat(server.base_url, PATIENT))[0] == "Here."
    assert time.monotonic() - began > 0.3


def test_a_long_pause_is_kept_by_all() -> None:
    now = 0.0
    with llm(*paused(20)) as server:
        model = chat(server.base_url, breaker=Breaker(clock=lambda: now))
        for said in ("takes no more requests", "left alone"):
            with pytest.raises(LlmError, match=said):
                asked(model)
        assert len(server.requests) == 1
        now = 21.0
        with pytest.raises(LlmError, match="takes no more requests"):
            asked(model)


def test_a_connection_that_does_not_come_about_is_tried_once_more() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full, ExitStack() as stack:
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        began = time.monotonic()
        with pytest.raises(LlmError, match="too long to connect"):
            asked(chat(f"http://127.0.0.1:{full.getsockname()[1]}/v1", Deadlines(connect_s=0.2)))
    assert 0.4 < time.monotonic() - began < Deadlines().first_s


def test_no_more_requests_are_made_at_once_than_allowed() -> None:
    with llm(HEAD, *([piece("a"), 0.15] * 4), finish(), DONE) as server:
        ended = anyio.run(crowd, chat(server.base_url, SHORT, at_once=2), 3)
        assert len(server.requests) == 2
    assert [text for text in ended if "all requests that may be made at once" in text] == [*{*ended} - {"aaaa"}]
