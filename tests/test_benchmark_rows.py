"""What benchmarks print, and what the crash benchmark does to articles between two kills."""

import random
from itertools import pairwise
from pathlib import Path

import pytest

from evals.benchmarks.table import Row, at_least, at_most, exactly, markdown, three_digits
from evals.torture.changing import changing, read_folder, write_folder

FILES = {f"news/{number:02}.md": b"---\ntitle: One\n---\nText.\n" for number in range(20)}


def test_a_missed_goal_is_in_bold_and_a_figure_without_a_goal_has_no_verdict() -> None:
    rows = [at_most("p50", 71.23, 60, "ms"), at_least("ratio", 51.2, 50, "×"), exactly("lost", 0), Row("seen", "5")]
    assert markdown(rows).splitlines()[2:] == [
        "| p50 | 71.2 ms | ≤ 60 ms | **missed** |",
        "| ratio | 51.2 × | ≥ 50 × | met |",
        "| lost | 0 | 0 | met |",
        "| seen | 5 |  |  |",
    ]


@pytest.mark.parametrize(
    ("number", "written"), [(0.012345, "0.0123"), (1.234, "1.23"), (99.96, "100"), (12345.6, "12346")]
)
def test_three_digits_are_kept_and_never_an_exponent(number: float, written: str) -> None:
    assert three_digits(number) == written


def test_every_round_has_new_titles_a_move_and_one_article_fewer() -> None:
    states = list(changing(FILES, 5, random.Random(0)))
    assert [len(state) for state in states] == [19] * 5
    for number, (before, after) in enumerate(pairwise(states), start=1):
        assert any(name.startswith(f"news/r{number}-") for name in after.keys() - before.keys())
        assert any(f"title: {number}. ".encode() in content for content in after.values())
        assert any(f"Note {number}: ".encode() in content for content in after.values())


def test_the_same_chance_gives_the_same_rounds() -> None:
    one, other = (list(changing(FILES, 5, random.Random(3))) for _ in range(2))
    assert one == other


def test_a_folder_is_made_to_hold_a_state_and_leaves_alone_what_is_right(tmp_path: Path) -> None:
    write_folder(tmp_path, {"a.md": b"1", "b/c.md": b"2"})
    before = (tmp_path / "a.md").stat().st_mtime_ns
    write_folder(tmp_path, {"a.md": b"1", "d.md": b"3"})
    assert read_folder(tmp_path) == {"a.md": b"1", "d.md": b"3"}
    assert (tmp_path / "a.md").stat().st_mtime_ns == before
