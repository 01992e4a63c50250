"""Whatever the LLM's endpoint does, at whatever place: one end, and a cited answer.

Every fault is tried behind 0 to 19 pieces of an answer of 24, each turn over real HTTP, ten at a time.
"""

import datetime
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest
from scripted_llm import (
    FAULTS,
    HEAD,
    SHORT,
    Hang,
    Request,
    Reset,
    ScriptedLlm,
    Step,
    answering,
    broken,
    ended,
    in_turn,
    llm,
    notices,
    piece,
    says,
    status,
    tokens,
    written,
)
from small_answering import ASKED, FACT, FixedSearch, found

from rag.conversations import Conversations
from rag.records import Event, MessageEnd, Notice, PhaseStatus, Question, TextDelta

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]

PLACES = 20
AT_ONCE = 10
OTHER = "The plant in Ghent employed 3,000 people at that time."
SAID = f"In 2021, the factory built 43,866 cars [1]. {OTHER} [2] In 2021 the factory built 43,866 cars [1]."
SEARCH = FixedSearch(found(FACT), found(OTHER, article_id="b", score=0.9))
FALLBACK_S = 2.0


def turns(conversations: Conversations, base_url: str, count: int) -> list[list[Event]]:
    """The events of as many turns, ten at a time, the first first."""
    asked = answering(conversations, SEARCH, base_url)
    done: list[list[Event]] = [[] for _ in range(count)]
    places = iter(range(count))

    async def turn() -> None:
        for place in places:
            done[place] = [event async for event in asked.events(Question(question=ASKED))]

    async def all_turns() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(AT_ONCE):
                tasks.start_soon(turn)

    anyio.run(all_turns)
    return done


def is_right(events: list[Event], conversations: Conversations) -> bool:
    """One end, a cited answer, told as it is stored, and a word about what went wrong."""
    answer = ended(events)
    return (
        answer.status in {"answered", "partial"}
        and len(answer.citations) > 0
        and FACT in {citation.quote for citation in answer.citations}
        and conversations.turns(answer.conversation_id) == (answer,)
        and bool({"llm_unavailable", "llm_interrupted"} & {*notices(events)})
    )


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_ends_with_one_cited_answer(fault: str, conversations: Conversations) -> None:
    places = iter(range(PLACES * 2))
    assert len(tokens(SAID)) > PLACES

    def script(request: Request) -> list[Step]:
        return FAULTS[fault](SAID, next(places) % PLACES)

    with ScriptedLlm(script) as server:
        done = turns(conversations, server.base_url, PLACES)
    assert sum(is_right(events, conversations) for events in done) == PLACES


TAILS: dict[str, list[Step]] = {
    "comments": [b": busy\n\n", 0.05] * 2000,
    "bad json": [b'data: {"choices": [{"del\n\n', Hang()],
    "no counts": [b'data: {"choices": [], "usage": {"prompt_tokens": null}}\n\n', Hang()],
    "another event": [b'data: {"type": "ping"}\n\n', Hang()],
    "reset": [Reset()],
}


@pytest.mark.parametrize("tail", TAILS)
def test_whatever_follows_the_end_of_the_text_the_answer_is_told_and_the_llm_left(
    tail: str, conversations: Conversations
) -> None:
    with llm(*says(SAID)[:-2], *TAILS[tail]) as server:
        events = written(conversations, SEARCH, server)
        if tail != "reset":
            wait_until_left(server)
    assert (ended(events).composer, notices(events)) == ("llm", [])


def test_a_refused_connection_ends_with_one_cited_answer(conversations: Conversations) -> None:
    done = turns(conversations, "http://127.0.0.1:1/v1", PLACES)
    assert sum(is_right(events, conversations) for events in done) == PLACES


def test_a_certificate_that_nobody_signed_ends_with_one_cited_answer(
    conversations: Conversations, tmp_path: Path
) -> None:
    with ScriptedLlm(lambda request: says(SAID), tls=self_signed(tmp_path)) as server:
        done = turns(conversations, server.base_url, PLACES)
    assert sum(is_right(events, conversations) for events in done) == PLACES
    assert server.requests == []


def self_signed(folder: Path) -> ssl.SSLContext:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    plain = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(*plain))
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_what_was_shown_stays_and_quotes_complete_it(conversations: Conversations) -> None:
    first = len(tokens("In 2021, the factory built 43,866 cars [1]. The"))
    with llm(*broken(SAID, first, Hang())) as server:
        events = written(conversations, SEARCH, server)
    answer = ended(events)
    assert answer.text == (f"In 2021, the factory built 43,866 cars. [1]\n\nAccording to “Title of b”: “{OTHER}” [2]")
    assert (answer.composer, notices(events)) == ("llm", ["llm_interrupted"])
    assert [answer.text[c.answer.start : c.answer.end] for c in answer.citations] == [
        "In 2021, the factory built 43,866 cars.",
        OTHER,
    ]


@pytest.mark.parametrize("fault", ["hang", "reset", "error", "endless line"])
def test_the_fallback_begins_within_two_seconds_of_the_failure(fault: str, conversations: Conversations) -> None:
    """A hang is noticed when its deadline has passed, everything else at once."""
    noticed_s = SHORT.first_s if fault == "hang" else 0.0
    times: list[tuple[float, Event]] = []

    async def timed() -> None:
        async for event in answering(conversations, SEARCH, server.base_url).events(Question(question=ASKED)):
            times.append((time.monotonic(), event))

    with ScriptedLlm(lambda request: FAULTS[fault](SAID, 3)) as server:
        anyio.run(timed)
    failed = next(at for at, event in times if isinstance(event, Notice))
    asked = next(at for at, event in times if event == PhaseStatus(phase="reading"))
    shown = next(at for at, event in times if isinstance(event, TextDelta))
    assert failed - asked < noticed_s + FALLBACK_S
    assert shown - failed < FALLBACK_S


@contextmanager
def never_ending() -> Iterator[ScriptedLlm]:
    """Brings one sentence, then a word every 50 ms."""
    with llm(*says("In 2021, the factory built 43,866 cars [1]. The")[:-3], *([0.05, piece(" word")] * 400)) as server:
        yield server


def wait_until_left(server: ScriptedLlm) -> float:
    until = time.monotonic() + 2.0
    while not server.left and time.monotonic() < until:
        time.sleep(0.01)
    return server.left[0]


@pytest.mark.parametrize("manner", ["closed", "cancelled"])
def test_a_reader_who_leaves_ends_the_llms_work_within_two_seconds(manner: str, conversations: Conversations) -> None:
    left: list[float] = []
    conversation: list[str] = []

    async def leaving() -> None:
        events = answering(conversations, SEARCH, server.base_url).events(Question(question=ASKED))
        with anyio.CancelScope() as scope:
            async for event in events:
                if hasattr(event, "conversation_id"):
                    conversation.append(event.conversation_id)
                if isinstance(event, TextDelta):
                    left.append(time.monotonic())
                    if manner == "closed":
                        break
                    scope.deadline = anyio.current_time() + 0.1
        await events.aclose()  # type: ignore[attr-defined]

    with never_ending() as server:
        anyio.run(leaving)
        assert wait_until_left(server) - left[0] < FALLBACK_S
    (stored,) = conversations.turns(conversation[0])
    assert stored.text == "In 2021, the factory built 43,866 cars. [1]"


def test_a_reader_who_leaves_before_the_first_sentence_finds_the_quotes_stored(conversations: Conversations) -> None:
    async def leaving() -> str:
        events = answering(conversations, SEARCH, server.base_url).events(Question(question=ASKED))
        async for event in events:
            conversation_id = getattr(event, "conversation_id", "") or conversation_id  # noqa: F821
            if event == PhaseStatus(phase="reading"):
                break
        await events.aclose()  # type: ignore[attr-defined]
        return conversation_id

    with llm(HEAD, Hang()) as server:
        (stored,) = conversations.turns(anyio.run(leaving))
    assert (stored.composer, stored.citations[0].quote) == ("extractive", FACT)


def test_a_passing_failure_before_the_first_piece_is_tried_once_more(conversations: Conversations) -> None:
    with ScriptedLlm(in_turn(status(503), says(SAID))) as server:
        events = written(conversations, SEARCH, server)
    assert (ended(events).composer, notices(events), len(server.requests)) == ("llm", [], 2)


def test_an_endpoint_that_refuses_options_is_asked_without_them(conversations: Conversations) -> None:
    def script(request: Request) -> list[Step]:
        return status(400) if "temperature" in request else says(SAID)

    with ScriptedLlm(script) as server:
        events = written(conversations, SEARCH, server)
    assert ended(events).composer == "llm"
    assert server.requests[1].keys() == {"model", "messages", "stream"}


def test_no_end_is_no_end_of_a_turn_either(conversations: Conversations) -> None:
    """A check of the checks: a turn without its last event is not taken for a right one."""
    with llm(*says(SAID)) as server:
        events = written(conversations, SEARCH, server)
    assert not is_right(events, conversations)
    with pytest.raises(AssertionError):
        ended([event for event in events if not isinstance(event, MessageEnd)])
