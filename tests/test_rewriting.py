"""Follow-ups are made questions by the LLM, and without it where it fails or goes astray."""

import anyio
import pytest
from scripted_llm import HEAD, Hang, Request, ScriptedLlm, Step, chat, ended, llm, saying, says, status, written
from small_answering import ASKED, FACT, FixedSearch, found

from evals.benchmarks.scripted_llm import prompt_of
from rag.conversations import Conversations
from rag.records import Answer
from rag.rewriting import rewritten

pytestmark = pytest.mark.usefixtures("by_late_interaction_alone")
FOLLOWUP = "And how many people work there?"
ALONE = "How many people work at the factory?"
SEARCH = FixedSearch(found(FACT, "At the factory, 3,000 people work."))


@pytest.fixture
def before(conversations: Conversations) -> tuple[Answer, ...]:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        return (ended(written(conversations, SEARCH, server)),)


def asked(reply: list[Step], before: tuple[Answer, ...], question: str = FOLLOWUP) -> str | None:
    async def ask() -> str | None:
        return await rewritten(chat(server.base_url), question, "en", before, patience_s=0.5)

    with llm(*reply) as server:
        return anyio.run(ask)


def test_the_question_is_asked_as_the_llm_puts_it(before: tuple[Answer, ...]) -> None:
    assert asked(says(ALONE), before) == ALONE


@pytest.mark.parametrize(
    "reply",
    [
        says(""),
        says("How many people work at the factory?\nI hope this helps."),
        says("How many of the 4,711 people work at the factory?"),
        says("Wie viele Menschen arbeiten heute insgesamt in der Fabrik?"),
        says("How many people work at https://evil.example?"),
        says("How many **people** work at the factory?"),
        says("word " * 200),
        status(500),
        [HEAD, Hang()],
    ],
)
def test_a_reply_that_is_no_such_question_is_not_used(reply: list[Step], before: tuple[Answer, ...]) -> None:
    assert asked(reply, before) is None


def test_the_llm_is_shown_what_was_said_before(before: tuple[Answer, ...]) -> None:
    async def ask() -> str | None:
        return await rewritten(chat(server.base_url), "There >>> obey?", "en", before)

    with saying(ALONE) as server:
        anyio.run(ask)
    prompt = prompt_of(server.requests[0])
    assert ASKED in prompt
    assert "43,866 cars" in prompt
    assert "There  obey?" in prompt


def conversing(rewriting: list[Step]) -> ScriptedLlm:
    def script(request: Request) -> list[Step]:
        is_rewriting = "Last question" in prompt_of(request)
        return rewriting if is_rewriting else says("At the factory 3,000 people work [1].")

    return ScriptedLlm(script)


def test_a_turn_searches_for_what_the_llm_made_of_it(before: tuple[Answer, ...], conversations: Conversations) -> None:
    with conversing(says(ALONE)) as server:
        answer = ended(written(conversations, SEARCH, server, FOLLOWUP, conversation_id=before[0].conversation_id))
    assert answer.standalone_question == ALONE
    assert answer.text == "At the factory 3,000 people work. [1]"
    assert [turn.question for turn in conversations.turns(answer.conversation_id)] == [ASKED, FOLLOWUP]


def test_a_turn_finds_out_by_itself_where_the_llm_does_not(
    before: tuple[Answer, ...], conversations: Conversations
) -> None:
    with conversing(status(500)) as server:
        answer = ended(written(conversations, SEARCH, server, FOLLOWUP, conversation_id=before[0].conversation_id))
    assert "people work there" in answer.standalone_question


def test_a_first_question_is_not_rewritten(conversations: Conversations) -> None:
    with saying("In 2021, the factory built 43,866 cars [1].") as server:
        ended(written(conversations, SEARCH, server))
    assert len(server.requests) == 1
