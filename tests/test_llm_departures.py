"""Readers who leave the service, or press stop, end the LLM's work within two seconds: over real HTTP at both ends."""

import json
import socket
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest
from fake_backend import FakeBackend
from scripted_llm import ScriptedLlm, answering, llm, piece, says
from served import served
from small_answering import ASKED, FACT, FixedSearch, found

from rag.api.wiring import Limits, limits_for
from rag.conversations import Conversations
from rag.patience import Deadlines
from rag.records import Answer, Event, Question
from rag.settings import Settings

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]
WITHIN_S = 2.0
PATIENCE_S = 30.0
SAID = "In 2021, the factory built 43,866 cars. [1]"
MESSAGES = [{"role": "user", "content": ASKED}]


class WrittenTurns(FakeBackend):
    """Real turns, written by an LLM."""

    def __init__(self, conversations: Conversations, base_url: str) -> None:
        super().__init__(settings=Settings(rate_limit="off", llm_base_url=base_url, llm_model="scripted"))
        self.turns = conversations
        self.answering = answering(conversations, FixedSearch(found(FACT)), base_url, Deadlines())

    async def answer(self, question: Question) -> Answer:
        return await self.answering.answer(question)

    def events(self, question: Question) -> AsyncIterator[Event]:
        return self.answering.events(question)

    async def keep_stopped(self, shown: Answer) -> Answer:
        return self.turns.keep_stopped(shown)


@pytest.fixture
def endless() -> Iterator[ScriptedLlm]:
    """Brings one sentence, then a word every 50 ms, for twenty seconds."""
    begun = says("In 2021, the factory built 43,866 cars [1]. The")[:-3]
    with llm(*begun, *([0.05, piece(" word")] * 400)) as server:
        yield server


@pytest.fixture
def client(endless: ScriptedLlm, conversations: Conversations) -> Iterator[httpx.Client]:
    with (
        served(WrittenTurns(conversations, endless.base_url)) as address,
        httpx.Client(base_url=address, timeout=PATIENCE_S, trust_env=False) as opened,
    ):
        yield opened


def left_after(server: ScriptedLlm, began: float) -> float:
    """Seconds until the connection to the LLM was closed."""
    until = time.monotonic() + 2 * WITHIN_S
    while not server.left and time.monotonic() < until:
        time.sleep(0.01)
    (left,) = server.left
    return left - began


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat", {"question": ASKED, "stream": True}),
        ("/v1/chat/completions", {"model": "kilde", "messages": MESSAGES, "stream": True}),
    ],
)
def test_a_reader_of_a_stream_who_leaves(
    path: str, body: dict[str, object], client: httpx.Client, endless: ScriptedLlm
) -> None:
    with client.stream("POST", path, json=body) as response:
        assert any("43,866" in line for line in response.iter_lines())
    assert left_after(endless, time.monotonic()) < WITHIN_S


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat", {"question": ASKED}),
        ("/v1/chat/completions", {"model": "kilde", "messages": MESSAGES}),
    ],
)
def test_a_reader_of_a_whole_answer_who_leaves(
    path: str, body: dict[str, object], client: httpx.Client, endless: ScriptedLlm
) -> None:
    request = client.build_request("POST", path, json=body)
    with socket.create_connection((client.base_url.host, client.base_url.port)) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in request.headers.items())
        connection.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + request.content)
        until = time.monotonic() + PATIENCE_S
        while not endless.requests and time.monotonic() < until:
            time.sleep(0.01)
    assert left_after(endless, time.monotonic()) < WITHIN_S


def test_a_reader_who_presses_stop(client: httpx.Client, endless: ScriptedLlm, conversations: Conversations) -> None:
    with client.stream("POST", "/v1/chat", json={"question": ASKED, "stream": True}) as response:
        lines = response.iter_lines()
        start = json.loads(next(line for line in lines if line.startswith("data:")).removeprefix("data:"))
        assert any("43,866" in line for line in lines)
        pressed = time.monotonic()
        assert client.post(f"/v1/messages/{start['message_id']}/stop").status_code == 204
        rest = [line for line in lines if line.startswith("event:")]
    assert left_after(endless, pressed) < WITHIN_S
    assert rest[-1] == "event: message.end"
    (stored,) = conversations.turns(start["conversation_id"])
    assert stored.text == SAID


def test_a_service_with_an_llm_has_room_for_all_its_requests() -> None:
    assert limits_for(Settings()) == Limits()
    settings = Settings(llm_base_url="http://127.0.0.1:1/v1", llm_model="m", llm_requests_at_once=300)
    assert limits_for(settings).running == Limits().running + 300
