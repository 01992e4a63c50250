"""What all processes of a service look up and count together; each seam has a form for one process and no database.

In: what a seam asks. Out: keys in force, whose a conversation is, counters. Refuses nothing.
"""

from typing import Protocol

import msgspec

from rag.api.counting import Counters, MemoryCounters
from rag.api.stop_calls import StopCalls
from rag.keys import Key


class Keys(Protocol):
    """Called in threads."""

    def find(self, text: str) -> Key | None:
        """The key that ``text`` is, while it is in force."""
        ...


class Owners(Protocol):
    """Called in threads. An owner is a text; the empty one is nobody in particular."""

    def give(self, conversation_id: str, owner: str) -> None:
        """A conversation that is stored; it stays with whom it was given to first."""
        ...

    def has_conversation(self, conversation_id: str, owner: str) -> bool:
        """Whether it is there and theirs."""
        ...

    def has_message(self, message_id: str, owner: str) -> bool:
        """Whether it is there and in a conversation of theirs."""
        ...


class NoKeys:
    """No key was ever made."""

    def find(self, text: str) -> Key | None:
        return None


class Unowned:
    """Whoever knows an id may use it; whether it names something is for the backend to say."""

    def give(self, conversation_id: str, owner: str) -> None: ...

    def has_conversation(self, conversation_id: str, owner: str) -> bool:
        return True

    def has_message(self, message_id: str, owner: str) -> bool:
        return True


class Stores(msgspec.Struct, frozen=True, kw_only=True):
    """Without a database: no keys, no owners, and counters of this process."""

    keys: Keys = msgspec.field(default_factory=NoKeys)
    owners: Owners = msgspec.field(default_factory=Unowned)
    counters: Counters = msgspec.field(default_factory=MemoryCounters)
    stop_calls: StopCalls | None = None
    """None for one process."""
