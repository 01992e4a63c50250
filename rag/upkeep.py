"""What the service does beside answering: audit after an unclean stop, mend the store, rebuild, forget what is old.

In: the parts of a runtime. Out: nothing but their being in order, and ``problem``, what an audit found that only a
human can put right. One thread, one thing at a time; a job that fails is logged and tried again. ``stop`` ends it.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from index.build import Indexer
from rag import audit
from rag.conversations import Conversations
from rag.errors import BusyError
from rag.searching import Searching
from rag.settings import Settings
from rag.unexpected import log_unexpected

log = logging.getLogger(__name__)
ROUND_S = 60.0


class Upkeep:
    """Makes no sound while there is nothing to do."""

    def __init__(
        self,
        settings: Settings,
        searching: Searching,
        indexer: Indexer,
        conversations: Callable[[], Conversations],
        ingesting: threading.Lock,
    ) -> None:
        """``ingesting``: whoever holds it is the only one that writes to the index."""
        self._settings = settings
        self._searching = searching
        self._indexer = indexer
        self._conversations = conversations
        self._ingesting = ingesting
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._mend_after = 0.0
        self.problem: str | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends a mending, and waits for any other step that is under way."""
        self._stopped.set()
        self._searching.stop_mending()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def round(self) -> None:
        """Everything that is to be done now."""
        for job in (self._audit, self._mend, self._tend, self._rebuild, self._forget):
            if not self._stopped.is_set():
                try:
                    job()
                except Exception as exc:
                    log_unexpected(exc)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self.round()
            self._stopped.wait(ROUND_S)

    def _audit(self) -> None:
        if self.problem is not None or not audit.is_due(self._settings.data_path):
            return
        problems = [problem for finding in audit.audit(self._settings) for problem in finding.problems]
        if problems:
            self.problem = f"an audit found {len(problems)} problems: run `kilde doctor --audit`, or restore a backup"
            log.error("after an unclean stop, %s", self.problem)
        else:
            audit.settle(self._settings.data_path)

    def _tend(self) -> None:
        self._searching.look()
        self._searching.tend()

    def _mend(self) -> None:
        wanted = self._searching.to_mend()
        if wanted is None or time.monotonic() < self._mend_after:
            return
        is_sound = self._searching.mend(*wanted)
        with self._ingesting:
            if is_sound and not self._stopped.is_set():
                self._searching.take_mended(*wanted)
        if self._searching.is_degraded and not self._stopped.is_set():
            self._mend_after = time.monotonic() + self._searching.stores.mending_pause_s
            log.error("the derived vector store could not be mended; dense search stays exact, in memory")

    def _rebuild(self) -> None:
        if not self._indexer.is_outdated():
            return
        with self._ingesting:
            try:
                for _progress in self._indexer.rebuild():
                    if self._stopped.is_set():
                        return
            except BusyError:
                log.info("another process is writing to the index; it is rebuilt later")
                return
            except Exception:
                log.exception("the index could not be rebuilt; the old one keeps serving")
                return
        self._searching.refresh()

    def _forget(self) -> None:
        days = self._settings.retention_days
        if days is not None:
            before = datetime.now(UTC) - timedelta(days=days)
            self._conversations().erase_older(before.isoformat(timespec="seconds"))
        self._conversations().finish_erasing()
