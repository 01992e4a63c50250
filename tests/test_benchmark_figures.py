"""A benchmark's figures stand in the page beside it, once, with command, date and machine."""

import re
from pathlib import Path

import pytest

from evals.benchmarks.kept import BEGIN, END, Page, figures, keep
from evals.benchmarks.table import Row, at_most, markdown


@pytest.fixture
def page(tmp_path: Path) -> Page:
    made = tmp_path / "README.md"
    made.write_text(f"# Benchmarks\n\n{BEGIN}\n\n{END}\n\nMore.\n", encoding="utf-8")
    return Page(made, "evals.benchmarks")


def rows(page: Page) -> list[list[str]]:
    lines = [line for line in page.file.read_text("utf-8").splitlines() if line.startswith("| `")]
    return [[cell.strip() for cell in line.strip("|").split("|")][:5] for line in lines]


def test_figures_are_the_rows_of_goal_tables_alone() -> None:
    printed = (
        f"12 questions\n\n{markdown([at_most('p50', 70, 60, 'ms')])}\n\n| lang | first |\n| --- | --- |\n| ar | 0.7 |\n"
    )
    assert list(figures(printed)) == ["| p50 | 70 ms | ≤ 60 ms | **missed** |"]


def test_a_later_run_takes_the_place_of_an_earlier_one_and_leaves_other_benchmarks_alone(page: Page) -> None:
    keep("speed", markdown([at_most("p50", 70, 60, "ms"), Row("load", "2")]), page)
    keep("answers", markdown([Row("F1", "0.4")]), page)
    keep("speed", markdown([at_most("p50", 50, 60, "ms")]), page)
    assert rows(page) == [
        ["`python -m evals.benchmarks answers`", "F1", "0.4", "", ""],
        ["`python -m evals.benchmarks speed`", "p50", "50 ms", "≤ 60 ms", "met"],
    ]
    text = page.file.read_text("utf-8")
    assert text.startswith("# Benchmarks\n")
    assert text.endswith(f"{END}\n\nMore.\n")
    assert text.count("| command |") == text.count("Versions of the last run") == 1


def test_nothing_printed_changes_nothing(page: Page) -> None:
    before = page.file.read_bytes()
    keep("speed", "Not installed.", page)
    assert page.file.read_bytes() == before


def test_a_page_without_marks_is_refused_with_the_way_out(tmp_path: Path) -> None:
    page = Page(tmp_path / "README.md", "evals.benchmarks")
    page.file.write_text("# Benchmarks\n", encoding="utf-8")
    with pytest.raises(ValueError, match="Put both where the table is to stand"):
        keep("speed", markdown([Row("load", "2")]), page)
    assert page.file.read_text("utf-8") == "# Benchmarks\n"


BENCHMARKS = Path(__file__).parent.parent / "evals" / "benchmarks"
PAGE = (BENCHMARKS / "README.md").read_text(encoding="utf-8")


def test_every_command_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"python -m evals\.benchmarks[ .](\w+)", PAGE)) - {"NAME"}
    assert {"answers", "peers", "speed"} <= named
    assert {
        name for name in named if not (BENCHMARKS / name).is_dir() and not (BENCHMARKS / f"{name}.py").is_file()
    } == set()


def test_what_the_kept_table_holds_is_not_told_otherwise_by_hand() -> None:
    before, _, by_hand = PAGE.partition(END)
    rows, _, _ = by_hand.partition("\n## ")
    kept = set(re.findall(r"^\| `python -m evals\.benchmarks ([\w]+)`", before, re.MULTILINE))
    told = set(re.findall(r"\| `python -m evals\.benchmarks\.([\w]+)`", rows))
    assert kept
    assert told
    assert kept & told == set()
