"""Asking a suite: what is kept of every question, whatever the system does, and what is not."""

from collections.abc import Sequence
from pathlib import Path

import anyio
import msgspec
import pytest
from fake_backend import ANSWER, ARTICLE, CITATION, HIT, QUOTE
from made_runs import found
from small_suite import CARRIES, OWNER, SECOND, SmallSystem, small_suite

from evals.ask import ONE_BY_ONE, Asked, Manner, ask, best_of_works
from evals.exactness import false_quotes
from evals.golden import Case
from evals.records import Found
from evals.run import Finished, ask_system
from rag.errors import KildeError
from rag.records import Answer, Question, SearchRequest, Source, TextRange

TEXTS = {ARTICLE.article_id: ARTICLE.text}


@pytest.fixture
def system() -> SmallSystem:
    return SmallSystem()


def asked(system: SmallSystem, cases: Sequence[Case], manner: Manner = ONE_BY_ONE) -> tuple[Asked, ...]:
    return anyio.run(ask, system, cases, manner)


def case(**changes: object) -> Case:
    return msgspec.convert(CARRIES | changes, Case)


def test_an_outcome_holds_the_answer_without_ids_and_times(system: SmallSystem) -> None:
    (one,) = asked(system, [case()])
    answer = one.outcome.answer
    assert answer is not None
    assert (answer.message_id, answer.conversation_id, answer.timings_ms) == ("", "", {})
    assert (answer.text, answer.citations) == (ANSWER.text, ANSWER.citations)
    assert len(one.latencies_ms) == 1


def test_an_outcome_holds_the_hits_for_the_standalone_question_works_not_grouped(system: SmallSystem) -> None:
    (one,) = asked(system, [case()])
    assert one.outcome.found == (
        Found(work="city/bridge.md", path=HIT.path, lang="en", chunk_id="a1-0", text=QUOTE, score=0.87),
    )
    assert system.calls[-1] == SearchRequest(query=str(CARRIES["question"]), top_k=100, group_works=False)
    assert one.outcome.standalone_found == ()


def test_the_first_ten_works_are_ranked_by_their_best_passages() -> None:
    passages = found(*(f"{work}.md" for work in range(12) for _ in range(8)))
    best = best_of_works(passages)
    assert [one.work for one in best] == [f"{work}.md" for work in range(10)]
    assert [one.chunk_id for one in best[:3]] == ["1", "9", "17"]


def test_a_follow_up_is_asked_after_its_turns_and_searched_as_a_question_of_its_own_as_well(
    system: SmallSystem,
) -> None:
    follow_up = case(turns=["Who built it?", "Wie alt?"], question="Wie viele?", standalone="Wie viele Radfahrer?")
    (one,) = asked(system, [follow_up])
    questions = [(call.question, call.conversation_id) for call in system.calls if isinstance(call, Question)]
    assert questions == [("Who built it?", None), ("Wie alt?", "c1"), ("Wie viele?", "c1")]
    searched = [call.query for call in system.calls if isinstance(call, SearchRequest)]
    assert searched == ["Wie viele?", "Wie viele Radfahrer?"]
    assert len(one.outcome.standalone_found) == 1


def test_every_conversation_that_was_begun_is_deleted_again(system: SmallSystem) -> None:
    asked(system, [case(), case(turns=["Wie alt?"]), case(turns=["Wie alt?"], question="Broken?")])
    assert system.deleted == ["c1", "c2", "c4"]


def test_a_question_that_ends_in_an_error_keeps_it_and_the_others_go_on(system: SmallSystem) -> None:
    broken, right = asked(system, [case(question="Broken?"), case(id="other")])
    assert (broken.outcome.answer, broken.outcome.found, broken.latencies_ms) == (None, (), ())
    assert broken.outcome.error == "internal_error: The model is gone."
    assert right.outcome.error is None


def test_an_error_that_nobody_foresaw_is_kept_as_well(system: SmallSystem) -> None:
    system.texts = {}
    system.answered = msgspec.structs.replace(ANSWER, citations=({"no": "citation"},))  # type: ignore[arg-type]
    (one,) = asked(system, [case()])
    assert one.outcome.error == "AttributeError: 'dict' object has no attribute 'source'"


def test_outcomes_are_in_the_order_of_the_cases_however_many_are_asked_at_a_time(system: SmallSystem) -> None:
    cases = [case(id=f"c{number}", turns=["Wie?"] * (number % 3)) for number in range(12)]
    outcomes = [one.outcome for one in asked(system, cases, Manner(concurrency=5))]
    assert [outcome.case.id for outcome in outcomes] == [f"c{number}" for number in range(12)]


def test_every_repetition_has_its_latency_and_the_first_answer_counts(system: SmallSystem) -> None:
    (one,) = asked(system, [case()], Manner(repeat=3))
    assert (len(one.latencies_ms), one.is_steady) == (3, True)


def test_an_answer_that_changes_from_one_repetition_to_the_next_is_noticed(system: SmallSystem) -> None:
    class Moody(SmallSystem):
        async def answer(self, question: Question) -> Answer:
            answer = await super().answer(question)
            return msgspec.structs.replace(answer, as_of=answer.message_id)

    (one,) = asked(Moody(), [case()], Manner(repeat=2))
    assert not one.is_steady
    assert one.outcome.answer is not None
    assert one.outcome.answer.as_of == "m1"


def shifted(by: int) -> Answer:
    source = msgspec.structs.replace(CITATION.source, start=CITATION.source.start + by, end=CITATION.source.end + by)
    return msgspec.structs.replace(ANSWER, citations=(msgspec.structs.replace(CITATION, source=source),))


def test_an_exact_quote_is_no_false_one() -> None:
    assert false_quotes(ANSWER, TEXTS) == ()


@pytest.mark.parametrize("by", [-1, 1])
def test_a_quote_that_is_not_where_it_claims_to_be_in_the_article_is_false(by: int) -> None:
    assert false_quotes(shifted(by), TEXTS) == (QUOTE,)


def test_a_quote_that_is_not_where_it_claims_to_be_in_the_answer_is_false() -> None:
    place = TextRange(start=CITATION.answer.start + 1, end=CITATION.answer.end + 1)
    moved = msgspec.structs.replace(CITATION, answer=place)
    assert false_quotes(msgspec.structs.replace(ANSWER, citations=(moved,)), TEXTS) == (QUOTE,)


def test_a_quote_of_an_article_that_is_not_there_is_false() -> None:
    assert false_quotes(ANSWER, {}) == (QUOTE,)


def two_sources(numbers_in_text: tuple[int, int]) -> Answer:
    """Two quotes from two works, marked in the text with these numbers; the citations say 1 and 2."""
    first, second = "It carries 4,200 cyclists a day.", "Repairs began in 2019 and took eleven months."
    text = f"“{first}” [{numbers_in_text[0]}] “{second}” [{numbers_in_text[1]}]"
    other = msgspec.structs.replace(ANSWER.sources[0], n=2, article_id="a2", path="city/repairs.md")
    citations = []
    for n, (quote, source) in enumerate(((first, ANSWER.sources[0]), (second, other)), start=1):
        at, stands = text.index(quote), ARTICLE.text.index(quote)
        cited = msgspec.structs.replace(
            CITATION.source, article_id=source.article_id, path=source.path, start=stands, end=stands + len(quote)
        )
        shown = TextRange(start=at, end=at + len(quote))
        citations.append(msgspec.structs.replace(CITATION, n=n, quote=quote, answer=shown, source=cited))
    return msgspec.structs.replace(ANSWER, text=text, citations=tuple(citations), sources=(ANSWER.sources[0], other))


BOTH = {"a1": ARTICLE.text, "a2": ARTICLE.text}


def test_quotes_with_swapped_markers_are_false() -> None:
    assert false_quotes(two_sources((1, 2)), BOTH) == ()
    assert len(false_quotes(two_sources((2, 1)), BOTH)) == 2


def test_a_marker_that_leads_to_another_work_is_false() -> None:
    answer = two_sources((1, 2))
    swapped = tuple(msgspec.structs.replace(source, n=3 - source.n) for source in answer.sources)
    assert len(false_quotes(msgspec.structs.replace(answer, sources=swapped), BOTH)) == 2


def test_a_source_may_be_another_language_version_of_the_cited_article() -> None:
    source: Source = msgspec.structs.replace(ANSWER.sources[0], article_id="a9", path="city/bridge.nl.md")
    assert false_quotes(msgspec.structs.replace(ANSWER, sources=(source,)), TEXTS) == ()


def test_an_llms_answer_needs_the_marker_and_not_the_quote() -> None:
    told = msgspec.structs.replace(ANSWER, composer="llm", text="Some 4,200 a day. [1]")
    assert false_quotes(told, TEXTS) == ()
    assert false_quotes(msgspec.structs.replace(told, text="Some 4,200 a day."), TEXTS) == (QUOTE,)


def run(system: SmallSystem, folder: Path) -> Finished:
    return anyio.run(ask_system, small_suite(folder), system)


def test_a_run_says_what_was_asked_of_what(system: SmallSystem, tmp_path: Path) -> None:
    found = run(system, tmp_path).run
    assert (found.suite, [outcome.case.id for outcome in found.outcomes]) == (
        "small",
        [CARRIES["id"], OWNER["id"], SECOND["id"]],
    )
    assert found.system.keys() == {"kilde", "model", "composer", "ranked"}
    assert (found.system["model"], found.system["composer"]) == ("fake-1", "extractive")
    assert len(found.timing.latencies_ms) == 3


def test_two_runs_are_equal_in_all_but_their_timing(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, two = run(SmallSystem(), tmp_path / "one").run, run(SmallSystem(), tmp_path / "two").run
    blank = msgspec.structs.replace(one.timing, started="", seconds=0.0, latencies_ms=())
    first, second = (msgspec.structs.replace(each, timing=blank) for each in (one, two))
    assert msgspec.json.encode(first) == msgspec.json.encode(second)


def test_a_system_over_other_articles_is_refused_before_anything_is_asked(system: SmallSystem, tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    suite.fingerprint_file.write_text(f"{'0' * 64}\n", encoding="ascii")
    with pytest.raises(KildeError, match="are not those that small was checked against"):
        anyio.run(ask_system, suite, system)
    assert system.calls == []
