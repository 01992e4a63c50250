"""What other processes have written to the catalog, searched here soon after, without a restart.

In: the search of this process, and the lock of whoever writes to the index here. Out: nothing but its being up to date.
One thread, one tiny query every few seconds; after a change it rests some time in proportion to what a new view of the
index has cost. A database that does not answer is asked again. Only where several processes share a database.
"""

import logging
import threading
import time

from rag.errors import BusyError
from rag.searching import Searching
from rag.unexpected import log_unexpected

log = logging.getLogger(__name__)
CHECK_S = 2.0
REST = 4.0
"""After each new view, times what it took: while another process ingests, a fifth of the time goes into keeping up."""


class Following:
    def __init__(self, searching: Searching, ingesting: threading.Lock) -> None:
        """``ingesting``: whoever holds it is the only one that writes to the index in this process."""
        self._searching = searching
        self._ingesting = ingesting
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="following", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def round(self) -> None:
        """Look once. An ingest of this process shows what it has written itself, when it ends."""
        if not self._searching.is_behind() or not self._ingesting.acquire(blocking=False):
            return
        try:
            self._searching.catch_up()
        finally:
            self._ingesting.release()
        self._searching.refresh()

    def _run(self) -> None:
        pause_s = CHECK_S
        while not self._stopped.wait(pause_s):
            began = time.monotonic()
            try:
                self.round()
            except BusyError as exc:
                log.info("what other processes have written is not seen yet: %s", exc)
            except Exception as exc:
                log_unexpected(exc)
            pause_s = max(CHECK_S, REST * (time.monotonic() - began))
