"""Small versions of what ``evals.torture`` kills: a marker is met exactly, and what is wrong afterwards is seen."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from evals.benchmarks.table import Row
from evals.torture.articles import article, path_of
from evals.torture.crash import Folder, killed_and_resumed
from evals.torture.crash_turns import Stored, killed, rows_of
from evals.torture.hashed_words import HashedWords
from evals.torture.kills import turns_of

MARKERS = ["before store upsert 1", "inside COMMIT 6"]


def missed(rows: list[Row]) -> list[str]:
    return [row.what for row in rows if not row.met]


def test_the_first_of_every_kind_comes_before_the_second_of_any() -> None:
    assert turns_of(["b 1", "b 2", "a 1", "b 10"]) == ["a 1", "b 1", "b 2", "b 10"]


def test_made_up_articles_differ_by_number_and_edition_and_are_the_same_each_time() -> None:
    assert article(1) == article(1)
    assert len({article(1), article(2), article(1, 1)}) == 3
    assert path_of(41) == "01/article-41.de.md"


def test_the_fast_encoder_tells_texts_apart_and_not_their_case() -> None:
    one, same, other = HashedWords().encode_passages(["The canal.", "the CANAL", "A tower."]).vectors
    assert float(one @ same) == pytest.approx(1.0)
    assert abs(float(one @ other)) < 0.3


@pytest.mark.slow
def test_ingests_that_are_killed_at_markers_and_moments_end_as_their_sources_say(tmp_path: Path) -> None:
    found = killed_and_resumed(Folder(tmp_path, 6), 3, MARKERS)
    assert found.kills == {"at a marker": 1, "at a random moment": 2}
    assert found.markers == {"before store upsert 1"}
    assert (found.wrong, found.other_hashes, found.elsewhere, found.lost) == ([], 0, 0, 0)
    assert (found.audits, found.chunks, found.recall) == (1, 18, 1.0)


@pytest.fixture
def stored(tmp_path: Path) -> Stored:
    """Turns of four killed processes in ``tmp_path``."""
    return killed(tmp_path, 4)


def test_no_turn_is_lost_or_half_when_its_process_is_killed_and_what_is_lost_is_seen(
    stored: Stored, tmp_path: Path
) -> None:
    assert stored.markers == {"before INSERT conversations 1", "after INSERT conversations 1"}
    assert stored.acknowledged
    assert missed(list(rows_of(tmp_path, stored))) == []
    with closing(sqlite3.connect(tmp_path / "conversations.db")) as connection, connection:
        connection.execute("DELETE FROM messages WHERE message_id = ?", (f"m{stored.acknowledged[0]}",))
        connection.execute(
            "UPDATE messages SET answer = substr(answer, 1, 90) WHERE place = (SELECT max(place) FROM messages)"
        )
        connection.execute("INSERT INTO conversations (conversation_id, created_at) VALUES ('c-1', '')")
    assert missed(list(rows_of(tmp_path, stored)))[-3:] == [
        "kills that lost one",
        "turns that are half or say something else",
        "conversations without a turn",
    ]
