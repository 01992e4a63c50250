"""A turn ends answered, not found or out of scope; its events come in order and its citations hold."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import cast

import anyio
import msgspec
import pytest
from small_index import make_hit

from index.records import Filters, Hit
from index.search import Query
from rag.answer import NEAREST, Answering
from rag.conversations import Conversations
from rag.errors import BusyError, InputError, NotFoundError
from rag.evidence import Calibration, calibration
from rag.framing import not_found_text
from rag.records import (
    Answer,
    CitationReady,
    Event,
    MessageEnd,
    MessageStart,
    PhaseStatus,
    Question,
    SourcesFound,
    StreamError,
    TextDelta,
)

ASKED = "How many cars did the factory build in 2021?"
FACT = "In 2021 the factory built 43,866 cars."


class FixedSearch:
    """Finds the same for every query, and remembers the queries."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits
        self.queries: list[Query] = []

    def __call__(self, query: Query) -> tuple[Hit, ...]:
        self.queries.append(query)
        return self.hits


def found(*sentences: str, score: float = 0.95, **others: object) -> Hit:
    """A hit that says just what was asked for."""
    sure = {"unit_scores": (score,) * len(sentences), "late": score, "coverage": 1.0, "cosine": 0.5}
    return make_hit(*sentences, **(sure | others))  # type: ignore[arg-type]


def unrelated(article_id: str, **others: object) -> Hit:
    weak = {"unit_scores": (0.05,), "late": 0.05, "coverage": 0.0, "cosine": -0.05}
    return make_hit("Herons eat fish at dawn.", article_id=article_id, **(weak | others))  # type: ignore[arg-type]


UNRELATED = (unrelated("a"), unrelated("b"))


@pytest.fixture(autouse=True)
def _by_late_interaction_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that what is quoted, and whether it is enough, follows from the hits of a test and from no fitted weight."""
    fitted = Calibration(intercept=-5.0, weights={"unit_late": 10.0}, threshold=0.5)
    monkeypatch.setattr("rag.candidates.extraction_weights", lambda: {"unit_late": 10.0})
    monkeypatch.setattr("rag.evidence.calibration", lambda: fitted)
    monkeypatch.setattr("rag.answer.calibration", lambda: fitted)


@pytest.fixture
def conversations(tmp_path: Path) -> Iterator[Conversations]:
    opened = Conversations.open(f"sqlite:///{tmp_path / 'conversations.db'}")
    yield opened
    opened.close()


def ask(conversations: Conversations, search: FixedSearch, question: str = ASKED, **others: object) -> Answer:
    asked = Question(question=question, **others)  # type: ignore[arg-type]
    return anyio.run(Answering(search, conversations).answer, asked)


def stream(conversations: Conversations, search: FixedSearch, question: str = ASKED, **others: object) -> list[Event]:
    asked = Question(question=question, **others)  # type: ignore[arg-type]

    async def collected() -> list[Event]:
        return [event async for event in Answering(search, conversations).events(asked)]

    return anyio.run(collected)


# What it ends as


def test_a_fact_in_the_articles_is_answered_with_its_very_words(conversations: Conversations) -> None:
    hit = found(FACT, start=120, published="2022-12-14", url="https://example.org/a/")
    answer = ask(conversations, FixedSearch(hit))
    (citation,) = answer.citations
    assert (answer.status, answer.composer, answer.lang) == ("answered", "extractive", "en")
    assert citation.quote == FACT
    assert answer.text[citation.answer.start : citation.answer.end] == FACT
    assert hit.text[citation.source.start - hit.start : citation.source.end - hit.start] == FACT
    assert (citation.verification.quote, citation.verification.numbers) == ("exact", "ok")
    assert 0 < citation.verification.support <= 1
    assert answer.confidence == citation.verification.support
    assert [source.n for source in answer.sources] == [citation.n] == [1]
    assert answer.nearest == ()


def test_a_citation_leads_to_the_quote_where_the_article_has_an_address(conversations: Conversations) -> None:
    with_url = ask(conversations, FixedSearch(found(FACT, url="https://example.org/a/"))).citations[0].source
    assert (with_url.url or "").startswith("https://example.org/a/#:~:text=")
    assert ask(conversations, FixedSearch(found(FACT))).citations[0].source.url is None


def test_what_the_articles_do_not_say_is_not_found_without_citations(conversations: Conversations) -> None:
    hits = [unrelated(str(n)) for n in range(5)]
    answer = ask(conversations, FixedSearch(*hits), "Wer war der erste Mensch auf dem Mond?")
    assert (answer.status, answer.lang, answer.text) == ("not_found", "de", not_found_text("de"))
    assert (answer.citations, answer.sources, answer.as_of) == ((), (), None)
    assert [source.article_id for source in answer.nearest] == ["0", "1", "2"]
    assert answer.confidence is not None
    assert 0 <= answer.confidence < calibration().threshold


def test_the_nearest_articles_are_different_works(conversations: Conversations) -> None:
    hits = [unrelated(str(n), work_id="one work") for n in range(4)] + [unrelated("other")]
    answer = ask(conversations, FixedSearch(*hits), "Who was the first man on the moon?")
    assert [source.article_id for source in answer.nearest] == ["0", "other"]
    assert len(answer.nearest) <= NEAREST


def test_nothing_indexed_is_not_found(conversations: Conversations) -> None:
    answer = ask(conversations, FixedSearch())
    assert (answer.status, answer.nearest) == ("not_found", ())


def test_small_talk_is_out_of_scope_and_searches_nothing(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    answer = ask(conversations, search, "Hello!")
    assert (answer.status, answer.citations, answer.nearest) == ("out_of_scope", (), ())
    assert answer.text
    assert search.queries == []


def test_a_question_without_text_is_refused(conversations: Conversations) -> None:
    with pytest.raises(InputError) as refused:
        ask(conversations, FixedSearch(), "   ")
    assert refused.value.param == "question"


def test_versions_that_disagree_are_both_cited_newest_first_and_it_is_said(conversations: Conversations) -> None:
    old = found("Die Fabrik baute 43.866 Autos.", article_id="de", work_id="w", lang="de", published="2022-01-25")
    new = found("The factory built 43,102 cars.", article_id="en", work_id="w", score=0.9, published="2022-06-21")
    answer = ask(conversations, FixedSearch(old, new), "Wie viele Autos baute die Fabrik?")
    assert [citation.source.article_id for citation in answer.citations] == ["en", "de"]
    assert [citation.n for citation in answer.citations] == [1, 1]
    assert answer.text.endswith("\n\nDie Quellen widersprechen sich; die neueste steht zuerst.")


# Languages, filters, dates


def test_the_answer_is_framed_in_the_language_asked_for_and_searched_in_the_questions(
    conversations: Conversations,
) -> None:
    search = FixedSearch(found(FACT))
    answer = ask(conversations, search, answer_lang="de")
    assert answer.lang == "de"
    assert "Englisch" in answer.text
    assert [query.lang for query in search.queries] == ["en"]


def test_filters_reach_the_search_and_every_version_is_asked_for(conversations: Conversations) -> None:
    search = FixedSearch()
    ask(conversations, search, filters=Filters(langs=("nb",)))
    (query,) = search.queries
    assert query.filters == Filters(langs=("nb",))
    assert not query.group_works


@pytest.mark.parametrize(
    ("dates", "newest"),
    [
        (("2021", "2022-12", "2022-03-01"), "2022-12"),
        (("2022-12-14", "2022-12"), "2022-12-14"),
        ((None, "2020"), "2020"),
        ((None,), None),
    ],
)
def test_an_answer_is_as_of_the_newest_article_it_cites(
    conversations: Conversations, dates: tuple[str | None, ...], newest: str | None
) -> None:
    hits = [
        found(f"In 2021 the factory built 43,866 cars, says {n}.", article_id=str(n), published=date)
        for n, date in enumerate(dates)
    ]
    answer = ask(conversations, FixedSearch(*hits))
    assert len(answer.citations) == len(dates)
    assert answer.as_of == newest


def test_articles_that_are_only_near_do_not_date_an_answer(conversations: Conversations) -> None:
    hits = found(FACT, published="2020"), unrelated("b", published="2024")
    assert ask(conversations, FixedSearch(*hits)).as_of == "2020"


def test_two_quotes_of_one_article_share_its_number(conversations: Conversations) -> None:
    hit = found(FACT, "The factory built cars in two shifts.", published="2022")
    other = found("Another factory built cars in 2021, too.", article_id="b")
    answer = ask(conversations, FixedSearch(hit, other))
    assert [citation.n for citation in answer.citations] == [1, 1, 2]
    assert [source.article_id for source in answer.sources] == ["a", "b"]
    for citation in answer.citations:
        assert answer.text[citation.answer.start : citation.answer.end] == citation.quote
        assert answer.text[citation.answer.end :].lstrip("”»“ ").startswith(f"[{citation.n}]")


# Conversations


def test_a_turn_without_a_conversation_begins_one(conversations: Conversations) -> None:
    first, second = (ask(conversations, FixedSearch(found(FACT))) for _ in range(2))
    assert first.conversation_id != second.conversation_id
    assert first.message_id != second.message_id


def test_a_turn_goes_on_where_the_conversation_is(conversations: Conversations) -> None:
    first = ask(conversations, FixedSearch(found(FACT)))
    second = ask(conversations, FixedSearch(), conversation_id=first.conversation_id)
    assert second.conversation_id == first.conversation_id
    assert conversations.turns(first.conversation_id) == (first, second)


@pytest.mark.parametrize("status", ["answered", "not_found", "out_of_scope"])
def test_every_turn_is_stored_whatever_it_ended_as(conversations: Conversations, status: str) -> None:
    asked = {"answered": ASKED, "not_found": "Who was the first man on the moon?", "out_of_scope": "Thanks!"}[status]
    answer = ask(conversations, FixedSearch(*([found(FACT)] if status == "answered" else UNRELATED)), asked)
    assert answer.status == status
    assert conversations.turns(answer.conversation_id) == (answer,)


def test_an_unknown_conversation_is_refused_and_none_begun(conversations: Conversations) -> None:
    with pytest.raises(NotFoundError) as refused:
        ask(conversations, FixedSearch(found(FACT)), conversation_id="nowhere")
    assert refused.value.param == "conversation_id"
    assert conversations.get("nowhere") is None


# Events


def test_events_come_in_the_order_of_the_interface(conversations: Conversations) -> None:
    hits = found(FACT), found("The cars were built in 2021 at one factory.", article_id="b")
    events = stream(conversations, FixedSearch(*hits))
    kinds = [type(event) for event in events]
    assert kinds[:4] == [MessageStart, PhaseStatus, SourcesFound, PhaseStatus]
    assert kinds[4:-1] == [TextDelta, CitationReady] * 2 + [TextDelta] * (len(kinds) - 9)
    assert kinds[-1] is MessageEnd


def test_the_stream_tells_the_same_as_its_final_answer(conversations: Conversations) -> None:
    hits = found(FACT), found("The cars were built in 2021 at one factory.", article_id="b")
    events = stream(conversations, FixedSearch(*hits))
    answer = cast(MessageEnd, events[-1]).answer
    start = cast(MessageStart, events[0])
    assert (start.message_id, start.conversation_id) == (answer.message_id, answer.conversation_id)
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == answer.text
    assert tuple(event.citation for event in events if isinstance(event, CitationReady)) == answer.citations
    assert [event.sources for event in events if isinstance(event, SourcesFound)] == [answer.sources]


@pytest.mark.parametrize("title", ["Report [1] of [2]", "[1]", "A [2"])
def test_a_citation_follows_its_own_marker_whatever_titles_hold(conversations: Conversations, title: str) -> None:
    hits = found(FACT, title=title), found("In 2021 [1] factory built cars [2].", article_id="b", title=title)
    events = stream(conversations, FixedSearch(*hits))
    shown = ""
    for event in events:
        if isinstance(event, TextDelta):
            shown += event.text
        if isinstance(event, CitationReady):
            assert shown.endswith(f"[{event.citation.n}]")
            assert shown[event.citation.answer.start : event.citation.answer.end] == event.citation.quote


@pytest.mark.parametrize("question", ["Hello!", "Who was the first man on the moon?"])
def test_a_turn_without_citations_streams_its_text_too(conversations: Conversations, question: str) -> None:
    events = stream(conversations, FixedSearch(*UNRELATED), question)
    answer = cast(MessageEnd, events[-1]).answer
    assert "".join(event.text for event in events if isinstance(event, TextDelta)) == answer.text != ""
    assert not any(isinstance(event, CitationReady) for event in events)


def test_a_turn_is_stored_before_it_is_said_to_be_over(conversations: Conversations) -> None:
    stored: list[Answer] = []

    async def watched() -> Answer:
        async for event in Answering(FixedSearch(found(FACT)), conversations).events(Question(question=ASKED)):
            if isinstance(event, MessageEnd):
                stored.extend(conversations.turns(event.answer.conversation_id))
                return event.answer
        raise AssertionError("no end")

    assert [anyio.run(watched)] == stored


def test_an_unknown_conversation_is_one_error_event(conversations: Conversations) -> None:
    (event,) = stream(conversations, FixedSearch(), conversation_id="nowhere")
    assert isinstance(event, StreamError)
    assert (event.code, event.retryable) == ("not_found", False)


def test_a_search_that_is_refused_ends_the_stream_with_one_error(conversations: Conversations) -> None:
    class BusySearch(FixedSearch):
        def __call__(self, query: Query) -> tuple[Hit, ...]:
            raise BusyError("Try again.")

    events = stream(conversations, BusySearch())
    assert [type(event) for event in events] == [MessageStart, PhaseStatus, StreamError]
    assert cast(StreamError, events[-1]).retryable


def test_timings_are_whole_milliseconds_and_the_total_is_not_less_than_a_part(conversations: Conversations) -> None:
    timings = ask(conversations, FixedSearch(found(FACT))).timings_ms
    assert set(timings) == {"search", "compose", "total"}
    assert timings["total"] >= max(timings["search"], timings["compose"])


def test_an_answer_survives_json(conversations: Conversations) -> None:
    answer = ask(conversations, FixedSearch(found(FACT)))
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer


@pytest.mark.parametrize("lang", ["nb", "da"])
def test_a_question_that_could_be_in_two_languages_is_in_that_of_the_articles(
    conversations: Conversations, lang: str
) -> None:
    answering = Answering(FixedSearch(found(FACT)), conversations, langs=lambda: ("en", lang))
    assert anyio.run(answering.answer, Question(question="Hvem er direktør?")).lang == lang


def test_a_follow_up_is_asked_and_shown_as_a_question_of_its_own(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    first = ask(conversations, search, "How many cars did Audi Brussels build in 2021?")
    events = stream(conversations, search, "And in 2022?", conversation_id=first.conversation_id)
    asked = "How many cars did Audi Brussels build in 2022?"
    assert cast(MessageStart, events[0]).standalone_question == asked
    assert cast(MessageEnd, events[-1]).answer.standalone_question == asked
    assert search.queries[-1].text == asked


def test_a_distance_is_given_in_the_miles_that_are_asked_for_behind_its_quote(conversations: Conversations) -> None:
    answer = ask(conversations, FixedSearch(found("It goes 582 km.")), "How many miles does it go?")
    assert answer.citations[0].quote == "It goes 582 km."
    assert answer.text.endswith("“It goes 582 km.” [1] (582 km ≈ 362 mi)")


def test_last_year_is_the_year_before_the_day_that_is_passed_in(conversations: Conversations) -> None:
    search = FixedSearch(found("In 2020 the factory built 40,000 cars.", FACT, "In 2022 it built 50,000."))
    answering = Answering(search, conversations, today=lambda: date(2022, 1, 5))
    answer = anyio.run(answering.answer, Question(question="How many cars did the factory build last year?"))
    assert answer.question == "How many cars did the factory build last year?"
    assert (
        answer.standalone_question == search.queries[0].text == "How many cars did the factory build last year (2021)?"
    )
    assert [citation.quote for citation in answer.citations] == [FACT]


def test_nothing_goes_over_into_another_conversation(conversations: Conversations) -> None:
    search = FixedSearch(found(FACT))
    ask(conversations, search, "How many cars did Audi Brussels build in 2021?")
    other = ask(conversations, search, "Who is the mayor of Ghent?")
    question = "How many people work there?"
    assert "Audi" not in ask(conversations, search, question, conversation_id=other.conversation_id).standalone_question
