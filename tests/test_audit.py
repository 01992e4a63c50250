"""An audit finds what is wrong with databases, texts, vectors and turns, and nothing where all is well."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from small_site import ask, ingest

from rag.audit import Finding, audit
from rag.cli import run
from rag.doctor import audited
from rag.owner import AUDIT_DUE
from rag.runtime import Runtime
from rag.settings import Settings

# The server of PostgreSQL sees to its own pages and keys.
pytestmark = pytest.mark.sqlite_alone


@pytest.fixture
def settings(runtime: Runtime, site: Path) -> Settings:
    """Of a closed data folder with two articles and one turn."""
    ingest(runtime, site)
    ask(runtime, "Hello!")
    runtime.close()
    return runtime.settings


def change(settings: Settings, name: str, statement: str) -> None:
    with closing(sqlite3.connect(settings.data_path / name)) as database, database:
        database.execute(statement)


def problems(findings: tuple[Finding, ...]) -> dict[str, tuple[str, ...]]:
    return {finding.name: finding.problems for finding in findings if finding.problems}


def test_where_all_is_well_nothing_is_found_and_figures_are_told(settings: Settings) -> None:
    found = audit(settings)
    assert [one.name for one in found] == ["catalog.db", "articles", "conversations.db", "turns"]
    assert problems(found) == {}
    assert found[1].figures == "2 articles, 2 chunks: texts have their hashes, chunks their vectors"
    assert found[3].figures == "1 turns, none is half"


def test_before_anything_is_stored_there_is_nothing_to_audit(tmp_path: Path) -> None:
    assert audit(Settings(data_dir=str(tmp_path / "none"))) == ()


@pytest.mark.parametrize(
    ("name", "statement", "part", "problem"),
    [
        ("catalog.db", "UPDATE article SET content_sha256 = '0' WHERE path = 'a.md'", "articles", "a.md: its text has"),
        ("catalog.db", "DELETE FROM vector WHERE rowid = 1", "articles", "has no vector"),
        ("catalog.db", "UPDATE vector SET data = zeroblob(length(data)) WHERE rowid = 1", "articles", "is damaged"),
        ("catalog.db", "UPDATE chunk SET article_id = 'gone' WHERE rowid = 1", "catalog.db", "points to none of"),
        ("conversations.db", "UPDATE messages SET answer = substr(answer, 1, 90)", "turns", "cannot be read"),
        ("conversations.db", "UPDATE messages SET status = 'partial'", "turns", "says it is another"),
        ("conversations.db", "UPDATE messages SET conversation_id = 'c9'", "conversations.db", "points to none of"),
        ("conversations.db", "DELETE FROM conversations", "conversations.db", "points to none of"),
        ("conversations.db", "DELETE FROM messages", "turns", "has no turn"),
        (
            "conversations.db",
            "INSERT INTO feedback VALUES ('m9', 'c9', 'up', NULL, '', '2024-01-01T00:00:00+00:00')",
            "conversations.db",
            "points to none of",
        ),
    ],
)
def test_what_is_wrong_is_found(settings: Settings, name: str, statement: str, part: str, problem: str) -> None:
    change(settings, name, "PRAGMA foreign_keys = OFF")
    change(settings, name, statement)
    found = problems(audit(settings))
    assert list(found) == [part]
    assert problem in found[part][0]


def test_a_damaged_page_is_found(settings: Settings) -> None:
    file = settings.data_path / "conversations.db"
    content = bytearray(file.read_bytes())
    content[4096 : 4096 * 3] = b"\xff" * (4096 * 2)
    file.write_bytes(content)
    assert list(problems(audit(settings))) == ["conversations.db"]


def test_doctor_tells_the_audit_and_settles_what_was_due(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", settings.data_dir)
    (settings.data_path / AUDIT_DUE).touch()
    assert run(["doctor", "--offline", "--audit"]) == 0
    assert "ok   turns    1 turns, none is half" in capsys.readouterr().out
    assert not (settings.data_path / AUDIT_DUE).exists()


def test_doctor_leaves_with_1_and_names_the_way_out_where_something_is_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", settings.data_dir)
    (settings.data_path / AUDIT_DUE).touch()
    change(settings, "conversations.db", "DELETE FROM conversations")
    assert run(["doctor", "--offline", "--audit"]) == 1
    assert "kilde restore SOURCE --force" in capsys.readouterr().out
    assert (settings.data_path / AUDIT_DUE).exists()


def test_no_text_of_a_turn_is_told(settings: Settings) -> None:
    change(settings, "conversations.db", "UPDATE messages SET answer = substr(answer, 1, 400)")
    told = " ".join(check.message for check in audited(lambda: settings))
    assert "cannot be read" in told
    assert "Hello" not in told
