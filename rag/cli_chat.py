"""``kilde chat``: questions from stdin, streamed answers with their sources on stdout, until an empty line or the end.

A turn that fails is reported on stderr and the conversation goes on.
"""

import importlib.util
import sys
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from rag.cli_engine import Engine
from rag.cli_output import clean, report, show
from rag.cli_text import evidence
from rag.errors import BusyError, InputError
from rag.records import Answer, Event, MessageEnd, MessageStart, Notice, Question, StreamError, TextDelta
from rag.validate import check_question

PROMPT = "\n> "


def converse(engine: Engine, *, answer_lang: str | None) -> bool:
    """One conversation; True if every turn was answered."""
    conversation_id: str | None = None
    complete = True
    for text in _questions():
        question = Question(question=text, conversation_id=conversation_id, answer_lang=answer_lang)
        answer = _turn(engine, question)
        if answer is None:
            complete = False
        else:
            conversation_id = answer.conversation_id
    return complete


def _turn(engine: Engine, question: Question) -> Answer | None:
    try:
        asked = check_question(question)
        return show_turn(asked.question, engine.events(asked))
    except (InputError, BusyError) as exc:
        report(str(exc))
        return None


def show_turn(question: str, events: Iterator[Event]) -> Answer | None:
    """Shows one turn while it goes on; None if it ended in an error."""
    answer: Answer | None = None
    for event in events:
        match event:
            case MessageStart() if event.standalone_question not in ("", question):
                show(Text(f"→ {clean(event.standalone_question)}", style="dim"))
            case TextDelta():
                sys.stdout.write(clean(event.text))
                sys.stdout.flush()
            case Notice():
                report(event.message)
            case StreamError():
                sys.stdout.write("\n")
                report(event.message)
            case MessageEnd():
                answer = event.answer
            case _:
                pass
    if answer is not None:
        show(Text("\n").join([Text(""), *evidence(answer)]))
    return answer


def _questions() -> Iterator[str]:
    prompt = _prompt()
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        if not line:
            return
        yield line


def _prompt() -> str:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return ""
    if importlib.util.find_spec("readline"):
        importlib.import_module("readline")
    Console(highlight=False).print(
        "Ask about the articles. Answers are composed by a machine; an empty line ends.", style="dim"
    )
    return PROMPT
