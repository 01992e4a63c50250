"""An answer that an LLM writes is in the language of its reader, and is asked for again where it is not."""

import pytest
from made_meaning import MadeMeaning
from scripted_llm import ended, in_turn, notices, saying, says, written
from small_answering import ASKED, FACT, FixedSearch, found

from evals.benchmarks.scripted_llm import ScriptedLlm, prompt_of
from rag.conversations import Conversations

pytestmark = [pytest.mark.usefixtures("by_late_interaction_alone"), pytest.mark.sqlite_alone]


AZERBAIJANI = "Zavod 2021-ci ildə ümumilikdə 43,866 avtomobil istehsal etmişdir [1]."


def test_no_language_that_cannot_be_told_from_others_is_called_foreign(conversations: Conversations) -> None:
    with saying(AZERBAIJANI) as server:
        events = written(conversations, FixedSearch(found(FACT)), server, ASKED, answer_lang="az")
    assert "llm_wrong_language" not in notices(events)
    assert len(server.requests) == 1


GERMAN = "Das Werk hat im Jahr 2021 insgesamt 43,866 Autos gebaut und verkauft [1]."


def test_an_answer_in_the_wrong_language_is_asked_for_once_more(conversations: Conversations) -> None:
    with ScriptedLlm(in_turn(says(GERMAN), says("In 2021, the factory built 43,866 cars [1]."))) as server:
        events = written(conversations, FixedSearch(found(FACT)), server)
    assert (ended(events).composer, notices(events)) == ("llm", [])
    first, second = map(prompt_of, server.requests)
    assert "and in no other" not in first
    assert "Write in the language English (en), and in no other" in second


def test_twice_in_the_wrong_language_is_answered_by_quotes(conversations: Conversations) -> None:
    with saying(GERMAN) as server:
        events = written(conversations, FixedSearch(found(FACT)), server)
    assert (ended(events).composer, notices(events)) == ("extractive", ["llm_wrong_language"])
    assert len(server.requests) == 2


def test_a_later_sentence_in_another_language_is_left_out(conversations: Conversations) -> None:
    with saying(f"In 2021, the factory built 43,866 cars [1]. {GERMAN}") as server:
        events = written(conversations, FixedSearch(found(FACT)), server)
    assert ended(events).text == "In 2021, the factory built 43,866 cars. [1]"


def test_the_answer_is_in_the_readers_language_and_the_quote_in_its_own(conversations: Conversations) -> None:
    with saying("Im Jahr 2021 baute die Fabrik 43.866 Autos [1].") as server:
        search = FixedSearch(found(FACT))
        answer = ended(written(conversations, search, server, meaning=MadeMeaning(), answer_lang="de"))
    assert (answer.lang, answer.text) == ("de", "Im Jahr 2021 baute die Fabrik 43.866 Autos. [1]")
    assert (answer.citations[0].quote, answer.citations[0].source.lang) == (FACT, "en")
    assert "German (de)" in prompt_of(server.requests[0])


IN_ENGLISH = {
    **{"Wir": "We", "bau": "build", "es": "it", "so": "as", "alt": "old", "ganz": "whole", "neu": "new", "auf": "up"},
    **{"und": "and", "das": "that", "im": "in", "Mai": "May", "hat": "has", "er": "he", "nun": "now", "ja": "yes"},
    **{"Konkurrenzunternehmenssprecher": "rivals", "erklärten": "told", "Zeitungsredaktionen": "newspapers"},
}
SPOKEN = "Wir bau es so ganz neu auf und das im Mai ja nun"


@pytest.mark.parametrize(
    ("said", "is_shown"),
    [
        (f"{SPOKEN}.", False),
        (f"„Wir“ {SPOKEN.removeprefix('Wir ')}.", False),
        (f"Konkurrenzunternehmenssprecher erklärten Zeitungsredaktionen: „{SPOKEN}“.", True),
    ],
)
def test_what_somebody_says_in_another_language_stays_what_he_says(
    conversations: Conversations, said: str, is_shown: bool
) -> None:
    spoken = " ".join(IN_ENGLISH[word] for word in SPOKEN.split())
    search = FixedSearch(found(f"rivals told newspapers: “{spoken}”."))
    meaning = MadeMeaning(translated=IN_ENGLISH)
    with saying(f"{said} [1]") as server:
        answer = ended(written(conversations, search, server, meaning=meaning, answer_lang="de"))
    assert (answer.text == f"{said} [1]") is is_shown
