"""An answer that an LLM writes: what is shown of it, what is not, and what comes in its place."""

import anyio
import msgspec
import pytest
from scripted_llm import Step, answering, broken, ended, llm, notices, saying, says, status, written
from small_answering import ASKED, FACT, FixedSearch, found, unrelated

from evals.benchmarks.scripted_llm import finish
from index.records import Hit
from rag.conversations import Conversations
from rag.errors import StorageError
from rag.framing import not_found_text
from rag.generate import MOST_SENTENCES, SILENT
from rag.records import (
    Answer,
    CitationReady,
    MessageStart,
    PhaseStatus,
    Question,
    SourcesFound,
    StreamError,
    TextDelta,
)

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]

OTHER = "The plant in Ghent employed 3,000 people at that time."
TWO = FixedSearch(found(FACT), found(OTHER, article_id="b", score=0.9))


def test_a_supported_sentence_is_shown_with_the_words_that_support_it(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        answer = ended(written(conversations, FixedSearch(found(FACT, start=120)), server))
    (citation,) = answer.citations
    assert (answer.status, answer.composer) == ("answered", "llm")
    assert answer.text == "In 2021, the factory built 43,866 cars. [1]"
    assert answer.text[citation.answer.start : citation.answer.end] == "In 2021, the factory built 43,866 cars."
    assert (citation.n, citation.quote, citation.source.start) == (1, FACT, 120)
    assert (citation.verification.verdict, citation.verification.numbers) == ("keep", "ok")
    assert [source.n for source in answer.sources] == [1]


def test_events_come_in_the_order_of_the_interface(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1]. The plant in Ghent employed 3,000 people [2].") as server:
        events = written(conversations, TWO, server)
    assert [type(event) for event in events[:5]] == [MessageStart, PhaseStatus, PhaseStatus, SourcesFound, PhaseStatus]
    assert [type(event) for event in events[5:10]] == [
        *(TextDelta, CitationReady),
        *(SourcesFound, TextDelta, CitationReady),
    ]
    answer = ended(events)
    assert answer.text == "In 2021, the factory built 43,866 cars. [1] The plant in Ghent employed 3,000 people. [2]"
    assert tuple(event.citation for event in events if isinstance(event, CitationReady)) == answer.citations


def test_a_turn_is_stored_with_what_the_llm_was_asked(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        answer = ended(written(conversations, FixedSearch(found(FACT)), server))
    assert conversations.turns(answer.conversation_id) == (answer,)
    assert answer.written is not None
    assert (answer.written.model, answer.written.prompt_tokens, answer.written.answer_tokens) == ("scripted", 100, 8)
    assert len(answer.written.prompt_sha256) == 64
    assert answer.timings_ms.keys() == {"search", "compose", "write", "total"}


def test_a_wrong_citation_is_put_right(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [2].") as server:
        answer = ended(written(conversations, TWO, server))
    assert answer.text == "In 2021, the factory built 43,866 cars. [1]"


@pytest.mark.parametrize("marker", ["", " [7]", " [0]"])
def test_a_citation_that_is_missing_or_was_not_offered_is_put_in(conversations: Conversations, marker: str) -> None:
    with saying(f"In 2021, the factory built 43,866 cars{marker}.") as server:
        answer = ended(written(conversations, TWO, server))
    assert answer.text == "In 2021, the factory built 43,866 cars. [1]"


def test_an_unsupported_sentence_is_left_out_and_a_notice_says_so(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1]. It cost 99 million euros in Paris [1].") as server:
        events = written(conversations, FixedSearch(found(FACT)), server)
    assert ended(events).text == "In 2021, the factory built 43,866 cars. [1]"
    assert notices(events) == ["sentence_left_out"]


@pytest.mark.parametrize(
    ("before", "behind", "is_shown", "noticed"),
    [
        (MOST_SENTENCES - 1, "", True, []),
        (MOST_SENTENCES - 1, " * * *\n", True, []),
        (MOST_SENTENCES, "", False, ["answer_shortened"]),
        (MOST_SENTENCES + 9, "", False, ["answer_shortened"]),
    ],
)
def test_an_answer_ends_after_its_most_sentences_and_says_so_where_it_went_on(
    conversations: Conversations, before: int, behind: str, is_shown: bool, noticed: list[str]
) -> None:
    said = "In 2021, the factory built 43,866 cars [1]. " * before + "The plant in Ghent employed 3,000 people [2]."
    with saying(said + behind) as server:
        events = written(conversations, TWO, server)
    assert ("3,000" in ended(events).text, notices(events)) == (is_shown, noticed)


def test_a_doubtful_sentence_gives_way_to_its_quote(conversations: Conversations) -> None:
    with saying("In 2021 the factory never built 43,866 cars [1].") as server:
        answer = ended(written(conversations, FixedSearch(found(FACT)), server))
    assert answer.text == f"According to “Title of a”: “{FACT}” [1]"
    (citation,) = answer.citations
    assert answer.text[citation.answer.start : citation.answer.end] == citation.quote == FACT


@pytest.mark.parametrize("text", ["It cost 99 million euros in Paris [1].", "", "…", "See https://evil.example [1]."])
def test_an_answer_with_nothing_verified_becomes_the_one_made_of_quotes(
    conversations: Conversations, text: str
) -> None:
    with saying(text) as server:
        events = written(conversations, FixedSearch(found(FACT)), server)
    answer = ended(events)
    assert (answer.composer, answer.status) == ("extractive", "answered")
    assert answer.citations[0].quote == FACT
    assert notices(events)[-1] == "llm_unsupported"
    assert answer.written is not None


def test_an_llm_that_says_that_the_articles_do_not_say_is_believed(conversations: Conversations) -> None:
    with saying(SILENT) as server:
        answer = ended(written(conversations, FixedSearch(found(FACT, score=0.6)), server))
    assert (answer.status, answer.text) == ("not_found", not_found_text("en"))
    assert (answer.citations, answer.sources, answer.followups) == ((), (), ())
    assert [source.article_id for source in answer.nearest] == ["a"]


def test_an_llm_that_finds_nothing_where_the_articles_surely_answer_is_not_believed(
    conversations: Conversations,
) -> None:
    with saying(SILENT) as server:
        events = written(conversations, FixedSearch(found(FACT, score=0.95)), server)
    assert (ended(events).status, ended(events).citations[0].quote) == ("answered", FACT)
    assert notices(events) == ["llm_silent"]


def test_the_sources_that_are_told_are_those_that_are_cited(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1]. The plant in Ghent employed 3,000 people [2].") as server:
        events = written(conversations, TWO, server)
    told = [[source.n for source in event.sources] for event in events if isinstance(event, SourcesFound)]
    assert told == [[1], [1, 2]]
    assert [source.n for source in ended(events).sources] == [1, 2]


def test_what_no_article_says_is_not_asked_of_the_llm(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        answer = ended(written(conversations, FixedSearch(unrelated("a")), server))
        small_talk = ended(written(conversations, FixedSearch(unrelated("a")), server, "Hello!"))
    assert (answer.status, small_talk.status) == ("not_found", "out_of_scope")
    assert (answer.written, server.requests) == (None, [])


@pytest.mark.parametrize("said", ["44,120", "43,866"])
def test_sources_that_contradict_each_other_are_quoted_both_behind_what_the_llm_says(
    said: str, conversations: Conversations
) -> None:
    def hit(figure: str, article_id: str, published: str) -> Hit:
        return found(f"In 2021 the factory built {figure} cars.", article_id=article_id, published=published)

    old, new = hit("43,866", "a", "2022-01-01"), hit("44,120", "b", "2023-01-01")
    new = msgspec.structs.replace(new, work_id=old.work_id)
    with saying(f"In 2021, the factory built {said} cars [1].") as server:
        answer = ended(written(conversations, FixedSearch(old, new), server))
    assert answer.composer == "llm"
    assert answer.text == (
        f"In 2021, the factory built {said} cars. [1]\n\n"
        "According to “Title of b” (January 1, 2023): “In 2021 the factory built 44,120 cars.” [1] "
        "“In 2021 the factory built 43,866 cars.” [1]\n\n"
        "The sources differ; the newest comes first."
    )
    for citation in answer.citations[1:]:
        assert answer.text[citation.answer.start : citation.answer.end] == citation.quote


def test_an_answer_that_is_not_streamed_is_the_same(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        given = answering(conversations, FixedSearch(found(FACT)), server.base_url)
        answer = anyio.run(given.answer, Question(question=ASKED))
    assert answer.text == "In 2021, the factory built 43,866 cars. [1]"
    assert conversations.turns(answer.conversation_id) == (answer,)


def test_the_key_goes_to_the_endpoint_and_nowhere_else(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        events = written(conversations, FixedSearch(found(FACT)), server)
    assert "authorization: bearer secret" in server.headers[0].lower()
    assert b"secret" not in msgspec.json.encode([msgspec.to_builtins(event) for event in events])


def test_a_sentence_that_was_cut_off_is_not_shown(conversations: Conversations) -> None:
    said = says("In 2021, the factory built 43,866 cars [1]. In 2021 the factory built")[:-3]
    with llm(*said, finish("length")) as server:
        answer = ended(written(conversations, FixedSearch(found(FACT)), server))
    assert answer.text == "In 2021, the factory built 43,866 cars. [1]"


def test_a_last_sentence_without_a_full_stop_is_shown(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars") as server:
        answer = ended(written(conversations, FixedSearch(found(FACT)), server))
    assert answer.text == "In 2021, the factory built 43,866 cars [1]"


SECRETS = ("secret", "factory", "43,866")


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (status(400, b'{"error": {"message": "secret: how many cars did the factory build"}}'), "status 400"),
        (status(401, b'{"error": {"message": "Incorrect key: secret"}}'), "refuses the key"),
        (broken("The factory built 43,866", 3, b'data: {"choices": "the factory"}\n\n'), "not what it should be"),
    ],
)
def test_why_the_llm_failed_is_logged_and_nothing_that_was_said(
    steps: list[Step], reason: str, conversations: Conversations, caplog: pytest.LogCaptureFixture
) -> None:
    with llm(*steps) as server:
        ended(written(conversations, FixedSearch(found(FACT)), server))
    (record,) = [one for one in caplog.records if one.name.startswith("rag.")]
    assert record.levelname == "WARNING"
    assert reason in record.getMessage()
    assert not any(secret in caplog.text for secret in SECRETS)


class Unwritable(Conversations):
    """Keeps nothing."""

    def append(self, answer: Answer) -> None:
        raise StorageError("The database cannot be used.")


def test_a_turn_that_cannot_be_stored_ends_with_an_error_although_its_text_was_shown(url: str) -> None:
    conversations = Unwritable.open(url)
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        events = written(conversations, FixedSearch(found(FACT)), server)
    conversations.close()
    assert any(isinstance(one, TextDelta) for one in events)
    assert [one.code for one in events if isinstance(one, StreamError)] == ["storage"]
    assert isinstance(events[-1], StreamError)
