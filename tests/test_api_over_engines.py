"""Every route that reads or keeps something, of a service as it is run: over one folder, and over shared engines.

Each function named in ``CHECKED`` is run over both and expects the same, but for what says that memory is shared: with
PostgreSQL, a Chroma server and Redis the service is to be the one it is without. Routes are those of
``access_table.txt``.
"""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from chroma_server import ChromaServer
from fake_slack import BOT_TOKEN, SECRET, FakeSlack
from postgres_server import PostgresServer
from redis_server import RedisServer
from sent_by_slack import send_event
from small_serving import KILDE, environment, serving
from small_site import TEXTS, write_articles
from test_access_table import TABLE

ASKED = "Where is the battery charged?"
QUOTE = "The battery is charged in Brussels."
ADMIN = {"Authorization": "Bearer let-me-in"}
MCP = {"accept": "application/json, text/event-stream", "mcp-protocol-version": "2025-06-18"}
KEEPS_NOTHING = re.compile(r"/(schema|page|admin|widget)?(/.*)?$")
"""What is served from the program's own files."""
pytestmark = pytest.mark.service


class Api:
    """A service that runs, with what was ingested over its own route."""

    def __init__(self, http: httpx.Client, data: Path, settings: dict[str, str], slack: FakeSlack, shared: str) -> None:
        self.http = http
        self.data = data
        self.settings = settings
        self.slack = slack
        self.shared = shared
        """What readiness says of the shared memory."""

    def kilde(self, *command: str) -> Any:
        """What a command beside the service prints, as JSON."""
        env = environment(self.data, self.settings)
        done = subprocess.run([*KILDE, *command], env=env, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if "--json" in command else done.stdout

    def ask(self, question: str = ASKED, headers: dict[str, str] | None = None, **others: object) -> dict[str, Any]:
        response = self.http.post("/v1/chat", json={"question": question, **others}, headers=headers)
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def status(self, method: str, path: str, **others: Any) -> int:
        return self.http.request(method, path, **others).status_code


@contextmanager
def running(folder: Path, engines: dict[str, str], shared: str) -> Iterator[Api]:
    with FakeSlack() as slack:
        settings = {
            "KILDE_ADMIN_KEY": "let-me-in",
            "KILDE_RATE_LIMIT": "off",
            "KILDE_LOG_LEVEL": "WARNING",
            "KILDE_SLACK_BOT_TOKEN": BOT_TOKEN,
            "KILDE_SLACK_SIGNING_SECRET": SECRET,
            "KILDE_SLACK_API_URL": slack.url,
            **engines,
        }
        with serving(folder / "data", settings) as address, httpx.Client(base_url=address, timeout=30) as http:
            site = write_articles(folder / "site", TEXTS)
            run = http.post("/v1/admin/ingest", json={"paths": [str(site)]}, headers=ADMIN)
            assert run.status_code == 200, run.text
            assert '"new":2' in run.text.splitlines()[-1], run.text
            yield Api(http, folder / "data", settings, slack, shared)


@pytest.fixture(scope="module", params=["one folder", "shared engines"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("engines")
    if request.param == "one folder":
        with running(folder, {}, "none") as opened:
            yield opened
        return
    postgres: PostgresServer = request.getfixturevalue("postgres")
    chroma: ChromaServer = request.getfixturevalue("chroma_server")
    engines = {
        "KILDE_DATABASE_URL": postgres.url(postgres.create()),
        "KILDE_CHROMA_URL": f"{chroma.url}?database={chroma.address().database}",
    }
    redis = RedisServer(folder)
    engines["KILDE_CACHE_URL"] = redis.url
    try:
        with running(folder, engines, "ok") as opened:
            yield opened
    finally:
        redis.stop()


def chat(api: Api) -> None:
    """Whole, streamed, told again, gone on with."""
    one = api.ask()
    assert (one["status"], [citation["quote"] for citation in one["citations"]]) == ("answered", [QUOTE])
    events = api.http.post("/v1/chat", json={"question": ASKED, "stream": True}).text
    names = re.findall(r"^event: (\S+)$", events, re.MULTILINE)
    assert (names[0], names[-1], names.count("message.end")) == ("message.start", "message.end", 1)
    streamed = json.loads(events.strip().rpartition("data: ")[2])
    assert (streamed["text"], streamed["citations"][0]["quote"]) == (one["text"], QUOTE)
    assert streamed["conversation_id"] != one["conversation_id"]
    follow_up = api.ask("And a heron?", conversation_id=one["conversation_id"])
    assert follow_up["conversation_id"] == one["conversation_id"]
    assert api.status("POST", "/v1/chat", json={"question": ASKED, "conversation_id": "unknown"}) == 404


def search(api: Api) -> None:
    def paths(**wanted: object) -> list[str]:
        hits = api.http.post("/v1/search", json={"query": "heron in winter", **wanted}).json()["hits"]
        return [hit["path"] for hit in hits]

    assert paths() == ["b.md", "a.md"]
    assert paths(filters={"langs": ["nl"]}) == []
    assert api.status("POST", "/v1/search", json={"query": ""}) == 400


def articles(api: Api) -> None:
    listed = api.http.get("/v1/articles").json()
    assert [article["path"] for article in listed] == ["a.md", "b.md"]


def article(api: Api) -> None:
    source = api.ask()["citations"][0]["source"]
    found = api.http.get(f"/v1/articles/{source['article_id']}").json()
    assert found["text"][source["start"] : source["end"]] == QUOTE
    assert api.status("GET", "/v1/articles/unknown") == 404


def conversation(api: Api) -> None:
    """Another's looks as if it were not there."""
    made = api.kilde("keys", "add", "a reader", "--scope", "ask", "--json")
    own = {"Authorization": f"Bearer {made['text']}"}
    one = api.ask(headers=own)
    address = f"/v1/conversations/{one['conversation_id']}"
    assert [turn["message_id"] for turn in api.http.get(address, headers=own).json()["messages"]] == [one["message_id"]]
    refused, unknown = api.http.get(address), api.http.get("/v1/conversations/unknown")
    assert (refused.status_code, refused.text) == (404, unknown.text.replace("unknown", one["conversation_id"]))


def forget(api: Api) -> None:
    one = api.ask()
    address = f"/v1/conversations/{one['conversation_id']}"
    assert [api.status("DELETE", address), api.status("GET", address)] == [204, 404]
    other = api.ask()
    api.kilde("erase", "--conversation", other["conversation_id"])
    assert api.status("GET", f"/v1/conversations/{other['conversation_id']}") == 404


def judge(api: Api) -> None:
    address = f"/v1/messages/{api.ask()['message_id']}/feedback"
    said = api.http.post(address, json={"rating": "down", "reason": "wrong", "comment": "No."}).json()
    assert (said["rating"], said["reason"]) == ("down", "wrong")
    assert api.http.post(address, json={"rating": None}).json()["rating"] is None
    assert api.status("POST", "/v1/messages/unknown/feedback", json={"rating": "up"}) == 404


def stop(api: Api) -> None:
    """An answer that has ended is no longer stopped."""
    assert api.status("POST", f"/v1/messages/{api.ask()['message_id']}/stop") == 404


def models(api: Api) -> None:
    """Whoever shows a key is counted by it: with its own rate, and until it is revoked."""
    made = api.kilde("keys", "add", "a program", "--scope", "ask", "--rate", "2/day", "--json")
    own = {"Authorization": f"Bearer {made['text']}"}
    assert [api.status("GET", "/v1/models", headers=own) for _ in range(3)] == [200, 200, 429]
    api.kilde("keys", "revoke", made["key"]["key_id"])
    assert api.status("GET", "/v1/models", headers=own) == 401


def model(api: Api) -> None:
    assert api.http.get("/v1/models/kilde").json()["id"] == "kilde"


def completions(api: Api) -> None:
    body = {"model": "kilde", "messages": [{"role": "user", "content": ASKED}]}
    told = api.http.post("/v1/chat/completions", json=body).json()
    assert QUOTE in told["choices"][0]["message"]["content"]


def mcp(api: Api) -> None:
    call = {"name": "search", "arguments": {"query": "heron"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    found = api.http.post("/mcp", json=body, headers=MCP).json()["result"]["structuredContent"]["results"]
    assert [one["title"] for one in found] == ["B", "A"]


def slack(api: Api) -> None:
    """Sent twice, answered once."""
    address = str(api.http.base_url).rstrip("/")
    for number, retries in ((7, (0, 1)), (8, (0,))):
        mention = {"type": "app_mention", "text": f"<@UKILDE> {ASKED}", "ts": f"{number}.1", "channel": "C1"}
        event = api.slack.event(mention, f"Ev{number}")
        assert {send_event(address, event, retry=retry).status_code for retry in retries} == {200}
    api.slack.wait(lambda slack: {one.thread_ts for one in slack.messages if QUOTE in one.shown} >= {"7.1", "8.1"})
    assert sorted(str(posted.thread_ts) for posted in api.slack.messages) == ["7.1", "8.1"]


def stats(api: Api) -> None:
    told = api.http.get("/v1/admin/stats", headers=ADMIN).json()
    assert (told["articles"], told["chunks"]) == (2, 2)


def unanswered(api: Api) -> None:
    api.ask("Who wrote the opera about glaciers?")
    told = api.http.get("/v1/admin/unanswered?format=csv", headers=ADMIN)
    assert "opera about glaciers" in told.text


def index(api: Api) -> None:
    told = api.http.get("/v1/admin/index", headers=ADMIN).json()
    assert "site" in json.dumps(told)


def feedback(api: Api) -> None:
    one = api.ask()
    api.http.post(f"/v1/messages/{one['message_id']}/feedback", json={"rating": "up", "comment": "Clear."})
    assert "Clear." in api.http.get("/v1/admin/feedback", headers=ADMIN).text


def drift(api: Api) -> None:
    assert api.status("GET", "/v1/admin/drift", headers=ADMIN) == 200


def ingest(api: Api) -> None:
    """Nothing has changed, so nothing is embedded; what is nowhere is refused."""
    site = str(api.data.parent / "site")
    run = api.http.post("/v1/admin/ingest", json={"paths": [site]}, headers=ADMIN).text.splitlines()
    assert '"unchanged":2' in run[-1]
    run = api.http.post("/v1/admin/ingest", json={"paths": [f"{site}/nowhere"]}, headers=ADMIN).text.splitlines()
    assert "error" in json.loads(run[-1])


def live(api: Api) -> None:
    assert api.status("GET", "/health/live") == 200


def ready(api: Api) -> None:
    told = api.http.get("/health/ready").json()
    assert (told["ready"], told["articles"], told["index"], told["shared"]) == (True, 2, "ok", api.shared)


def metrics(api: Api) -> None:
    """A question asked again is told again from the shared memory, where there is one."""
    again = f"{ASKED} Tell me."
    before = told_again(api)
    assert api.ask(again)["text"] == api.ask(again)["text"]
    assert told_again(api) - before == (1 if api.shared == "ok" else 0)


def told_again(api: Api) -> float:
    hits = re.search(r'^kilde_answer_cache_total\{result="hit"\} (\S+)$', api.http.get("/metrics").text, re.MULTILINE)
    return float(hits[1]) if hits else 0


CHECKED: dict[tuple[str, str], Callable[[Api], None]] = {
    ("POST", "/v1/chat"): chat,
    ("POST", "/v1/search"): search,
    ("GET", "/v1/articles"): articles,
    ("GET", "/v1/articles/{article_id}"): article,
    ("GET", "/v1/conversations/{conversation_id}"): conversation,
    ("DELETE", "/v1/conversations/{conversation_id}"): forget,
    ("POST", "/v1/messages/{message_id}/feedback"): judge,
    ("POST", "/v1/messages/{message_id}/stop"): stop,
    ("GET", "/v1/models"): models,
    ("GET", "/v1/models/{model}"): model,
    ("POST", "/v1/chat/completions"): completions,
    ("POST", "/mcp"): mcp,
    ("POST", "/slack/events"): slack,
    ("GET", "/v1/admin/stats"): stats,
    ("GET", "/v1/admin/unanswered"): unanswered,
    ("GET", "/v1/admin/index"): index,
    ("GET", "/v1/admin/feedback"): feedback,
    ("GET", "/v1/admin/drift"): drift,
    ("POST", "/v1/admin/ingest"): ingest,
    ("GET", "/health/live"): live,
    ("GET", "/health/ready"): ready,
    ("GET", "/metrics"): metrics,
}


@pytest.mark.parametrize("route", CHECKED, ids=" ".join)
def test_a_route_does_the_same_over_either(api: Api, route: tuple[str, str]) -> None:
    CHECKED[route](api)


def test_no_route_that_keeps_something_is_left_out() -> None:
    assert set(CHECKED) == {route for route in TABLE if not KEEPS_NOTHING.match(route[1])}
