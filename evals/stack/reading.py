"""What one reader does in one visit, and what must come of it.

In: a reader, what one process answered before, the number of the visit. Out: twelve requests, each judged: a question,
a search, an article, a conversation of two turns that is read and forgotten, an answer that is rated, one that is
stopped. Where a request had to be repeated, its first try may have done its work: a follow-up that was sent twice is
not compared, and its conversation may hold more.
"""

import json
import uuid
from collections.abc import Sequence

import httpx
import msgspec

from evals.stack.sending import Reader
from rag.records import Answer

FOLLOW_UP = "And what does it cost?"


class Said(msgspec.Struct, frozen=True):
    """What one process said, to compare with."""

    questions: Sequence[str]
    answers: Sequence[tuple[object, ...]]
    follow_ups: Sequence[tuple[object, ...]]
    searches: Sequence[object]
    articles: Sequence[tuple[str, object]]
    """Their paths and what was read there."""


def meaning(answer: Answer) -> tuple[object, ...]:
    """All of an answer but its ids, its times and what it was called before."""
    told = (answer.status, answer.text, answer.citations, answer.sources, answer.nearest, answer.followups, answer.lang)
    return (*told, answer.as_of, answer.confidence, answer.standalone_question)


def ask(reader: Reader, question: str, conversation_id: str | None = None) -> Answer:
    body = {"question": question, "conversation_id": conversation_id}
    return _answer(reader.send("POST", "/v1/chat", body))


def search(reader: Reader, query: str) -> object:
    return reader.send("POST", "/v1/search", {"query": query}).raise_for_status().json()["hits"]


def visit(reader: Reader, said: Said, number: int) -> None:
    """All twelve."""
    _look_up(reader, said, number)
    _converse(reader, said, number)
    _rate(reader, said, number + 1)
    _stop(reader, said.questions[(number + 2) % len(said.questions)])


def _look_up(reader: Reader, said: Said, number: int) -> None:
    at = number % len(said.questions)
    question = said.questions[at]
    reader.log.expect(meaning(ask(reader, question)) == said.answers[at], f"the answer to {question!r}")
    reader.log.expect(search(reader, question) == said.searches[at], f"the hits for {question!r}")
    path, article = said.articles[number % len(said.articles)]
    reader.log.expect(reader.send("GET", path).json() == article, path)


def _converse(reader: Reader, said: Said, number: int) -> None:
    at = number % len(said.follow_ups)
    reader.asked_again = False
    first = ask(reader, said.questions[at])
    reader.log.expect(meaning(first) == said.answers[at], f"a first answer to {first.question!r}")
    second = ask(reader, FOLLOW_UP, first.conversation_id)
    as_before = meaning(second) == said.follow_ups[at]
    reader.log.expect(as_before or reader.asked_again, f"the follow-up to {first.question!r}")
    path = f"/v1/conversations/{first.conversation_id}"
    kept = [message["message_id"] for message in reader.send("GET", path).json()["messages"]]
    whole = [first.message_id, second.message_id]
    may_hold_more = reader.asked_again and set(whole) <= set(kept)
    reader.log.expect(kept == whole or may_hold_more, f"a conversation holds {len(kept)} turns")
    forgotten = reader.send("DELETE", path).status_code
    reader.log.expect(forgotten == 204 or (forgotten == 404 and reader.asked_again), f"forgetting gave {forgotten}")
    gone = reader.send("GET", path).status_code
    reader.log.expect(gone == 404, f"a forgotten conversation gave {gone}")


def _rate(reader: Reader, said: Said, number: int) -> None:
    at = number % len(said.questions)
    answer = ask(reader, said.questions[at])
    reader.log.expect(meaning(answer) == said.answers[at], f"a rated answer to {answer.question!r}")
    rated = reader.send("POST", f"/v1/messages/{answer.message_id}/feedback", {"rating": "up"})
    reader.log.expect(rated.is_success and rated.json()["rating"] == "up", f"a rating gave {rated.status_code}")


def _stop(reader: Reader, question: str) -> None:
    """In words that nobody has used, so that no kept answer is told."""
    body = {"question": f"{question} ({uuid.uuid4().hex[:6]})", "stream": True}
    reader.persist("a stream", lambda client: _stopped(client, body, reader))


def _stopped(client: httpx.Client, body: object, reader: Reader) -> httpx.Response:
    ends: list[str] = []
    with client.stream("POST", "/v1/chat", json=body) as response:
        event, stop_status = "", 0
        for line in response.iter_lines():
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "message.start":
                message_id = json.loads(line.removeprefix("data: "))["message_id"]
                stop_status = reader.send("POST", f"/v1/messages/{message_id}/stop").status_code
            elif line.startswith("data: ") and event == "message.end":
                ends.append(line.removeprefix("data: "))
    if response.is_success:
        _judge_stop(reader, ends, stop_status)
    return response


def _judge_stop(reader: Reader, ends: Sequence[str], stop_status: int) -> None:
    """404 came too late: the answer had ended."""
    reader.log.expect(len(ends) == 1, f"a stream had {len(ends)} ends")
    reader.log.expect(stop_status in (204, 404), f"stopping gave {stop_status}")
    if stop_status == 204 and ends and json.loads(ends[0])["stopped"]:
        reader.log.was_stopped()


def _answer(response: httpx.Response) -> Answer:
    return msgspec.json.decode(response.raise_for_status().content, type=Answer)
