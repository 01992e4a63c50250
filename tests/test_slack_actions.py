"""What people do with an answer in Slack: rate it, read the passage, call a human, have it forgotten."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from fake_backend import ARTICLE, QUOTE
from fake_slack import Posted
from sent_by_slack import send_form
from small_slack import Echo, Service, slack_service

from rag.feedback_records import Feedback, FeedbackRequest
from rag.slack.passages import REASON_VIEW, Place, passage_view, read_place, reason_view
from rag.slack.words import all_words, words


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """With one answer, in the thread 5.1."""
    with slack_service(tmp_path, slack_help_group="S1") as opened:
        opened.mention("Wie viele?", ts="5.1")
        opened.slack.wait(lambda slack: slack.messages)
        yield opened


def element(posted: Posted, kind: str) -> dict[str, Any]:
    every = [one for block in posted.blocks for one in block.get("elements", ()) if one.get("type") == kind]
    found: dict[str, Any] = every[0]
    return found


def act(service: Service, action: dict[str, Any], **more: Any) -> int:
    """Presses what stands under the first answer."""
    posted = service.slack.messages[0]
    ids = [block["block_id"] for block in posted.blocks if "block_id" in block]
    action = {"block_id": ids[0] if ids else "generated", **action}
    payload = {
        "type": "block_actions",
        "team": {"id": "T1"},
        "user": {"id": "U2"},
        "channel": {"id": posted.channel},
        "message": {"ts": posted.ts, "thread_ts": posted.thread_ts, "blocks": posted.blocks},
        "trigger_id": "1.1",
        "response_url": service.slack.response_url,
        "actions": [action],
        **more,
    }
    return send(service, payload)


def send(service: Service, payload: dict[str, Any]) -> int:
    return send_form(service.url, {"payload": json.dumps(payload)}).status_code


def rate(service: Service, button: str, **more: Any) -> int:
    pressed = element(service.slack.messages[0], "feedback_buttons")[f"{button}_button"]["value"]
    return act(service, {"action_id": "kilde_feedback", "type": "feedback_buttons", "value": pressed}, **more)


def feedback(service: Service) -> list[FeedbackRequest]:
    return [call for call in service.backend.calls if isinstance(call, FeedbackRequest)]


def wait_for(service: Service, count: int) -> None:
    service.mention("Und?", ts="7.1")  # Actions leave no trace in Slack of their own.
    service.slack.wait(lambda _: len(feedback(service)) == count)


def test_thumbs_up_is_kept(service: Service) -> None:
    assert rate(service, "positive") == 200
    wait_for(service, 1)
    assert feedback(service) == [FeedbackRequest(rating="up")]
    assert service.slack.views == []


def test_thumbs_down_is_kept_and_asks_why(service: Service) -> None:
    assert rate(service, "negative") == 200
    service.slack.wait(lambda slack: slack.views)
    assert feedback(service) == [FeedbackRequest(rating="down")]
    (view,) = service.slack.views
    assert (view["title"]["text"], view["private_metadata"]) == (words("de").why_title, "m1")


def test_the_reason_is_kept(service: Service) -> None:
    chosen = {
        "reason": {"reason": {"selected_option": {"value": "outdated"}}},
        "comment": {"comment": {"value": " Alt. "}},
    }
    view = {"type": "modal", "callback_id": REASON_VIEW, "private_metadata": "m1", "state": {"values": chosen}}
    assert send(service, {"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "U2"}, "view": view}) == 200
    wait_for(service, 1)
    assert feedback(service) == [FeedbackRequest(rating="down", reason="outdated", comment="Alt.")]


def test_an_answer_that_is_no_longer_stored_can_still_be_pressed(service: Service) -> None:
    service.backend.conversations.clear()
    assert rate(service, "negative") == 200
    service.slack.wait(lambda slack: slack.views)
    assert feedback(service) == []


def test_a_thumb_is_kept_although_slack_opens_no_dialogue(service: Service) -> None:
    service.slack.refuse("views.open", "internal_error")
    assert rate(service, "negative") == 200
    wait_for(service, 1)
    assert feedback(service) == [FeedbackRequest(rating="down")]


def test_a_dialogue_that_comes_too_late_is_let_go(service: Service) -> None:
    assert rate(service, "negative", trigger_id="expired") == 200
    service.slack.wait(lambda slack: slack.called("views.open"))
    assert service.slack.views == []


def test_the_passage_shows_the_quote_in_its_article(service: Service) -> None:
    option = element(service.slack.messages[0], "static_select")["options"][0]
    assert act(service, {"action_id": "kilde_passage", "type": "static_select", "selected_option": option}) == 200
    service.slack.wait(lambda slack: slack.views)
    assert service.slack.views[0]["title"]["text"] == words("de").passage
    parts = service.slack.views[0]["blocks"][1]["elements"][0]["elements"]
    assert [part["text"] for part in parts if part.get("style") == {"bold": True}] == [QUOTE]
    assert "".join(part["text"] for part in parts) == ARTICLE.text


def test_a_passage_of_a_changed_article_is_not_shown() -> None:
    place = Place(ARTICLE.article_id, 61, 93, ARTICLE.content_sha256[:16])
    changed = msgspec.structs.replace(ARTICLE, content_sha256="0" * 64)
    for article in (changed, None):
        assert passage_view(article, place, "de")["blocks"][0]["text"]["text"] == words("de").changed  # type: ignore[index]


def test_a_place_is_read_as_it_was_written() -> None:
    assert read_place("an id 61 93 abc") == Place("an id", 61, 93, "abc")


def test_a_human_is_called_once_however_often_the_button_is_pressed(service: Service) -> None:
    button = element(service.slack.messages[0], "button")
    for _ in range(3):
        assert act(service, {"action_id": "kilde_help", "type": "button", "value": button["value"]}) == 200
    service.slack.wait(lambda slack: len(slack.messages) == 2)
    service.mention("Und?", ts="7.1")
    service.slack.wait(lambda slack: len(slack.messages) == 3)
    call = service.slack.messages[1]
    assert (call.thread_ts, call.text) == ("5.1", words("de").human_called.format(user="<@U2>", group="<!subteam^S1>"))


def test_an_old_button_calls_nobody_where_no_group_is_named_any_more(tmp_path: Path) -> None:
    with slack_service(tmp_path) as service:
        service.mention("Wie viele?", ts="5.1")
        service.slack.wait(lambda slack: slack.messages)
        assert act(service, {"action_id": "kilde_help", "type": "button", "value": "x"}) == 200
        service.mention("Und?", ts="7.1")
        service.slack.wait(lambda slack: len(slack.messages) == 2)
        time.sleep(0.3)
        assert [one.thread_ts for one in service.slack.messages] == ["5.1", "7.1"]


def test_a_conversation_is_forgotten_on_request(service: Service) -> None:
    posted = service.slack.messages[0]
    shortcut = {
        "type": "message_action",
        "callback_id": "kilde_forget",
        "team": {"id": "T1"},
        "channel": {"id": "C1"},
        "user": {"id": "U2"},
        "message": {"ts": posted.ts, "thread_ts": "5.1"},
        "response_url": service.slack.response_url,
        "trigger_id": "1.1",
    }
    assert list(service.backend.conversations) == ["c1"]
    for said in (words("en").forgotten, words("en").nothing_stored):
        service.slack.responses.clear()
        assert send(service, shortcut) == 200
        service.slack.wait(lambda slack: slack.responses)
        assert service.slack.responses[0]["text"] == said
    assert service.backend.conversations == {}


def test_what_is_forgotten_while_it_is_answered_is_not_stored_in_the_end(tmp_path: Path) -> None:
    with slack_service(tmp_path, Echo, {"pause_s": 1.0}) as service:
        service.mention("Wie viele?", ts="5.1")
        service.slack.wait(lambda slack: slack.called("assistant.threads.setStatus"))
        shortcut = {
            "type": "message_action",
            "callback_id": "kilde_forget",
            "team": {"id": "T1"},
            "channel": {"id": "C1"},
            "user": {"id": "U2"},
            "message": {"ts": "5.1"},
            "response_url": service.slack.response_url,
            "trigger_id": "1.1",
        }
        assert send(service, shortcut) == 200
        service.slack.wait(lambda slack: slack.responses and slack.messages)
        time.sleep(0.3)
        assert service.slack.responses[0]["text"] == words("en").forgotten
        assert service.backend.conversations == {}


def test_a_long_quote_is_seen_to_be_cut() -> None:
    article = msgspec.structs.replace(ARTICLE, text="x" * 5000)
    view = passage_view(article, Place(ARTICLE.article_id, 2000, 4500, ARTICLE.content_sha256[:16]), "de")
    (quote,) = [one for one in view["blocks"][1]["elements"][0]["elements"] if "style" in one]  # type: ignore[index]
    assert quote["text"] == "x" * 999 + "…"


def test_the_dialogue_is_opened_before_anything_is_stored(service: Service) -> None:
    opened: list[int] = []
    give = service.backend.give_feedback

    async def give_late(message_id: str, request: FeedbackRequest) -> Feedback:
        opened.append(len(service.slack.views))
        return await give(message_id, request)

    service.backend.give_feedback = give_late  # type: ignore[method-assign]
    rate(service, "negative")
    wait_for(service, 1)
    assert opened == [1]


def test_what_was_asked_by_command_is_forgotten_by_command(service: Service) -> None:
    fields = {"command": "/kilde", "text": "Wie viele?", "team_id": "T1", "channel_id": "C1", "user_id": "U1"}
    fields |= {"trigger_id": "1.2", "response_url": service.slack.response_url}
    send_form(service.url, fields)
    service.slack.wait(lambda slack: len(slack.responses) == 1)
    assert send_form(service.url, fields | {"text": "Forget", "trigger_id": "1.3"}).status_code == 200
    service.slack.wait(lambda slack: len(slack.responses) == 2)
    assert service.slack.responses[1]["text"] == words("en").forgotten
    assert list(service.backend.conversations) == ["c1"]


@pytest.mark.parametrize("lang", sorted(all_words()))
def test_the_dialogues_keep_slacks_limits_in_every_language(service: Service, lang: str) -> None:
    from fake_slack import _check_view

    place = Place(ARTICLE.article_id, 61, 93, ARTICLE.content_sha256[:16])
    for view in (reason_view("m1", lang), passage_view(ARTICLE, place, lang), passage_view(None, place, lang)):
        _check_view({"view": view, "trigger_id": "1"})
