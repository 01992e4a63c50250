"""Only what Slack has signed, as it signed it and not long ago, is taken."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from fake_backend import FakeBackend
from fake_slack import SECRET, FakeSlack
from hypothesis import given
from hypothesis import strategies as st
from litestar.testing import TestClient
from sent_by_slack import signed
from small_slack import Service, slack_service, slack_settings

from rag.api.app import build_app
from rag.settings import Settings
from rag.slack.signature import Signatures

BODY = json.dumps({"type": "url_verification", "challenge": "abc"}).encode()
NOW = 1_700_000_000.0


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with slack_service(tmp_path) as opened:
        yield opened


def post(service: Service, body: bytes, headers: dict[str, str]) -> httpx.Response:
    headers = {"Content-Type": "application/json", **headers}
    return httpx.post(f"{service.url}/slack/events", content=body, headers=headers, timeout=15)


def test_the_address_is_verified_when_it_is_entered_in_slack(service: Service) -> None:
    response = post(service, BODY, signed(BODY))
    assert (response.status_code, response.json()) == (200, {"challenge": "abc"})


@pytest.mark.parametrize(
    "headers",
    [
        {},
        signed(BODY, secret="another"),
        signed(BODY + b" "),
        {**signed(BODY), "X-Slack-Request-Timestamp": "1700000000"},
        {**signed(BODY), "X-Slack-Request-Timestamp": "now"},
        {**signed(BODY), "X-Slack-Request-Timestamp": "\u0661\u0662"},
        {**signed(BODY), "X-Slack-Signature": "v0="},
        {**signed(BODY), "X-Slack-Signature": "v0=\u00e9" + "0" * 63},
        {**signed(BODY), "X-Slack-Signature": signed(BODY)["X-Slack-Signature"].upper()},
        {**signed(BODY), "X-Slack-Signature": signed(BODY)["X-Slack-Signature"][:-1]},
    ],
)
def test_what_is_not_signed_so_is_refused_and_nothing_is_said(service: Service, headers: dict[str, str]) -> None:
    encoded = {name: value.encode() for name, value in headers.items()}
    response = httpx.post(f"{service.url}/slack/events", content=BODY, headers=encoded)
    assert (response.status_code, response.text) == (401, "")


def test_a_forged_check_of_the_certificate_opens_nothing(service: Service) -> None:
    body = urlencode({"ssl_check": "1", "token": "x", "command": "/kilde", "text": "Wie viele?"}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert httpx.post(f"{service.url}/slack/events", content=body, headers=headers).status_code == 401


def test_the_same_event_written_anew_is_refused(service: Service) -> None:
    body = json.dumps(service.slack.event({"type": "app_mention", "text": "<@UKILDE> Ä?", "ts": "1.1"})).encode()
    again = json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()
    assert json.loads(again) == json.loads(body)
    assert post(service, again, signed(body)).status_code == 401
    assert post(service, body, signed(body)).status_code == 200


@pytest.mark.parametrize(("age_s", "taken"), [(-301, False), (-299, True), (0, True), (299, True), (301, False)])
def test_a_request_is_taken_for_five_minutes(age_s: int, taken: bool) -> None:
    headers = signed(BODY, at=NOW - age_s)
    signatures = Signatures(SECRET, now=lambda: NOW)
    assert signatures.is_signed(BODY, *headers.values()) is taken


def test_a_body_that_is_no_text_is_refused_whatever_its_signature() -> None:
    body = b"\xff\xfe"
    assert not Signatures(SECRET, now=lambda: NOW).is_signed(body, *signed(body, at=NOW).values())


@given(st.binary(max_size=60), st.text(max_size=80), st.text(max_size=80))
def test_no_made_up_signature_is_taken_and_none_raises(body: bytes, timestamp: str, signature: str) -> None:
    assert not Signatures(SECRET, now=lambda: NOW).is_signed(body, timestamp, signature)


def test_of_a_thousand_changed_requests_none_is_taken() -> None:
    changing = random.Random(7)
    signatures = Signatures(SECRET, now=lambda: NOW)
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "event": {"text": "Wie viele?"}}).encode()
    timestamp, signature = signed(body, at=NOW).values()
    assert signatures.is_signed(body, timestamp, signature)
    for _ in range(1000):
        place = changing.randrange(len(body))
        changed = body[:place] + bytes([body[place] ^ (1 << changing.randrange(7))]) + body[place + 1 :]
        assert not signatures.is_signed(changed, timestamp, signature)


def test_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []
    monkeypatch.setattr("hmac.compare_digest", lambda one, other: compared.append((one, other)) or one == other)
    headers = signed(BODY, at=NOW)
    assert Signatures(SECRET, now=lambda: NOW).is_signed(BODY, *headers.values())
    assert [pair[1] for pair in compared] == [headers["X-Slack-Signature"]]


@pytest.mark.parametrize("missing", ["slack_bot_token", "slack_signing_secret"])
def test_without_both_secrets_there_is_no_such_route(tmp_path: Path, missing: str) -> None:
    with FakeSlack() as slack:
        kept = slack_settings(slack, tmp_path)
        settings = Settings(**{name: getattr(kept, name) for name in Settings.__struct_fields__ if name != missing})
        with TestClient(build_app(FakeBackend(settings=settings))) as client:
            assert client.post("/slack/events", content=BODY, headers=signed(BODY)).status_code == 404


def test_an_action_may_be_larger_than_other_requests(service: Service) -> None:
    body = json.dumps({"type": "url_verification", "challenge": "abc", "more": "x" * 900_000}).encode()
    assert post(service, body, signed(body)).status_code == 200
    larger = json.dumps({"type": "url_verification", "challenge": "abc", "more": "x" * 1_100_000}).encode()
    assert post(service, larger, signed(larger)).status_code == 413
