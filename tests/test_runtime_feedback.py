"""Feedback through everything together: asked in vain, judged, listed, erased, in one data folder."""

from collections.abc import Iterator
from datetime import UTC, datetime

import anyio
import pytest
from word_encoder import WordEncoder

from rag.errors import NotFoundError
from rag.feedback import FeedbackStore
from rag.feedback_records import FeedbackRequest
from rag.pseudonyms import Pseudonyms
from rag.records import Question
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings


@pytest.fixture
def runtime(runtime_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runtime]:
    monkeypatch.setattr("index.encoder.SentenceEncoder", lambda model, folder: WordEncoder())
    opened = open_runtime(runtime_settings)
    yield opened
    opened.close()


def test_what_was_asked_in_vain_is_listed_this_week_until_its_conversation_is_erased(runtime: Runtime) -> None:
    asked = anyio.run(runtime.answer, Question(question="What does the heron eat? I am jo@mail.example"))
    week = anyio.run(runtime.unanswered, 1).weeks[0]
    year, number, _ = datetime.now(UTC).isocalendar()
    assert week.week == f"{year}-W{number:02d}"
    assert [(group.label, group.count) for group in week.groups] == [("What does the heron eat? I am [e-mail]", 1)]
    anyio.run(runtime.delete_conversation, asked.conversation_id)
    assert anyio.run(runtime.unanswered, 1).questions == 0


def test_a_thumbs_down_is_listed_with_its_reason(runtime: Runtime) -> None:
    asked = anyio.run(runtime.answer, Question(question="What does the heron eat?"))
    anyio.run(runtime.give_feedback, asked.message_id, FeedbackRequest(rating="down", reason="outdated"))
    (group,) = anyio.run(runtime.unanswered, 1).weeks[0].groups
    assert (group.thumbs_down, group.reasons) == (1, {"outdated": 1})


def test_feedback_on_an_unknown_message_is_refused(runtime: Runtime) -> None:
    with pytest.raises(NotFoundError):
        anyio.run(runtime.give_feedback, "m9", FeedbackRequest(rating="up"))


def test_a_command_beside_the_service_reads_the_same_questions(runtime: Runtime) -> None:
    anyio.run(runtime.answer, Question(question="What does the heron eat?"))
    settings = runtime.settings
    beside = FeedbackStore.open(settings.conversations_url, Pseudonyms.open(settings.data_path))
    assert [one.question for one in beside.unanswered()] == ["What does the heron eat?"]
    beside.close()
