"""The side-by-side benchmark's own part: which questions are asked, what counts as a hit, what it prints."""

import json
import sys
from pathlib import Path

import pytest

from evals.benchmarks.peer_pipelines.records import Ingested, Searched
from evals.benchmarks.peer_tables import Asked, Result, against_goals, ingest_table, is_reported, search_table
from evals.benchmarks.peers import NOT_INSTALLED, choose_questions, contestants, main, write_pool
from evals.benchmarks.table import Row

ASKED = (
    Asked(text="Who?", lang="en", article=0, passage="00-01"),
    Asked(text="Wer?", lang="de", article=0, passage="00-01"),
    Asked(text="When?", lang="en", article=1, passage="01-00"),
    Asked(text="Wann?", lang="de", article=1, passage="01-00"),
)


def a_result(
    name: str = "Kilde", *, wall_s: float = 10.0, ms: float = 20.0, best: tuple[str, ...] | None = None
) -> Result:
    """40 texts in 50 chunks; the bare encoder takes 8 s."""
    return Result(
        name=name,
        dtype="float32",
        ingested=Ingested(
            texts=40,
            chunks=50,
            wall_s=wall_s,
            processor_s=16.0,
            peak_gb=1.25,
            bare_wall_s=8.0,
            bare_processor_s=8.0,
            versions={},
        ),
        searched=Searched(
            start_s=5.04,
            times_ms=(ms,) * len(ASKED),
            processor_ms=12.3,
            best=best or tuple(f"{one.lang}/{one.passage}.txt" for one in ASKED),
            peak_gb=1.5,
        ),
        asked=ASKED,
    )


def write_xquad(folder: Path) -> None:
    """Two articles of two paragraphs in three languages; three questions each."""
    folder.mkdir()
    for lang in ("en", "de", "es"):
        articles = [
            {
                "paragraphs": [
                    {
                        "context": f"{lang} text {article}-{paragraph}",
                        "qas": [
                            {"question": f"{lang} {article}-{paragraph}-{place}?", "answers": [{"text": "text"}]}
                            for place in range(3)
                        ],
                    }
                    for paragraph in range(2)
                ]
            }
            for article in range(2)
        ]
        (folder / f"xquad.{lang}.json").write_text(json.dumps({"data": articles}))


def test_the_first_two_questions_of_every_paragraph_are_asked_in_english_and_german(tmp_path: Path) -> None:
    write_xquad(tmp_path / "xquad")
    asked = choose_questions(tmp_path / "xquad")
    assert sorted(one.text for one in asked) == sorted(
        f"{lang} {passage}-{place}?"
        for lang in ("de", "en")
        for passage in ("0-0", "0-1", "1-0", "1-1")
        for place in (0, 1)
    )
    assert [one.passage for one in asked if one.text == "de 1-0-1?"] == ["01-00"]


def test_the_pool_holds_english_and_german_alone(tmp_path: Path) -> None:
    write_xquad(tmp_path / "xquad")
    pool = write_pool(tmp_path / "xquad", tmp_path, None)
    found = sorted(file.relative_to(pool).as_posix() for file in pool.rglob("*.txt"))
    assert found == [f"{lang}/{name}.txt" for lang in ("de", "en") for name in ("00-00", "00-01", "01-00", "01-01")]


def test_a_small_pool_holds_the_same_first_paragraphs_in_both_languages(tmp_path: Path) -> None:
    write_xquad(tmp_path / "xquad")
    pool = write_pool(tmp_path / "xquad", tmp_path, 1)
    assert sorted(file.relative_to(pool).as_posix() for file in pool.rglob("*.txt")) == ["de/00-00.txt", "en/00-00.txt"]


def test_a_hit_is_the_right_passage_in_whatever_language() -> None:
    found = a_result(best=("de/00-01.txt", "de/00-01.txt", "en/00-01.txt", ""))
    assert found.hit_at_1() == 0.5


def test_in_its_own_language_a_translation_is_no_hit() -> None:
    found = a_result(best=("de/00-01.txt", "de/00-01.txt", "en/01-00.txt", ""))
    assert found.in_own_language() == 0.5


def test_only_articles_with_an_odd_index_are_reported_apart() -> None:
    found = a_result(best=("", "", "en/01-00.txt", "en/01-00.txt"))
    assert found.hit_at_1(is_reported) == 1.0


def test_the_ingest_table_sets_each_beside_its_own_bare_encoder() -> None:
    assert ingest_table([a_result()]).splitlines()[2:] == ["| Kilde | 50 | 4 | 5 | 5 (float32) | 0.80 | 0.50 | 1.25 |"]


def test_the_search_table_tells_start_times_hits_and_memory() -> None:
    lines = search_table([a_result(best=("de/00-01.txt", "", "", "de/01-00.txt"))]).splitlines()[2:]
    assert lines == ["| Kilde | 5.0 | 20 | 20 | 12.3 | 0.500 | 0.500 | 0.250 | 1.50 |"]


def test_each_library_is_met_as_it_is_set_to_be_quickest() -> None:
    others = [a_result("Other", wall_s=40, ms=30), a_result("Other, prompts", wall_s=25, ms=50)]
    rows = against_goals([*others, a_result(wall_s=10, ms=20)])
    assert rows == [
        Row("ingest against the bare encoder, float32", "0.8 ×", "≥ 0.95 ×", False),
        Row("ingest, texts/s, against Other", "2.5 ×", "≥ 3 ×", False),
        Row("search p50 against Other", "0.667 ×", "≤ 0.5 ×", False),
        Row("hit@1", "1.000", "≥ 0.975", True),
    ]


def test_every_peer_runs_as_documented_and_with_prompts_and_kilde_in_its_own_environment() -> None:
    found = [
        (one.name, one.python, one.model, one.prompts) for one in contestants("/peers/python", "published", "bundled")
    ]
    assert found == [
        ("Kilde", sys.executable, "bundled", True),
        ("LlamaIndex", "/peers/python", "published", False),
        ("LangChain", "/peers/python", "published", False),
        ("Haystack", "/peers/python", "published", False),
        ("LlamaIndex, prompts", "/peers/python", "published", True),
        ("LangChain, prompts", "/peers/python", "published", True),
        ("Haystack, prompts", "/peers/python", "published", True),
    ]


def test_without_its_environment_it_says_how_to_make_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--venv", str(tmp_path / "none")]) == NOT_INSTALLED
    assert "`python -m evals.benchmarks.peers --install`" in capsys.readouterr().out
