"""The invented publishers hold what their page promises, and each question is answered where it says."""

import re
from collections import Counter

import pytest

from evals.benchmarks.publishers import PUBLISHERS, REPORTED
from evals.golden import QUESTIONS, Case, holds, load_cases, normalise
from index.languages import split_path

NAMES = sorted(folder.name for folder in PUBLISHERS.iterdir() if folder.is_dir())
_BLOCK = re.compile(r"\n\s*\n|\n(?=[|*-] |\d+\. |\|)")


def versions(publisher: str) -> dict[str, dict[str, list[str]]]:
    """By work and language the paragraphs, items and rows."""
    content = PUBLISHERS / publisher / "content"
    found: dict[str, dict[str, list[str]]] = {}
    for path in content.rglob("*.md"):
        lang, work = split_path(path.relative_to(content).as_posix())
        assert lang is not None, path
        blocks = _BLOCK.split(path.read_text("utf-8"))
        found.setdefault(work, {})[lang] = [normalise(block) for block in blocks]
    return found


def unanswered(case: Case, works: dict[str, dict[str, list[str]]]) -> list[str]:
    """The languages of the named work in which no paragraph has a quote of the case together with its fact."""
    (work,), (forms,) = case.expect.works, case.expect.facts
    return [
        lang
        for lang, blocks in works[work].items()
        if not any(
            any(holds(block, quote) for quote in case.expect.quotes) and any(holds(block, form) for form in forms)
            for block in blocks
        )
    ]


@pytest.mark.parametrize("publisher", NAMES)
def test_a_publisher_has_twelve_works_and_twelve_questions_for_each(publisher: str) -> None:
    works, cases = versions(publisher), load_cases(PUBLISHERS / publisher / "questions.jsonl")
    assert (len(works), sum(map(len, works.values()))) == (12, 24)
    assert (len(cases), sum(not case.answerable for case in cases)) == (144, 36)
    assert len({case.lang for case in cases}) == 28
    assert max(Counter(case.question for case in cases).values()) == 1
    assert all(case.id.startswith(publisher) for case in cases)


@pytest.mark.parametrize("publisher", NAMES)
def test_every_version_of_the_work_that_a_question_names_answers_it(publisher: str) -> None:
    works, cases = versions(publisher), load_cases(PUBLISHERS / publisher / "questions.jsonl")
    wrong = {case.id: missing for case in cases if case.answerable and (missing := unanswered(case, works))}
    assert wrong == {}


def test_the_page_names_every_publisher_as_kept_for_reports_or_for_tuning() -> None:
    table = (PUBLISHERS / "README.md").read_text("utf-8").split("| --- | --- |\n| ")[1].splitlines()[0]
    kept, tuned = (re.findall(r"`(\w+)`", cell) for cell in table.split(" | "))
    assert kept == sorted(REPORTED)
    assert sorted([*kept, *tuned]) == NAMES


def test_no_question_is_a_golden_one() -> None:
    asked = {case.question for name in NAMES for case in load_cases(PUBLISHERS / name / "questions.jsonl")}
    known = {case.question for file in QUESTIONS.glob("*.jsonl") for case in load_cases(file)}
    assert len(asked) == 144 * len(NAMES)
    assert asked.isdisjoint(known)
