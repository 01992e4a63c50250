"""A process that stores turns of conversations, one after another, until it is killed.

In: a data folder, the number of the first turn, the marker to be killed at ("" for none). Out: on stdout the number of
each turn once it is stored. Runs as ``python -m evals.torture.turns_child``.
"""

import sys
from pathlib import Path

from evals.torture.markers import Markers
from rag.conversations import Conversations
from rag.records import Answer

TURNS_EACH = 3
"""In one conversation."""


def main(data_dir: str, first: str, stop: str) -> None:
    markers = Markers(stop)
    markers.watch()
    stored = Conversations.open(f"sqlite:///{Path(data_dir) / 'conversations.db'}")
    number = int(first)
    while True:
        answer = turn(number)
        stored.append(answer)
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()
        # As a turn does when its follow-ups have been searched; what was acknowledged is there before and after.
        stored.replace(turn(number, offered=("And then?",)))
        number += 1


def turn(number: int, offered: tuple[str, ...] = ()) -> Answer:
    return Answer(
        message_id=f"m{number}",
        conversation_id=f"c{number // TURNS_EACH}",
        status="not_found",
        composer="extractive",
        question=f"Question {number}?",
        standalone_question=f"Question {number}?",
        lang="en",
        text=f"Answer {number}. " * 60,
        citations=(),
        sources=(),
        nearest=(),
        followups=offered,
        as_of=None,
        timings_ms={},
        confidence=0.1,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
