"""A turn ends answered, not found or out of scope, and its citations hold."""

import msgspec
import pytest
from small_answering import FACT, FixedSearch, ask, found, unrelated

from rag.composing import NEAREST
from rag.conversations import Conversations
from rag.errors import InputError
from rag.evidence import calibration
from rag.framing import not_found_text
from rag.records import (
    Answer,
)

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]


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


def test_timings_are_whole_milliseconds_and_the_total_is_not_less_than_a_part(conversations: Conversations) -> None:
    timings = ask(conversations, FixedSearch(found(FACT))).timings_ms
    assert set(timings) == {"search", "compose", "total"}
    assert timings["total"] >= max(timings["search"], timings["compose"])


def test_an_answer_survives_json(conversations: Conversations) -> None:
    answer = ask(conversations, FixedSearch(found(FACT)))
    assert msgspec.json.decode(msgspec.json.encode(answer), type=Answer) == answer
