"""The client of an LLM: what it reads out of what an endpoint sends."""

import time

import pytest
from asking_llm import COUNTED, asked
from scripted_llm import (
    HEAD,
    PATIENT,
    Hang,
    chat,
    llm,
    piece,
    saying,
    says,
)

from evals.benchmarks.scripted_llm import DONE, event, finish
from rag.chat_events import ChatEvents, Ended, Usage
from rag.chat_model import open_chat
from rag.errors import ConfigurationError, LlmError
from rag.patience import Deadlines
from rag.settings import Settings


def test_text_comes_in_pieces_and_the_counts_last() -> None:
    with saying("Here it is.") as server:
        assert asked(chat(server.base_url, PATIENT)) == ["Here", " it", " is.", COUNTED]


def test_comments_and_other_fields_are_skipped() -> None:
    with llm(HEAD, b": busy\n\n", b"event: x\nid: 3\n", piece("Here."), b"\r\n", finish(), DONE) as server:
        assert asked(chat(server.base_url, PATIENT)) == ["Here.", Ended()]


def test_counts_that_do_not_come_are_not_waited_for() -> None:
    with llm(HEAD, piece("Here."), finish(), Hang()) as server:
        began = time.monotonic()
        assert asked(chat(server.base_url, PATIENT)) == ["Here.", Ended()]
    assert time.monotonic() - began < 2


def told(*chunks: object) -> str:
    """The text of a stream of these, to its end."""
    events = ChatEvents()
    found = [
        one for chunk in (*chunks, DONE) for one in events.feed(chunk if isinstance(chunk, bytes) else event(chunk))
    ]
    events.end()
    return "".join(found)


def chunk(text: object, reason: str | None = None, index: int = 0) -> dict[str, object]:
    return {"choices": [{"index": index, "delta": {"content": text}, "finish_reason": reason}]}


def test_a_reason_that_is_empty_ends_nothing() -> None:
    assert told(chunk("One", ""), chunk(" two", ""), chunk("", "stop")) == "One two"
    with pytest.raises(ValueError, match="before its finish_reason"):
        told(chunk("One", ""))


@pytest.mark.parametrize("reason", ["abort", "insufficient_system_resource", "error", "content_filter"])
def test_an_answer_that_ended_for_any_other_reason_than_its_end_is_broken_off(reason: str) -> None:
    with pytest.raises(ValueError, match="ended it"):
        told(chunk("One"), chunk("", reason))


@pytest.mark.parametrize("reason", ["stop", "end_turn", "eos_token", "length", "max_tokens"])
def test_the_usual_reasons_end_it(reason: str) -> None:
    assert told(chunk("One", reason)) == "One"


def test_a_text_in_parts_is_joined_without_what_is_no_text() -> None:
    parts = [{"type": "thinking", "thinking": []}, {"type": "text", "text": "One"}, {"type": "text", "text": " two"}]
    assert told(chunk(parts), chunk("", "stop")) == "One two"


def test_of_several_choices_the_first_is_read() -> None:
    assert told(chunk("Two", index=1), chunk("One"), chunk("", "stop", 1), chunk("", "stop")) == "One"


def test_a_byte_order_mark_hides_nothing() -> None:
    assert told(b"\xef\xbb\xbf" + event(chunk("One", "stop"))) == "One"


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_it_does_not_matter_where_bytes_are_cut(cut: int) -> None:
    data = b"".join(step for step in says("Hé, 漢字 ok.")[1:] if isinstance(step, bytes))
    events = ChatEvents()
    found = [one for at in range(0, len(data), cut) for one in events.feed(data[at : at + cut])]
    assert (found, events.is_done) == (["Hé,", " 漢字", " ok."], True)


@pytest.mark.parametrize("dripping", [b": busy\n\n", piece(""), finish()])
def test_what_drips_behind_the_end_of_the_text_is_not_waited_for(dripping: bytes) -> None:
    began = time.monotonic()
    with llm(HEAD, piece("Here."), finish(), *([dripping, 0.03] * 2000)) as server:
        assert asked(chat(server.base_url, PATIENT)) == ["Here.", Ended()]
    assert time.monotonic() - began < 30


@pytest.mark.parametrize(
    "behind",
    [
        b'data: {"choices": [{"del\n\n',
        b"data: busy\n\n",
        b'data: {"usage": null}\n\n',
        b'data: {"type": "ping"}\n\n',
        b'data: {"object": "error"}\n\n',
        b"data: " + b"x" * 300_000,
    ],
)
def test_nothing_behind_the_end_of_the_text_throws_it_away(behind: bytes) -> None:
    with llm(HEAD, piece("Here."), finish(), behind) as server:
        assert asked(chat(server.base_url, PATIENT)) == ["Here.", Ended()]


def test_of_counts_that_come_with_every_piece_the_last_ones_hold() -> None:
    def counted(text: str, tokens: int | None) -> bytes:
        usage = {"prompt_tokens": 9, "completion_tokens": tokens}
        return event({"choices": [{"delta": {"content": text}}], "usage": usage})

    with llm(HEAD, counted("a", None), counted("b", 1), counted("c", 2), finish(), DONE) as server:
        *text, end = asked(chat(server.base_url, PATIENT))
    assert (text, end) == (["a", "b", "c"], Ended(usage=Usage(prompt_tokens=9, completion_tokens=2)))


def test_a_text_that_was_cut_off_for_its_length_is_said_to_be() -> None:
    with llm(HEAD, piece("Here"), finish("length"), DONE) as server:
        assert asked(chat(server.base_url, PATIENT)) == ["Here", Ended(is_cut_off=True)]


def test_reasoning_is_no_text() -> None:
    with llm(HEAD, *([piece("<think>"), *[piece("hm"), 0.1] * 10]), piece("</think>Here."), finish(), DONE) as server:
        with pytest.raises(LlmError, match="too long"):
            asked(chat(server.base_url))
        assert asked(chat(server.base_url, Deadlines())) == ["Here.", Ended()]


def test_a_reply_without_end_is_given_up() -> None:
    flood = [b": " + b"x" * 65_534 + b"\n"] * 600
    with llm(HEAD, *flood) as server, pytest.raises(LlmError, match="a reply of more than"):
        asked(chat(server.base_url, Deadlines()))


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
