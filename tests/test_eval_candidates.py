"""Golden questions proposed from use: what becomes a candidate, and that a human has to fill it in."""

import json
from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER
from small_suite import REFUSAL, write_suite

from evals.candidates import candidates, utc_since
from evals.golden import load_cases
from evals.suite import load_suite
from rag.cli import run
from rag.conversations import Conversations
from rag.errors import InputError
from rag.feedback import FeedbackStore
from rag.feedback_records import FeedbackRequest, UnansweredQuestion
from rag.pseudonyms import Pseudonyms
from rag.settings import Settings


def unanswered(name: str, question: str, **changes: object) -> UnansweredQuestion:
    values: dict[str, object] = {
        "question_id": name,
        "asker": "someone",
        "asked_at": "2024-01-02T03:04:05+00:00",
        "lang": "de",
        "question": question,
        "standalone_question": question,
        "turns": (),
        "status": "not_found",
        "rating": None,
        "reason": None,
        "comment": "",
        "nearest": (),
    }
    return msgspec.convert(values | changes, UnansweredQuestion)


def test_a_candidate_has_everything_but_what_is_expected() -> None:
    asked = unanswered("0123456789abcdef", "Und wie alt?", turns=("Die Brücke?",), standalone_question="Wie alt?")
    (one,) = candidates([asked], [])
    assert msgspec.to_builtins(one) == {
        "id": "use-0123456789ab-de",
        "question": "Und wie alt?",
        "lang": "de",
        "turns": ("Die Brücke?",),
        "standalone": "Wie alt?",
        "expect": {},
        "tags": ("from-use", "not-found"),
    }


def test_a_candidate_says_why_it_is_one() -> None:
    (one,) = candidates([unanswered("a", "Wie alt?", status="answered", rating="down", reason="wrong_language")], [])
    assert one.tags == ("from-use", "thumbs-down", "wrong-language")


def test_what_was_asked_before_and_what_the_suite_has_is_no_candidate_again(tmp_path: Path) -> None:
    known = load_suite(str(write_suite(tmp_path))).cases
    asked = [unanswered("a", "Wie alt?"), unanswered("b", "wie  ALT?"), unanswered("c", "Who owns the BRIDGE?")]
    assert [one.id for one in candidates(asked, known)] == ["use-b-de"]


def test_a_candidate_is_refused_as_a_golden_question_until_a_human_filled_it_in(tmp_path: Path) -> None:
    (one,) = candidates([unanswered("a", "Wie alt?")], [])
    (tmp_path / "new.jsonl").write_bytes(msgspec.json.encode(one))
    with pytest.raises(InputError, match="missing required field `status`"):
        load_cases(tmp_path / "new.jsonl")


def test_candidates_come_from_what_the_service_has_stored(
    suite: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(data_dir=str(tmp_path / "data"))
    settings.data_path.mkdir()
    lost = msgspec.structs.replace(REFUSAL, message_id="m1", question="Who paints it?", standalone_question="Who?")
    disliked = msgspec.structs.replace(ANSWER, message_id="m2", conversation_id="c2", question="Wie hoch?")
    liked = msgspec.structs.replace(ANSWER, message_id="m3", conversation_id="c3", question="Wie lang?")
    conversations = Conversations.open(settings.conversations_url)
    for turn in (lost, disliked, liked):
        conversations.append(turn)
    conversations.close()
    store = FeedbackStore.open(settings.conversations_url, Pseudonyms.open(settings.data_path))
    store.give("m2", FeedbackRequest(rating="down", reason="wrong"))
    store.give("m3", FeedbackRequest(rating="up"))
    store.close()
    capsys.readouterr()
    assert run(["eval", "candidates", "--suite", suite]) == 0
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(one["question"], one["tags"]) for one in found] == [
        ("Wie hoch?", ["from-use", "thumbs-down", "wrong"]),
        ("Who paints it?", ["from-use", "not-found"]),
    ]


@pytest.mark.parametrize(
    ("given", "utc"),
    [
        ("2024-05-31", "2024-05-31T00:00:00+00:00"),
        ("2024-05-31T14:30:00", "2024-05-31T14:30:00+00:00"),
        ("2024-05-31T14:30:00Z", "2024-05-31T14:30:00+00:00"),
        ("2024-05-31T00:30:00+02:00", "2024-05-30T22:30:00+00:00"),
    ],
)
def test_since_is_a_date_or_a_time_in_utc(given: str, utc: str) -> None:
    assert utc_since(given) == utc


@pytest.mark.parametrize("given", ["last week", "31.05.2024", ""])
def test_what_is_no_date_is_refused_with_the_form_of_one(
    given: str, suite: str, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert run(["eval", "candidates", "--suite", suite, "--since", given]) == 3
    assert "is no date. Write it as 2024-05-31 or" in capsys.readouterr().err


def test_a_data_folder_that_is_not_there_is_named(
    suite: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KILDE_DATA_DIR", str(tmp_path / "nowhere"))
    assert run(["eval", "candidates", "--suite", suite]) == 3
    assert f"There is no data folder {tmp_path / 'nowhere'}." in capsys.readouterr().err
    assert not (tmp_path / "nowhere").exists()
