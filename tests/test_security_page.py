"""SECURITY.md names tests that exist, for everything that it says is defended."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in (REPOSITORY / "SECURITY.md").read_text("utf-8").splitlines()
    if line.startswith("| ") and line.count("|") == 4 and "---" not in line
]


def test_the_tests_that_it_names_exist() -> None:
    named = {name for row in ROWS for name in re.findall(r"`(test_\w+\.py)`", row[2])}
    assert len(named) > 10
    assert {name for name in named if not (REPOSITORY / "tests" / name).exists()} == set()


def test_what_is_defended_names_its_test_and_what_is_not_says_so() -> None:
    claims = [row for row in ROWS if row[2] != "Held by"]
    assert {row[1][:7] for row in claims if not row[2]} == {"nothing"}
