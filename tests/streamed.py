"""A stream as a client reads it: how it begins, and its events one by one."""

import json
from typing import Any

from rag.records import MessageStart

START = MessageStart(message_id="m1", conversation_id="c1", lang="de", standalone_question="Wie viele?")


def events(text: str) -> list[tuple[str, str, Any]]:
    """(event, id, data) of each block; every block has exactly these three lines."""
    assert text.endswith("\n\n")
    found = []
    for block in text.removesuffix("\n\n").split("\n\n"):
        if block.startswith(":"):
            continue
        event, number, data = block.split("\n")
        found.append(
            (event.removeprefix("event: "), number.removeprefix("id: "), json.loads(data.removeprefix("data: ")))
        )
    return found
