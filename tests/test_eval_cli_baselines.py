"""``kilde eval baseline`` and ``compare``: what is kept, what it is held against, and what they leave with."""

from pathlib import Path

import pytest
from made_runs import answer, citation, outcome
from made_runs import case as made_case
from made_runs import run as made_run
from small_suite import written

from evals.evaluation import evaluate
from evals.formats.json import to_json
from evals.golden import Expect
from rag.cli import run


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


def test_a_run_over_other_articles_is_no_baseline_and_the_way_out_is_named(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = written(suite, tmp_path / "a.json")
    (tmp_path / "small.sha256").write_text("0" * 64, encoding="ascii")
    capsys.readouterr()
    assert run(["eval", "baseline", "save", "first", kept, "--suite", suite]) == 3
    assert "Run it again: kilde eval run" in capsys.readouterr().err
    assert not (tmp_path / "baselines").exists()


@pytest.mark.parametrize(
    ("name", "complaint"),
    [("none/c.md", "There is no folder"), ("c.html", "should end in .md"), ("a.json", "should end in .md")],
)
def test_a_comparison_is_written_as_markdown_where_there_is_a_folder_or_refused(
    name: str, complaint: str, suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = written(suite, tmp_path / "a.json")
    before = Path(kept).read_bytes()
    assert run(["eval", "compare", kept, kept, "-o", str(tmp_path / name)]) == 3
    assert complaint in " ".join(capsys.readouterr().err.split())
    assert Path(kept).read_bytes() == before
