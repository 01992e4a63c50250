"""The commands that read the index, with a runtime whose answers are written down."""

import io
import json
import sys
from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER, CITATION, QUOTE, SOURCE, STATS
from fake_runtime import FakeRuntime, installed

from index.records import ArticleSummary
from rag.cli import exit_code, run
from rag.cli_output import clean
from rag.cli_text import answer_text
from rag.errors import (
    BusyError,
    ConfigurationError,
    InputError,
    KildeError,
    NotFoundError,
    UnreachableError,
    UnreadableFileError,
)
from rag.owner import Owner
from rag.records import Answer, Question, SearchRequest, SearchResponse
from rag.settings import Settings


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeRuntime:
    return installed(monkeypatch, tmp_path)


class Terminal(io.TextIOWrapper):
    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")

    def isatty(self) -> bool:
        return True

    def shown(self) -> str:
        self.flush()
        return self.buffer.getvalue().decode()  # type: ignore[attr-defined,no-any-return]


def test_the_version_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.split()[0] == "kilde"


@pytest.mark.parametrize(
    "args", [["ask"], ["ask", "a", "b"], ["search", "-k", "0", "x"], ["nonsense"], ["ask", "--x", "y"]]
)
def test_wrong_usage_leaves_with_3_and_says_so_on_stderr(args: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(args) == 3
    shown = capsys.readouterr()
    assert (shown.out, "Error" in shown.err) == ("", True)


def test_unusable_settings_leave_with_3(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("KILDE_PORT", "harbour")
    assert run(["stats"]) == 3
    assert "port" in capsys.readouterr().err


@pytest.mark.parametrize("command", [["ask", "Hvor?"], ["chat"], ["search", "bro"], ["articles"], ["stats"]])
def test_without_a_data_folder_the_way_out_is_named_and_none_is_made(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(command) == 2
    assert "kilde ingest" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [["ask", "Hvor?"], ["chat"], ["search", "bro"], ["articles"], ["stats"]])
def test_an_empty_index_names_the_way_out(
    command: list[str], runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    runtime.article_count = 0
    assert run(command) == 2
    assert "kilde ingest" in capsys.readouterr().err
    assert runtime.calls == []


def test_an_answer_is_followed_by_its_sources_with_language_date_address_and_quote(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", "Wie viele?", "--lang", "DE"]) == 0
    assert capsys.readouterr().out == (
        f"{ANSWER.text}\n"
        "\n"
        "Sources\n"
        "[1] The harbour bridge  en, 2022-12\n"
        "    https://news.example/bridge\n"
        f"    “{QUOTE}”\n"
        "\n"
        "You could also ask\n"
        "  Wann wurde die Brücke eröffnet?\n"
    )
    assert runtime.calls == [Question(question="Wie viele?", answer_lang="de")]


def test_an_answer_as_json_is_the_answer_object(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["ask", "Wie viele?", "--json"]) == 0
    answer = msgspec.json.decode(capsys.readouterr().out, type=Answer)
    assert answer == msgspec.structs.replace(ANSWER, question="Wie viele?")


def test_loading_the_model_here_is_announced_on_stderr(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    run(["ask", "Wie viele?", "--json"])
    assert capsys.readouterr().err == (
        "kilde: no service is running; loading the model here, `kilde serve` answers faster\n"
    )


def test_reading_figures_announces_no_model(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    run(["stats"])
    assert capsys.readouterr().err == ""


def test_after_a_command_the_runtime_is_closed_and_the_folder_free(runtime: FakeRuntime, tmp_path: Path) -> None:
    run(["ask", "Wie viele?"])
    assert not runtime.is_open
    with Owner.acquire(tmp_path / "data"):
        pass


def test_an_empty_question_is_refused_before_anything_is_opened(
    runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["ask", "  "]) == 3
    assert runtime.is_open
    assert capsys.readouterr().err.startswith("kilde: ")


def test_a_source_without_an_address_shows_its_path_and_a_quote_of_another_version_its_language() -> None:
    source = msgspec.structs.replace(SOURCE, url=None, published=None)
    in_dutch = msgspec.structs.replace(CITATION, source=msgspec.structs.replace(CITATION.source, lang="nl"))
    answer = msgspec.structs.replace(ANSWER, sources=(source,), citations=(in_dutch,), followups=())
    assert answer_text(answer).plain.splitlines()[3:] == [
        "[1] The harbour bridge  en",
        "    city/bridge.md",
        f"    “{QUOTE}” (nl)",
    ]


def test_an_unanswered_question_shows_the_nearest_articles() -> None:
    answer = msgspec.structs.replace(
        ANSWER, status="not_found", text="Not in them.", citations=(), sources=(), nearest=(SOURCE,), followups=()
    )
    assert answer_text(answer).plain == (
        "Not in them.\n\nNearest articles\n[1] The harbour bridge  en, 2022-12\n    https://news.example/bridge"
    )


def test_hits_are_numbered_with_place_score_and_text(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", "Radfahrer", "-k", "3", "--lang", "en", "--lang", "NL"]) == 0
    assert capsys.readouterr().out == f"1. The harbour bridge  en, 0.87\n    city/bridge.md\n    {QUOTE}\n"
    (request,) = runtime.calls
    assert isinstance(request, SearchRequest)
    assert (request.top_k, request.filters.langs) == (3, ("en", "nl"))


def test_hits_as_json_are_the_response(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", "Radfahrer", "--json"]) == 0
    assert msgspec.json.decode(capsys.readouterr().out, type=SearchResponse).hits[0].path == "city/bridge.md"


def test_articles_are_listed_one_a_line(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["articles"]) == 0
    assert capsys.readouterr().out == "city/bridge.md\ten\t2022-12\t1\tThe harbour bridge\n"


def test_articles_as_json_are_a_list(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["articles", "--json"]) == 0
    (article,) = msgspec.json.decode(capsys.readouterr().out, type=tuple[ArticleSummary, ...])
    assert article.path == "city/bridge.md"


def test_figures_are_shown_one_a_line(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stats"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "articles    1",
        "works       1",
        "chunks      1",
        "languages   en 1",
        "model       fake-1",
        "last ingest 2024-01-02T03:04:05Z",
    ]


def test_figures_as_json_are_the_record(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["stats", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == msgspec.to_builtins(STATS)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (InputError("x"), 3),
        (UnreadableFileError("x"), 3),
        (ConfigurationError("x"), 3),
        (NotFoundError("x"), 1),
        (BusyError("x"), 2),
        (UnreachableError("x"), 2),
        (KildeError("x"), 2),
    ],
)
def test_each_error_has_its_exit_code(error: KildeError, code: int) -> None:
    assert exit_code(error) == code


def test_an_error_is_one_line_on_stderr(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.script = (ConfigurationError("The model is missing."),)
    assert run(["ask", "Wie viele?", "--json"]) == 3
    shown = capsys.readouterr()
    assert (shown.out, shown.err.splitlines()[1:]) == ("", ["kilde: The model is missing."])


def test_an_unexpected_error_shows_where_it_came_from(runtime: FakeRuntime, capsys: pytest.CaptureFixture[str]) -> None:
    runtime.script = (ZeroDivisionError("by zero"),)
    assert run(["ask", "Wie viele?"]) == 2
    shown = capsys.readouterr().err
    assert "Traceback" in shown
    assert "ZeroDivisionError: by zero" in shown


def test_control_characters_are_made_visible_and_keep_the_length() -> None:
    assert clean("a\x1b[31mb\x9bc\r\n\td") == "a\ufffd[31mb\ufffdc\ufffd\n\td"


@pytest.mark.parametrize("colours", [True, False])
def test_a_terminal_gets_colours_unless_no_color_is_set(
    colours: bool, runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    assert run(["doctor", "--offline"]) in (0, 1)
    assert ("\x1b[32m" in terminal.shown()) is colours


def test_a_terminal_that_cannot_show_a_character_does_not_end_the_command(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", plain)
    assert run(["ask", "Wie viele?"]) == 0
    plain.flush()
    assert b"?The harbour bridge?" in plain.buffer.getvalue()  # type: ignore[attr-defined]


def test_the_settings_of_a_runtime_are_those_of_the_command(
    runtime: FakeRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Settings] = []
    module = sys.modules["rag.runtime"]
    monkeypatch.setattr(module, "open_runtime", lambda settings: seen.append(settings) or runtime)
    monkeypatch.setenv("KILDE_SITE_URL", "https://news.example")
    run(["stats"])
    assert [settings.site_url for settings in seen] == ["https://news.example"]
