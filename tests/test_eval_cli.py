"""``kilde eval run`` and ``check``: what they print and write, and what they leave with."""

import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest
from fake_backend import ANSWER
from small_suite import CARRIES, OWNER, SmallSystem, accepted

from evals.cli import main
from rag.cli import run
from rag.owner import Owner
from rag.records import Question, Written

HEAVY = {"torch", "sentence_transformers", "chromadb", "litestar", "sqlalchemy", "httpx", "lingua", "numpy"}


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


def test_answers_of_an_llm_cost_what_their_tokens_do(suite: str, system: SmallSystem, tmp_path: Path) -> None:
    written = Written(model="m", prompt_sha256="0", prompt_tokens=3000, answer_tokens=500)
    system.answered = msgspec.structs.replace(ANSWER, written=written)
    kept = tmp_path / "a.json"
    assert run(["eval", "run", suite, "--price-in", "2", "--price-out", "8", "-o", str(kept)]) == 0
    costs = {case: scores["cost"] for case, scores in json.loads(kept.read_text("utf-8"))["questions"].items()}
    assert costs == {"bridge-cyclists-de": 0.01, "bridge-cyclists-2-de": 0.01, "bridge-owner-en": None}
    run(["eval", "run", suite, "-o", str(kept)])
    assert not any(one["cost"] for one in json.loads(kept.read_text("utf-8"))["questions"].values())


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


def test_a_gate_that_cannot_be_held_leaves_the_files_of_its_run(tmp_path: Path, system: SmallSystem) -> None:
    suite = accepted(tmp_path, gate='[[floor]]\nmeasure = "quotes"\nat_least = 1\n')
    assert run(["eval", "run", suite, "--gate", "-o", str(tmp_path / "a.json")]) == 3
    assert len(json.loads((tmp_path / "a.json").read_text("utf-8"))["outcomes"]) == 3


def test_losing_all_citations_leaves_with_1_and_its_files(
    tmp_path: Path, system: SmallSystem, capsys: pytest.CaptureFixture[str]
) -> None:
    suite, sound = accepted(tmp_path), str(tmp_path / "sound.json")
    assert run(["eval", "run", suite, "-o", sound]) == 0
    assert run(["eval", "baseline", "save", "first", sound, "--suite", suite]) == 0
    system.answered = msgspec.structs.replace(ANSWER, citations=())
    assert run(["eval", "run", suite, "--gate", "-o", str(tmp_path / "now.json")]) == 1
    assert "quote_exactness of all ≥ 1: lost" in capsys.readouterr().out
    assert (tmp_path / "now.json").is_file()


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
        ["--price-in", "2"],
        ["--price-in", "2", "--price-out", "-1"],
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
