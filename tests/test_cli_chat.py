"""``kilde chat``, with turns that are written down, and the way an asynchronous runtime is stepped through."""

import io
from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER, QUOTE, TEXT, turn
from fake_runtime import FakeRuntime, installed

from rag.cli import run
from rag.errors import BusyError
from rag.in_process import InProcess
from rag.records import MessageEnd, MessageStart, Notice, PhaseStatus, Question, StreamError, TextDelta


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    return installed(monkeypatch, tmp_path)


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """What the reader types."""
    stdin = io.StringIO()
    monkeypatch.setattr("sys.stdin", stdin)
    return stdin


def enter(typed: io.StringIO, *lines: str) -> None:
    typed.write("".join(line + "\n" for line in lines))
    typed.seek(0)


def test_a_turn_shows_its_text_and_then_its_sources(
    runtime: FakeRuntime, typed: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    enter(typed, ANSWER.question)
    assert run(["chat"]) == 0
    assert capsys.readouterr().out.startswith(f"{TEXT}\n\nSources\n[1] The harbour bridge")


def test_the_next_turn_belongs_to_the_same_conversation(runtime: FakeRuntime, typed: io.StringIO) -> None:
    enter(typed, "Wie viele?", "Und wann?")
    run(["chat", "--lang", "de"])
    assert runtime.calls == [
        Question(question="Wie viele?", answer_lang="de"),
        Question(question="Und wann?", answer_lang="de", conversation_id="c1"),
    ]


def test_an_empty_line_ends_the_conversation(runtime: FakeRuntime, typed: io.StringIO) -> None:
    enter(typed, "Wie viele?", "", "Und wann?")
    assert run(["chat"]) == 0
    assert len(runtime.calls) == 1


def test_a_rewritten_question_is_shown(
    runtime: FakeRuntime, typed: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    rewritten = msgspec.structs.replace(ANSWER, standalone_question="Wann wurde die Brücke eröffnet?")
    runtime.script = turn(rewritten)
    enter(typed, "Und wann?")
    run(["chat"])
    assert capsys.readouterr().out.splitlines()[0] == "→ Wann wurde die Brücke eröffnet?"


def test_text_is_shown_in_the_pieces_in_which_it_comes(
    runtime: FakeRuntime, typed: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    bare = msgspec.structs.replace(ANSWER, sources=(), citations=(), followups=())
    runtime.script = (TextDelta(text="One\x1b"), TextDelta(text=" two."), MessageEnd(answer=bare))
    enter(typed, "?!a")
    run(["chat"])
    assert capsys.readouterr().out == "One\ufffd two.\n"


def test_notices_go_to_stderr(runtime: FakeRuntime, typed: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.script = (Notice(code="llm_unavailable", message="The extract takes over."), *turn())
    enter(typed, "Wie viele?")
    run(["chat"])
    shown = capsys.readouterr()
    assert "kilde: The extract takes over.\n" in shown.err
    assert "extract" not in shown.out


@pytest.mark.parametrize(
    "script",
    [
        (TextDelta(text="One"), StreamError(code="busy", message="Too many at once.", retryable=True)),
        (BusyError("Too many at once."),),
    ],
)
def test_a_turn_that_fails_is_reported_and_the_conversation_goes_on(
    script: tuple[StreamError | BusyError, ...],
    runtime: FakeRuntime,
    typed: io.StringIO,
    capsys: pytest.CaptureFixture[str],
) -> None:
    runtime.script = script
    enter(typed, "Wie viele?", "Und wann?")
    assert run(["chat"]) == 1
    assert capsys.readouterr().err.count("kilde: Too many at once.\n") == 2
    assert len(runtime.calls) == 2


def test_a_question_too_long_to_ask_ends_no_conversation(runtime: FakeRuntime, typed: io.StringIO) -> None:
    enter(typed, "a" * 5000, "Wie viele?")
    assert run(["chat"]) == 1
    assert [call.question for call in runtime.calls if isinstance(call, Question)] == ["Wie viele?"]


def test_events_come_while_the_turn_goes_on() -> None:
    runtime = FakeRuntime((PhaseStatus(phase="searching"), 30.0, MessageEnd(answer=ANSWER)))
    with InProcess(runtime) as engine:
        events = engine.events(Question(question="?"))
        assert next(events) == PhaseStatus(phase="searching")


@pytest.mark.timeout(10)
def test_a_turn_that_is_left_early_is_closed() -> None:
    runtime = FakeRuntime((*turn()[:1], 30.0))
    with InProcess(runtime) as engine:
        events = engine.events(Question(question="?"))
        assert isinstance(next(events), MessageStart)
        events.close()  # type: ignore[attr-defined]
        assert runtime.closed == 1


def test_an_exception_within_a_turn_arrives() -> None:
    with (
        InProcess(FakeRuntime((*turn()[:1], BusyError("later")))) as engine,
        pytest.raises(BusyError, match="later"),
    ):
        list(engine.events(Question(question="?")))


def test_the_quote_of_the_answer_stands_under_its_source(
    runtime: FakeRuntime, typed: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    enter(typed, "Wie viele?")
    run(["chat"])
    assert f"    “{QUOTE}”" in capsys.readouterr().out.splitlines()
