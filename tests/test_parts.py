"""What asks for several things is parted between two questions, and nowhere else."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from rag.parts import MOST, parts

CASES: list[dict[str, Any]] = tomllib.loads((Path(__file__).parent / "part_cases.toml").read_text("utf-8"))["case"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['lang']}-{case['question'][:30]}")
def test_a_question_is_parted_where_another_one_begins(case: dict[str, Any]) -> None:
    assert parts(case["question"], case["lang"]) == tuple(case["parts"])


def test_there_are_never_more_parts_than_a_reader_can_follow() -> None:
    asked = "Who built the bridge? How long is the bridge? What did the bridge cost? When did the bridge open?"
    found = parts(asked, "en")
    assert len(found) == MOST
    assert found[-1] == "What did the bridge cost? When did the bridge open?"
