"""A question that was asked before is answered with what was made then, by any process, and is a turn of its own."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date

import anyio
import msgspec
import pytest
from redis_server import RedisServer
from scripted_llm import PATIENT, PROMPT_TOKENS, chat, ended, llm, notices, saying, status
from small_answering import ASKED, FACT, FixedSearch, found, unrelated

from index.records import Filters, Hit
from index.search import Query
from rag.answer import Answering
from rag.answer_cache import AnswerCache, Flight, Kept, composer_of, retold
from rag.asking import prompt_sha256
from rag.conversations import Conversations
from rag.errors import BusyError
from rag.records import Answer, Event, MessageEnd, MessageStart, Notice, Question, SourcesFound, StreamError, Written
from rag.settings import Settings
from rag.shared_memory import SharedMemory
from rag.writing import Writer

pytestmark = pytest.mark.usefixtures("by_late_interaction_alone")
HITS = found(FACT), found("The cars were built in 2021 at one factory.", article_id="b")


class SlowSearch(FixedSearch):
    """Takes as long as a search under load."""

    pause_s = 0.3

    def __call__(self, query: Query) -> tuple[Hit, ...]:
        anyio.from_thread.run(anyio.sleep, self.pause_s)
        return super().__call__(query)


class FailingOnce(FixedSearch):
    def __call__(self, query: Query) -> tuple[Hit, ...]:
        hits = super().__call__(query)
        if len(self.queries) == 1:
            anyio.from_thread.run(anyio.sleep, 0.2)
            raise BusyError("not now")
        return hits


class Process:
    """One process of a service, with all that decides what may be told again."""

    def __init__(self, shared: SharedMemory, conversations: Conversations, search: FixedSearch | None = None) -> None:
        self.search = search or FixedSearch(*HITS)
        self.shared = shared
        self.conversations = conversations
        self.revision = "r1"
        self.composer = "c1"
        self.today = date(2024, 5, 1)
        self.writer: Writer | None = None

    def answering(self) -> Answering:
        cache = AnswerCache(self.shared, lambda: self.revision, self.composer, lambda: self.today)
        return Answering(self.search, self.conversations, today=lambda: self.today, writer=self.writer, cache=cache)

    def ask(self, text: str = ASKED, **others: object) -> Answer:
        return anyio.run(self.answering().answer, Question(question=text, **others))  # type: ignore[arg-type]

    def stream(self, text: str = ASKED) -> list[Event]:
        (events,) = self.streams([text])
        return events

    def streams(self, texts: Sequence[str]) -> list[list[Event]]:
        """All at the same moment."""
        answering, told = self.answering(), [[] for _ in texts]  # type: list[Event], ...

        async def one(text: str, events: list[Event]) -> None:
            events.extend([event async for event in answering.events(Question(question=text))])

        async def all_of_them() -> None:
            async with anyio.create_task_group() as tasks:
                for text, events in zip(texts, told, strict=True):
                    tasks.start_soon(one, text, events)

        anyio.run(all_of_them)
        return told


@pytest.fixture
def process(shared: SharedMemory, conversations: Conversations) -> Process:
    return Process(shared, conversations)


@pytest.fixture
def other(redis_server: RedisServer, conversations: Conversations) -> Iterator[Process]:
    """A second process."""
    shared = SharedMemory.open(redis_server.url)
    yield Process(shared, conversations)
    shared.close()


def alike(events: list[Event]) -> list[Event]:
    """Without what is each turn's own."""
    ids = {"message_id": "", "conversation_id": ""}
    return [
        msgspec.structs.replace(event, **ids)
        if isinstance(event, MessageStart)
        else MessageEnd(answer=msgspec.structs.replace(event.answer, timings_ms={}, **ids))
        if isinstance(event, MessageEnd)
        else event
        for event in events
    ]


def test_who_asks_again_gets_the_same_events_in_the_same_order_and_nothing_is_searched(
    process: Process, other: Process
) -> None:
    first = process.stream()
    second = other.stream()
    assert alike(second) == alike(first)
    assert (len(process.search.queries) > 0, other.search.queries) == (True, [])


def test_each_turn_has_its_own_ids_and_is_stored(process: Process, other: Process) -> None:
    first, second = process.ask(), other.ask()
    assert first.message_id != second.message_id
    assert first.conversation_id != second.conversation_id
    for answer in (first, second):
        assert process.conversations.turns(answer.conversation_id) == (answer,)


def test_a_streamed_turn_that_is_told_again_is_stored_under_the_ids_it_began_with(process: Process) -> None:
    process.stream()
    start, *_, end = process.stream()
    assert isinstance(start, MessageStart)
    assert isinstance(end, MessageEnd)
    assert (start.message_id, start.conversation_id) == (end.answer.message_id, end.answer.conversation_id)
    assert process.conversations.turns(start.conversation_id) == (end.answer,)


def test_space_is_no_difference_and_the_question_is_told_as_it_was_asked(process: Process) -> None:
    process.ask()
    again = process.ask(f"  {ASKED.replace(' ', '  ')} ")
    assert len(process.search.queries) == 1
    assert again.question.split() == ASKED.split()


def renewed(name: str, value: object) -> Callable[[Process], object]:
    return lambda process: setattr(process, name, value)


@pytest.mark.parametrize(
    ("change", "question"),
    [
        (renewed("revision", "r2"), {}),
        (renewed("composer", "c2"), {}),
        (renewed("today", date(2024, 5, 2)), {}),
        (renewed("today", date(2024, 5, 1)), {"text": ASKED.replace("2021", "2022")}),
        (renewed("today", date(2024, 5, 1)), {"filters": Filters(langs=("de",))}),
        (renewed("today", date(2024, 5, 1)), {"answer_lang": "de"}),
    ],
    ids=["other articles", "another composer", "another day", "another question", "a filter", "another language"],
)
def test_what_may_change_an_answer_makes_it_anew(
    process: Process, change: Callable[[Process], object], question: dict[str, object]
) -> None:
    process.ask()
    change(process)
    process.ask(**question)  # type: ignore[arg-type]
    assert len(process.search.queries) == 2


def test_what_was_said_in_a_conversation_is_neither_kept_nor_answered_from_what_is(process: Process) -> None:
    first = process.ask()
    asked = len(process.search.queries)
    process.ask(conversation_id=first.conversation_id)
    process.ask(earlier=("Where is the factory?",))
    assert len(process.search.queries) >= asked + 2
    (kept,) = process.shared.ask_here("KEYS", "kilde:answer:*")  # type: ignore[misc]
    assert process.shared.ask_here("TTL", kept) in range(3590, 3601)  # type: ignore[arg-type]


def test_that_the_articles_do_not_say_is_kept_too(shared: SharedMemory, conversations: Conversations) -> None:
    process = Process(shared, conversations, FixedSearch(unrelated("a")))
    assert process.ask().status == "not_found"
    searched = len(process.search.queries)
    assert process.ask().status == "not_found"
    assert len(process.search.queries) == searched


def test_equal_questions_at_the_same_moment_are_answered_once(
    shared: SharedMemory, conversations: Conversations
) -> None:
    process = Process(shared, conversations, SlowSearch(*HITS))
    told = process.streams([ASKED] * 5)
    assert sum(query.text == ASKED for query in process.search.queries) == 1
    assert [alike(events) for events in told] == [alike(told[0])] * 5
    assert len({events[0].message_id for events in told if isinstance(events[0], MessageStart)}) == 5


def test_equal_questions_in_two_processes_at_the_same_moment_are_answered_once(
    shared: SharedMemory, other: Process, conversations: Conversations
) -> None:
    first = Process(shared, conversations, SlowSearch(*HITS))
    other.search = SlowSearch(*HITS)

    async def both() -> None:
        async with anyio.create_task_group() as tasks:
            for process in (first, other):
                tasks.start_soon(process.answering().answer, Question(question=ASKED))

    anyio.run(both)
    assert len(first.search.queries) + len(other.search.queries) == 1


def test_who_waits_for_an_answer_that_fails_makes_it(shared: SharedMemory, conversations: Conversations) -> None:
    process = Process(shared, conversations, FailingOnce(*HITS))
    told = process.streams([ASKED] * 3)
    assert sorted(type(events[-1]).__name__ for events in told) == ["MessageEnd", "MessageEnd", "StreamError"]
    assert process.shared.ask_here("KEYS", "kilde:making:*") == []
    failed = next(events[-1] for events in told if isinstance(events[-1], StreamError))
    assert (failed.code, failed.retryable) == ("busy", True)


def test_a_process_that_died_while_it_made_an_answer_holds_nobody(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.answer_cache.WAIT_S", 0.3)

    async def key() -> str:
        answering = process.answering()
        turn = await answering._begin(Question(question=ASKED))
        cache = answering._cache
        assert cache is not None
        found = cache.key(turn, "whole")
        assert found is not None
        return found

    process.shared.ask_here("SET", f"kilde:making:{anyio.run(key)}", "somebody")  # and never gives it back

    async def timed() -> float:
        began = anyio.current_time()
        assert (await process.answering().answer(Question(question=ASKED))).status == "answered"
        return anyio.current_time() - began

    assert 0.3 <= anyio.run(timed) < 10


def test_without_the_server_answers_are_made_anew_and_equal_ones_still_once(
    redis_server: RedisServer, shared: SharedMemory, conversations: Conversations
) -> None:
    process = Process(shared, conversations, SlowSearch(*HITS))
    redis_server.kill()
    told = process.streams([ASKED] * 4)
    assert {type(events[-1]) for events in told} == {MessageEnd}
    assert sum(query.text == ASKED for query in process.search.queries) == 1
    process.ask()
    process.ask()
    assert sum(query.text == ASKED for query in process.search.queries) == 3


def test_what_cannot_be_read_is_made_anew(process: Process) -> None:
    process.ask()
    (kept,) = process.shared.ask_here("KEYS", "kilde:answer:*")  # type: ignore[misc]
    for damage in (b"[", b'[["message.end",{}]]', b"[]", b'[["gossip",{}]]'):
        process.shared.ask_here("SET", kept, damage)  # type: ignore[arg-type]
        assert process.ask().status == "answered"
    assert len(process.search.queries) == 5


def test_another_model_or_reranker_is_another_composer() -> None:
    plain = Settings()
    model = Settings(llm_base_url="http://llm/v1", llm_model="a")
    other = Settings(llm_base_url="http://llm/v1", llm_model="b")
    assert len({composer_of(one) for one in (plain, model, other, Settings(reranker_model="r"))}) == 4
    assert composer_of(Settings(llm_api_key="s3cret", port=1)) == composer_of(plain)


def test_an_answer_made_in_place_of_a_model_that_failed_is_not_kept(process: Process) -> None:
    end = process.stream()[-1]
    for code, is_kept in (
        ("llm_unavailable", False),
        ("llm_interrupted", False),
        ("sentence_left_out", True),
        ("answer_shortened", True),
    ):
        flight = Flight()
        flight.add(Notice(code=code, message=""))  # type: ignore[arg-type]
        assert (flight.add(end) is not None) == is_kept


def test_what_a_reader_left_before_its_end_is_not_kept_and_holds_nobody(process: Process) -> None:
    async def left() -> None:
        events = process.answering().events(Question(question=ASKED))
        async for event in events:
            if isinstance(event, SourcesFound):
                break
        await events.aclose()  # type: ignore[attr-defined]

    anyio.run(left)
    assert process.shared.ask_here("KEYS", "kilde:*") == []
    assert process.stream()[-1].event == "message.end"


def test_what_an_endpoint_counted_is_not_counted_again(process: Process) -> None:
    end = process.stream()[-1]
    assert isinstance(end, MessageEnd)
    written = Written(model="m", prompt_sha256="0", prompt_tokens=900, answer_tokens=50)
    kept = Kept((MessageEnd(answer=msgspec.structs.replace(end.answer, written=written)),))
    turn = anyio.run(process.answering()._begin, Question(question=ASKED))
    again, _ = retold(kept, turn)
    assert again.written == Written(model="m", prompt_sha256="0")


def test_what_a_model_wrote_is_told_again_event_by_event_and_the_model_not_asked(process: Process) -> None:
    text = "In 2021, the factory built 43,866 cars [1]. It cost 99 million euros in Paris [1]."
    with saying(text) as server:
        process.writer = Writer(chat(server.base_url, PATIENT), lambda: None, PROMPT_TOKENS)
        first, second = process.stream(), process.stream()
        assert len(server.requests) == 1
    assert [event.event for event in second] == [event.event for event in first]
    assert "notice" in [event.event for event in second]
    assert ended(second).text == ended(first).text == "In 2021, the factory built 43,866 cars. [1]"
    assert ended(second).written == Written(model="scripted", prompt_sha256=prompt_sha256())


def test_an_answer_that_a_failing_model_left_to_quotes_is_made_anew(process: Process) -> None:
    with llm(*status(401)) as server:
        process.writer = Writer(chat(server.base_url, PATIENT), lambda: None, PROMPT_TOKENS)
        assert notices(process.stream()) == notices(process.stream()) == ["llm_unavailable"]
        assert len(server.requests) >= 2
