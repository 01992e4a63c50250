"""What remains of an answer that its reader stopped: text and citations as they were shown."""

import msgspec
import pytest
from fake_backend import ANSWER, CITATION, QUOTE, SOURCE, TEXT, turn
from small_answering import ASKED, FACT, FixedSearch, ask, found

from rag.conversations import Conversations
from rag.records import Answer, Citation, CitationReady, Event, Question, SourcesFound, TextDelta, TextRange
from rag.stopped import Shown, as_shown

ASKED_OF_FAKE = Question(question=ANSWER.question)
START, _, SOURCES = turn()[:3]


def shown(*events: Event) -> Answer:
    seen = Shown(ASKED_OF_FAKE)
    for event in events:
        seen.add(event)
    return seen.answer("llm", 7)


def citation(n: int, start: int, end: int, published: str | None) -> Citation:
    source = msgspec.structs.replace(CITATION.source, published=published)
    return msgspec.structs.replace(CITATION, n=n, answer=TextRange(start=start, end=end), source=source)


def test_deltas_join_and_citations_stay_in_their_places() -> None:
    first, second = citation(1, 0, 3, "2021"), citation(2, 8, 11, "2022-03")
    answer = shown(
        *(START, SOURCES, TextDelta(text="One [1]"), CitationReady(citation=first)),
        *(TextDelta(text=" two [2]"), CitationReady(citation=second), TextDelta(text=" And")),
    )
    assert (answer.text, answer.citations) == ("One [1] two [2] And", (first, second))
    assert (answer.message_id, answer.conversation_id, answer.lang) == ("m1", "c1", "de")
    assert (answer.question, answer.status, answer.composer) == (ANSWER.question, "partial", "llm")
    assert (answer.as_of, answer.timings_ms, answer.sources) == ("2022-03", {"total": 7}, (SOURCE,))


def test_a_marker_whose_citation_had_not_come_is_left_out() -> None:
    answer = shown(
        *(START, TextDelta(text="One [1]"), CitationReady(citation=citation(1, 0, 3, None))),
        TextDelta(text=" Two [2] and thr"),
    )
    assert (answer.text, answer.as_of) == ("One [1] Two and thr", None)


def test_before_any_text_the_answer_is_empty() -> None:
    answer = shown(START, SourcesFound(sources=()))
    assert (answer.text, answer.citations, answer.sources, answer.as_of) == ("", (), (), None)


def test_before_the_turn_has_begun_there_is_no_answer() -> None:
    with pytest.raises(ValueError, match="nothing was shown"):
        shown()


def test_an_answer_shown_in_full_stays_whole_but_for_what_came_after_its_text() -> None:
    cut = shown(START, SOURCES, TextDelta(text=TEXT), CitationReady(citation=CITATION))
    assert as_shown(cut, ANSWER) == msgspec.structs.replace(ANSWER, followups=())


def test_an_answer_shown_in_part_keeps_how_it_was_made_and_says_that_it_is_partial() -> None:
    kept = as_shown(shown(START, SOURCES, TextDelta(text="Laut")), ANSWER)
    assert (kept.status, kept.text, kept.citations, kept.as_of) == ("partial", "Laut", (), None)
    assert (kept.composer, kept.timings_ms) == ("extractive", ANSWER.timings_ms)


def test_what_was_stopped_is_stored_as_shown_in_place_of_the_whole(conversations: Conversations) -> None:
    conversations.append(ANSWER)
    cut = shown(START, SOURCES, TextDelta(text="Laut"))
    kept = conversations.keep_stopped(cut)
    assert conversations.turns("c1") == (kept,)
    assert (kept.text, kept.citations) == ("Laut", ())
    assert QUOTE not in kept.text


def test_what_was_stopped_before_it_was_stored_is_stored_as_shown(conversations: Conversations) -> None:
    cut = shown(START, TextDelta(text="Laut"))
    assert conversations.keep_stopped(cut) == cut
    assert conversations.turns("c1") == (cut,)


@pytest.mark.usefixtures("by_late_interaction_alone")
def test_a_stopped_turn_is_replaced_by_the_same_question(conversations: Conversations) -> None:
    first = ask(conversations, FixedSearch(found(FACT)))
    stopped = msgspec.structs.replace(first, text="", citations=(), sources=(), status="partial")
    conversations.keep_stopped(stopped)
    second = ask(conversations, FixedSearch(found(FACT)), ASKED, conversation_id=first.conversation_id)
    assert second.status == "answered"
    assert [turn.text for turn in conversations.turns(first.conversation_id)] == [second.text]
