"""What is erased leaves no byte in the files of the data folder, beside turns that stay."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from fake_backend import ANSWER

from evals.torture.canaries import canaries, hits
from index.database import writer
from rag import erasing
from rag.cli import run
from rag.conversations import Conversations
from rag.erasure import Erased, Erasure, erase_now
from rag.errors import ConfigurationError
from rag.feedback import FeedbackStore
from rag.feedback_records import FeedbackRequest
from rag.pseudonyms import Pseudonyms
from rag.records import Answer
from rag.settings import Settings
from rag.slack.asked import Asked
from rag.slack.deliveries import Deliveries
from rag.slack.naming import Names
from rag.slack.threads import Threads
from rag.tables import metadata, open_tables

TOKEN = "xoxb-1"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "data").mkdir()
    return Settings(data_dir=str(tmp_path / "data"), slack_bot_token=TOKEN)


@pytest.fixture
def stored(settings: Settings, url: str) -> Settings:
    """Of a database with nothing in it, in SQLite or in PostgreSQL."""
    return msgspec.structs.replace(settings, database_url=url)


@pytest.fixture
def stored_engine(stored: Settings) -> Iterator[sa.Engine]:
    opened = open_tables(stored.conversations_url)
    yield opened
    opened.dispose()


@pytest.fixture
def engine(settings: Settings) -> Iterator[sa.Engine]:
    opened = open_tables(settings.conversations_url)
    yield opened
    opened.dispose()


def turn(name: str, text: str, conversation: str | None = None) -> Answer:
    """Long enough to be spread over several pages of the database."""
    long = f"{text} " + "and more of it. " * 700 + text
    return msgspec.structs.replace(
        ANSWER, message_id=f"m-{name}", conversation_id=conversation or f"c-{name}", question=text, text=long
    )


def asked(key: str, text: str, user: str = "U1") -> Asked:
    owner = ("T1", "C1", "1.2") if user == "U1" else ("T1", "C1", "1.2", user)
    return Asked(key=key, team="T1", channel="C1", user=user, text=text, thread_ts="1.2", owner=owner)


def count(engine: sa.Engine, table: str) -> int:
    with engine.connect() as connection:
        return int(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")))


def everything(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        return "".join(str(connection.execute(sa.select(table)).all()) for table in metadata.sorted_tables)


def test_a_deleted_conversation_leaves_no_byte_of_what_was_said(settings: Settings, engine: sa.Engine) -> None:
    said, kept = canaries(60), canaries(60)
    conversations = Conversations(engine)
    feedback = FeedbackStore(engine, Pseudonyms.open(settings.data_path))
    for number, (one, other) in enumerate(zip(said, kept, strict=True)):
        conversations.append(turn(f"gone-{number}", f"asked first as {one}"))
        conversations.append(turn(f"kept-{number}", other))
        conversations.replace(turn(f"gone-{number}", one))
        feedback.give(f"m-gone-{number}", FeedbackRequest(rating="down", reason="wrong", comment=f"No: {one}"))
    assert len(set().union(*hits(said, [settings.data_path]).values())) == 60
    for number in range(60):
        assert conversations.delete(f"c-gone-{number}")
    assert hits(said, [settings.data_path]) == {}
    assert hits([f"gone-{number}" for number in range(60)], [settings.data_path]) == {}
    assert len(set().union(*hits(kept, [settings.data_path]).values())) == 60


def test_a_turn_that_was_at_work_does_not_bring_its_conversation_back(stored_engine: sa.Engine) -> None:
    conversations = Conversations(stored_engine)
    conversations.append(turn("1", "first", "c1"))
    conversations.delete("c1")
    conversations.append(turn("2", "late", "c1"))
    assert conversations.get("c1") is None


def test_what_a_reader_keeps_from_being_wiped_is_wiped_later(
    settings: Settings, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(erasing, "SCRUB_MS", 50)
    (said,) = canaries(1)
    conversations = Conversations(engine)
    conversations.append(turn("1", said))
    with closing(sqlite3.connect(settings.data_path / "conversations.db", isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM messages").fetchall()
        assert conversations.delete("c-1")
        assert hits([said], [settings.data_path]) != {}
        reader.execute("COMMIT")
    conversations.finish_erasing()
    assert hits([said], [settings.data_path]) == {}


def test_text_of_an_earlier_version_that_lies_in_free_pages_is_gone_after_an_erasure(
    settings: Settings, engine: sa.Engine
) -> None:
    (said,) = canaries(1)
    Conversations(engine).append(turn("1", said))
    Conversations(engine).append(turn("2", "other"))
    with closing(sqlite3.connect(settings.data_path / "conversations.db")) as database, database:
        database.execute("PRAGMA secure_delete = OFF")
        database.execute("DELETE FROM messages WHERE message_id = 'm-1'")
    assert hits([said], [settings.data_path]) != {}
    assert erase_now(settings, Erasure(conversations=("c-2",))) == Erased(conversations=1)
    assert hits([said], [settings.data_path]) == {}


def test_a_single_turn_goes_with_its_feedback_and_the_last_one_with_its_conversation(
    stored: Settings, stored_engine: sa.Engine
) -> None:
    conversations = Conversations(stored_engine)
    conversations.append(turn("1", "one", "c1"))
    conversations.append(turn("2", "two", "c1"))
    FeedbackStore(stored_engine, Pseudonyms.open(stored.data_path)).give("m-1", FeedbackRequest(rating="up"))
    assert erase_now(stored, Erasure(messages=("m-1",))) == Erased(messages=1)
    assert [one.message_id for one in conversations.turns("c1")] == ["m-2"]
    assert count(stored_engine, "feedback") == 0
    erase_now(stored, Erasure(messages=("m-2",)))
    assert conversations.get("c1") is None


def test_a_comment_that_is_taken_back_leaves_no_byte(settings: Settings, engine: sa.Engine) -> None:
    (said,) = canaries(1)
    Conversations(engine).append(turn("1", "one"))
    feedback = FeedbackStore(engine, Pseudonyms.open(settings.data_path))
    feedback.give("m-1", FeedbackRequest(rating="down", reason="other", comment=said))
    assert hits([said], [settings.data_path]) != {}
    feedback.give("m-1", FeedbackRequest(rating=None))
    assert hits([said], [settings.data_path]) == {}


def test_a_slack_thread_goes_with_its_conversation_and_what_its_events_hold(
    stored: Settings, stored_engine: sa.Engine
) -> None:
    said, waiting, other = canaries(3)
    Conversations(stored_engine).append(turn("1", said, "c1"))
    Threads(stored_engine, Names(TOKEN)).keep(asked("E1", said), "c1")
    deliveries = Deliveries(stored_engine, Names(TOKEN))
    deliveries.claim([asked("E1", said), asked("E2", waiting, "U2"), asked("E3", other, "U3")])
    deliveries.keep_answer("E1", "c1", "m-1")
    owner = ("T1", "C1", "1.2")
    assert erase_now(stored, Erasure(slack_owners=(owner,))) == Erased(conversations=1)
    assert erase_now(stored, Erasure(slack_user="U2")) == Erased(slack_events=1)
    rows = everything(stored_engine)
    assert [text in rows for text in (said, waiting, "m-1", other)] == [False, False, False, True]
    assert hits([said, waiting, "m-1"], [stored.data_path.parent]) == {}
    assert (count(stored_engine, "slack_threads"), count(stored_engine, "slack_events")) == (0, 3)
    assert deliveries.claim([asked("E1", "again")]) == (None,)


def test_a_slack_thread_needs_the_token_that_names_it(settings: Settings, engine: sa.Engine) -> None:
    with pytest.raises(ConfigurationError, match="KILDE_SLACK_BOT_TOKEN"):
        erase_now(msgspec.structs.replace(settings, slack_bot_token=None), Erasure(slack_owners=(("T", "C", "1"),)))


def test_by_age_goes_what_nobody_has_gone_on_with(stored: Settings, stored_engine: sa.Engine) -> None:
    conversations = Conversations(stored_engine)
    conversations.append(turn("1", "old", "c1"))
    conversations.append(turn("2", "old, too", "c2"))
    with writer(stored_engine).begin() as connection:
        connection.execute(sa.text("UPDATE messages SET asked_at = '2024-01-01T00:00:00+00:00'"))
        connection.execute(sa.text("UPDATE conversations SET created_at = '2024-01-01T00:00:00+00:00'"))
    conversations.append(turn("3", "new", "c2"))
    assert erase_now(stored, Erasure(older_than=30)) == Erased(conversations=1)
    assert (conversations.get("c1"), len(conversations.turns("c2"))) == (None, 2)


def test_the_command_says_what_went_and_what_it_needs(
    settings: Settings, engine: sa.Engine, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", settings.data_dir)
    Conversations(engine).append(turn("1", "one", "c1"))
    assert run(["erase", "--conversation", "c1"]) == 0
    assert capsys.readouterr().out == "erased: 1 conversations, 0 messages, 0 Slack events\n"
    assert run(["erase", "--conversation", "c1"]) == 1
    assert run(["erase"]) == 3
    assert run(["erase", "--slack-owner", "T1"]) == 3
