"""``kilde eval``: what it prints and writes, and what it leaves with."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
import uvicorn
from fake_backend import ANSWER
from made_runs import answer, citation, outcome
from made_runs import case as made_case
from made_runs import run as made_run
from small_suite import CARRIES, OWNER, REFUSAL, SmallSystem, write_suite

from evals.candidates import candidates
from evals.cli import main
from evals.evaluation import evaluate
from evals.formats.json import to_json
from evals.golden import Expect, load_cases
from evals.suite import load_suite
from rag.api.app import build_app
from rag.cli import run
from rag.conversations import Conversations
from rag.errors import InputError
from rag.feedback import FeedbackStore
from rag.owner import Owner
from rag.pseudonyms import Pseudonyms
from rag.records import FeedbackRequest, Question, UnansweredQuestion
from rag.settings import Settings

HEAVY = {"torch", "sentence_transformers", "chromadb", "litestar", "sqlalchemy", "httpx", "lingua", "numpy"}
FLOORS = '[[floor]]\nmeasure = "quote_exactness"\nat_least = 1\n'


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallSystem:
    system = SmallSystem()
    monkeypatch.setattr("evals.fresh.open_runtime", lambda settings: system)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KILDE_DATA_DIR", str(tmp_path / "data"))
    return system


@pytest.fixture
def suite(system: SmallSystem, tmp_path: Path) -> str:
    """Checked against its articles, which the system has."""
    return accepted(tmp_path)


def accepted(folder: Path, *cases: dict[str, object], gate: str = FLOORS) -> str:
    file = str(write_suite(folder, *cases, gate=gate))
    assert run(["eval", "check", file, "--accept"]) == 0
    return file


def test_the_whole_command_imports_nothing_heavy_to_show_its_help() -> None:
    code = "import sys; from evals.cli import run; run(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    for args, shown in (
        (["--help"], "eval"),
        (["eval", "--help"], "candidates"),
        (["eval", "run", "--help"], "--gate"),
    ):
        done = subprocess.run([sys.executable, "-c", code, *args], capture_output=True, text=True, check=True)
        assert shown in done.stdout
        assert not set(done.stderr.split()) & HEAVY


def test_the_entry_point_has_the_commands_of_the_service_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kilde", "--version"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("kilde ")


def test_a_run_shows_rights_and_leaves_with_0(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "run", suite]) == 0
    assert "small: 3 of 3 questions right" in capsys.readouterr().out


def test_a_wrong_answer_alone_is_no_failed_command(
    suite: str, system: SmallSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    system.answered = msgspec.structs.replace(ANSWER, lang="en")
    assert run(["eval", "run", suite]) == 0
    assert "answered in en, expected de" in capsys.readouterr().out


def test_a_question_that_ends_in_an_error_leaves_with_1(tmp_path: Path, system: SmallSystem) -> None:
    suite = accepted(tmp_path, CARRIES, OWNER | {"id": "broken", "question": "Broken?"})
    assert run(["eval", "run", suite]) == 1


def test_filters_choose_what_is_asked(suite: str, system: SmallSystem) -> None:
    assert run(["eval", "run", suite, "--lang", "de", "--tag", "number"]) == 0
    assert [call.question for call in system.calls if isinstance(call, Question)] == [CARRIES["question"]]


def test_the_gate_leaves_with_1_when_it_does_not_hold(
    suite: str, system: SmallSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["eval", "run", suite, "--gate"]) == 0
    assert capsys.readouterr().out.endswith("gate: holds\n")
    broken = msgspec.structs.replace(ANSWER.citations[0], quote="It carries 4,201 cyclists a day.")
    system.answered = msgspec.structs.replace(ANSWER, citations=(broken,))
    assert run(["eval", "run", suite, "--gate"]) == 1
    assert capsys.readouterr().out.endswith("gate: 1 of 1 checks fail\n")


def test_a_gate_on_a_measure_that_is_never_produced_leaves_with_3(tmp_path: Path, system: SmallSystem) -> None:
    suite = accepted(tmp_path, gate='[[floor]]\nmeasure = "quotes"\nat_least = 1\n')
    assert run(["eval", "run", suite, "--gate"]) == 3


def test_a_gate_with_drops_and_no_baseline_leaves_with_2(tmp_path: Path, system: SmallSystem) -> None:
    suite = accepted(tmp_path, gate='[[drop]]\nmeasure = "right"\nat_most = 0\n')
    assert run(["eval", "run", suite, "--gate"]) == 2
    assert system.calls == []


@pytest.mark.parametrize(
    "args",
    [
        ["--gate", "--lang", "de"],
        ["--url", "http://127.0.0.1:1", "--data-dir", "."],
        ["--url", "http://127.0.0.1:1", "--processes", "2"],
        ["--processes", "2", "--repeat", "2"],
        ["--id", "nothing"],
        ["-o", "run.pdf"],
        ["--repeat", "0"],
        ["--nonsense"],
    ],
)
def test_wrong_usage_leaves_with_3_and_asks_nothing(args: list[str], suite: str, system: SmallSystem) -> None:
    assert run(["eval", "run", suite, *args]) == 3
    assert system.calls == []


def test_a_service_that_is_not_there_leaves_with_2_and_says_so(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "run", suite, "--url", "http://127.0.0.1:1"]) == 2
    assert "http://127.0.0.1:1 does not answer" in capsys.readouterr().err


def test_questions_that_do_not_fit_their_articles_are_named_and_not_asked(
    suite: str, system: SmallSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = CARRIES | {"expect": {"status": "answered", "works": ["city/tunnel.md"]}}
    (tmp_path / "small-one.jsonl").write_text(json.dumps(wrong), encoding="utf-8")
    assert run(["eval", "check", suite]) == 1
    assert "there is no article 'city/tunnel.md'" in capsys.readouterr().err
    assert run(["eval", "run", suite]) == 3
    assert system.calls == []


def test_articles_that_changed_are_noticed_until_they_are_accepted(suite: str, tmp_path: Path) -> None:
    article = tmp_path / "content" / "city" / "bridge.md"
    article.write_text(article.read_text("utf-8") + " It is red.\n", encoding="utf-8")
    assert run(["eval", "check", suite]) == 1
    assert run(["eval", "run", suite]) == 3
    assert run(["eval", "check", suite, "--accept"]) == 0
    assert run(["eval", "check", suite]) == 0


def test_an_index_over_other_articles_is_refused(
    suite: str, system: SmallSystem, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    article = tmp_path / "content" / "city" / "bridge.md"
    article.write_text(article.read_text("utf-8") + " It is red.\n", encoding="utf-8")
    run(["eval", "check", suite, "--accept"])
    assert run(["eval", "run", suite]) == 2
    assert "are not those that small was checked against" in capsys.readouterr().err


def test_a_run_writes_every_format_it_is_asked_for(suite: str, tmp_path: Path) -> None:
    args = [arg for name in ("a.json", "a.xml", "a.md", "a.run", "a.qrels") for arg in ("-o", str(tmp_path / name))]
    assert run(["eval", "run", suite, *args]) == 0
    assert ET.parse(tmp_path / "a.xml").getroot().get("tests") == "3"
    assert (tmp_path / "a.md").read_text("utf-8").startswith("## small: 3 of 3")
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["suite"] == "small"


def test_json_on_stdout_is_one_line_and_nothing_else(suite: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["eval", "run", suite, "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert len(json.loads(line)["outcomes"]) == 3


def test_an_existing_index_is_asked_where_it_lies(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    index = tmp_path / "index"
    assert run(["eval", "run", suite, "--data-dir", str(index)]) == 3
    assert "There is no index" in capsys.readouterr().err
    index.mkdir()
    assert run(["eval", "run", suite, "--data-dir", str(index)]) == 0
    with Owner.acquire(index):
        assert run(["eval", "run", suite, "--data-dir", str(index)]) == 2


def written(suite: str, file: Path) -> str:
    assert run(["eval", "run", suite, "-o", str(file)]) in (0, 1)
    return str(file)


def test_baselines_are_saved_listed_and_shown(suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    kept = written(suite, tmp_path / "a.json")
    capsys.readouterr()
    assert run(["eval", "baseline", "save", "first", kept, "--suite", suite]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'baselines' / 'first.json'}\n"
    assert run(["eval", "baseline", "list", "--suite", suite]) == 0
    assert capsys.readouterr().out.splitlines()[1].split()[0] == "first"
    assert run(["eval", "baseline", "show", "first", "--suite", suite]) == 0
    assert "right               100.0 %" in capsys.readouterr().out
    assert run(["eval", "baseline", "show", "second", "--suite", suite]) == 3


def test_a_run_of_a_part_or_of_another_suite_is_no_baseline(suite: str, tmp_path: Path) -> None:
    part = str(tmp_path / "part.json")
    assert run(["eval", "run", suite, "--lang", "en", "-o", part]) == 0
    assert run(["eval", "baseline", "save", "first", part, "--suite", suite]) == 3
    assert run(["eval", "baseline", "save", "first", part]) == 3


def test_a_comparison_leaves_with_1_where_it_finds_a_loss(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = [made_case(f"{n}-en", expect=Expect(status="answered", works=(f"w/{n}.md",))) for n in range(30)]
    before = [outcome(each, answer(citation("x", each.expect.works[0]))) for each in cases]
    after = [outcome(each, answer(citation("x", "w/none.md"))) for each in cases[:20]] + before[20:]
    for name, outcomes in (("before.json", before), ("after.json", after)):
        (tmp_path / name).write_bytes(to_json(evaluate(made_run(outcomes))))
    assert run(["eval", "compare", str(tmp_path / "before.json"), str(tmp_path / "after.json")]) == 1
    assert "20 newly wrong, 0 newly right" in capsys.readouterr().out.splitlines()[-1]
    assert run(["eval", "compare", str(tmp_path / "before.json"), str(tmp_path / "none.json")]) == 3


def test_the_same_run_compared_with_itself_has_no_loss(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = written(suite, tmp_path / "a.json")
    capsys.readouterr()
    assert run(["eval", "compare", kept, kept, "-o", str(tmp_path / "c.md")]) == 0
    assert capsys.readouterr().out.endswith("3 questions compared: 0 newly wrong, 0 newly right, no significant loss\n")
    assert (tmp_path / "c.md").read_text("utf-8").startswith("## 3 questions compared")


@pytest.fixture
def address(system: SmallSystem) -> Iterator[str]:
    """A real service with the small system behind it."""
    server = uvicorn.Server(uvicorn.Config(build_app(system), port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()


def test_a_service_is_asked_over_http_as_one_in_process_is(suite: str, address: str, tmp_path: Path) -> None:
    here, there = written(suite, tmp_path / "here.json"), tmp_path / "there.json"
    assert run(["eval", "run", suite, "--url", address, "--concurrency", "2", "-o", str(there)]) == 0
    first, second = (json.loads(Path(file).read_text("utf-8")) for file in (here, there))
    assert first["outcomes"] == second["outcomes"]
    assert second["system"] == {"composer": "extractive"}


def test_the_admin_key_opens_what_a_service_runs_on(
    suite: str, system: SmallSystem, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("KILDE_ADMIN_KEY", "a key")
    system.settings = Settings(admin_key="a key")
    address = request.getfixturevalue("address")
    assert run(["eval", "run", suite, "--url", address, "-o", str(tmp_path / "a.json")]) == 0
    assert json.loads((tmp_path / "a.json").read_text("utf-8"))["system"]["model"] == "fake-1"


def unanswered(name: str, question: str, **changes: object) -> UnansweredQuestion:
    values: dict[str, object] = {
        "question_id": name,
        "asker": "someone",
        "asked_at": "2024-01-02T03:04:05+00:00",
        "lang": "de",
        "question": question,
        "standalone_question": question,
        "turns": (),
        "status": "not_found",
        "rating": None,
        "reason": None,
        "comment": "",
        "nearest": (),
    }
    return msgspec.convert(values | changes, UnansweredQuestion)


def test_a_candidate_has_everything_but_what_is_expected() -> None:
    asked = unanswered("0123456789abcdef", "Und wie alt?", turns=("Die Brücke?",), standalone_question="Wie alt?")
    (one,) = candidates([asked], [])
    assert msgspec.to_builtins(one) == {
        "id": "use-0123456789ab-de",
        "question": "Und wie alt?",
        "lang": "de",
        "turns": ("Die Brücke?",),
        "standalone": "Wie alt?",
        "expect": {},
        "tags": ("from-use", "not-found"),
    }


def test_a_candidate_says_why_it_is_one() -> None:
    (one,) = candidates([unanswered("a", "Wie alt?", status="answered", rating="down", reason="wrong_language")], [])
    assert one.tags == ("from-use", "thumbs-down", "wrong-language")


def test_what_was_asked_before_and_what_the_suite_has_is_no_candidate_again(tmp_path: Path) -> None:
    known = load_suite(str(write_suite(tmp_path))).cases
    asked = [unanswered("a", "Wie alt?"), unanswered("b", "wie  ALT?"), unanswered("c", "Who owns the BRIDGE?")]
    assert [one.id for one in candidates(asked, known)] == ["use-b-de"]


def test_a_candidate_is_refused_as_a_golden_question_until_a_human_filled_it_in(tmp_path: Path) -> None:
    (one,) = candidates([unanswered("a", "Wie alt?")], [])
    (tmp_path / "new.jsonl").write_bytes(msgspec.json.encode(one))
    with pytest.raises(InputError, match="missing required field `status`"):
        load_cases(tmp_path / "new.jsonl")


def test_candidates_come_from_what_the_service_has_stored(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"))
    settings.data_path.mkdir()
    lost = msgspec.structs.replace(REFUSAL, message_id="m1", question="Who paints it?", standalone_question="Who?")
    disliked = msgspec.structs.replace(ANSWER, message_id="m2", conversation_id="c2", question="Wie hoch?")
    liked = msgspec.structs.replace(ANSWER, message_id="m3", conversation_id="c3", question="Wie lang?")
    conversations = Conversations.open(settings.conversations_url)
    for turn in (lost, disliked, liked):
        conversations.append(turn)
    conversations.close()
    store = FeedbackStore.open(settings.conversations_url, Pseudonyms.open(settings.data_path))
    store.give("m2", FeedbackRequest(rating="down", reason="wrong"))
    store.give("m3", FeedbackRequest(rating="up"))
    store.close()
    capsys.readouterr()
    assert run(["eval", "candidates", "--suite", suite]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["question"], one["tags"]) for one in found] == [
        ("Wie hoch?", ["from-use", "thumbs-down", "wrong"]),
        ("Who paints it?", ["from-use", "not-found"]),
    ]
