"""The places at which a process is killed, found from outside: production code knows nothing of them.

In: a process that calls ``Markers.watch()`` before its work. Out: every statement that writes, every commit, every
write to the derived store and every call of the encoder, as a marker with its number: ``before INSERT chunk 3``. The
process kills its whole group with SIGKILL at the one that it is told, or writes down all that it comes to.
"""

import os
import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

INSIDE_S = {"COMMIT": 0.004, "store upsert": 0.15, "store delete": 0.03}
"""How long after the beginning of such a step a kill inside of it comes at the latest."""
_STATEMENT = re.compile(r"\s*(INSERT|UPDATE|DELETE|CREATE|DROP|ALTER)\s+(?:OR \w+ )?(?:INTO |FROM |TABLE )?\W*(\w+)")


class Markers:
    """Of one process. ``stop``: a marker with its number; ``seen``: where all are written down."""

    def __init__(self, stop: str = "", seen: Path | None = None) -> None:
        self._stop = stop
        self._seen = seen
        self._counts: Counter[str] = Counter()
        self._counting = threading.Lock()

    def watch(self) -> None:
        """Everything in this process that writes, from now on."""
        sa.event.listen(sa.Engine, "before_cursor_execute", lambda *told: self._statement("before", told[2]))
        sa.event.listen(sa.Engine, "after_cursor_execute", lambda *told: self._statement("after", told[2]))
        self.wrap(DefaultDialect, "do_commit", "COMMIT")

    def wrap(self, owner: Any, method: str, step: str) -> None:
        """Markers before, inside and after a method of a class."""
        whole: Callable[..., Any] = getattr(owner, method)

        def marked(*given: Any, **named: Any) -> Any:
            self.reach(f"before {step}")
            if step in INSIDE_S:
                self.reach(f"inside {step}", INSIDE_S[step])
            made = whole(*given, **named)
            self.reach(f"after {step}")
            return made

        setattr(owner, method, marked)

    def reach(self, marker: str, within_s: float = 0.0) -> None:
        """Kills here where it is told to; some time ``within_s`` from now, if that is not 0."""
        with self._counting:
            self._counts[marker] += 1
            numbered = f"{marker} {self._counts[marker]}"
        if self._seen is not None:
            with self._seen.open("a", encoding="utf-8") as file:
                file.write(f"{numbered}\n")
        if numbered != self._stop:
            return
        if within_s:
            threading.Thread(target=_kill, args=(random.uniform(0, within_s),), daemon=True).start()
        else:
            _kill()

    def _statement(self, when: str, statement: str) -> None:
        if found := _STATEMENT.match(statement):
            self.reach(f"{when} {found[1]} {found[2]}")


def _kill(after_s: float = 0.0) -> None:
    time.sleep(after_s)
    os.killpg(0, signal.SIGKILL)
