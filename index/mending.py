"""The derived store made sound again, in a child process, while the service answers without it.

In: where the catalog and the store lie. Out: a store that is whole, closed and sealed, and the answer whether there is
one: the store that was there where it was not closed and an audit finds nothing wrong, else one filled anew from the
catalog's vectors. Embeds nothing. Chroma can kill the process that reads a damaged store, so only a child ever does; a
child whose parent has gone leaves too.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec

from index.catalog import Catalog
from index.derived import current_chunks, filled_store, report
from index.errors import KildeError
from index.seal import discard, is_sealed, seal, unclosed, was_closed
from index.vectors import ChromaVectors

AUDIT_S = 600
"""A store that takes longer to audit is filled anew."""
MOST_UNCLOSED = 2
"""After so many openings in a row that ended in a crash, the store is not asked again: it may be what crashes."""
NICE = 10
CHILD = (sys.executable, "-m", "index.mending")
NOT_SOUND = 1


class Order(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is told."""

    catalog_url: str
    folder: str
    generation: int
    dim: int


class Mender:
    """At most one child at a time; ``stop`` ends it from another thread, for good."""

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def mend(self, order: Order) -> bool:
        """Whether the store is sound and sealed now. Takes as long as filling it anew takes."""
        folder = Path(order.folder)
        with self._turn:
            return self._mended(folder, order)

    def _mended(self, folder: Path, order: Order) -> bool:
        is_worth_asking = folder.is_dir() and not was_closed(folder) and unclosed(folder) < MOST_UNCLOSED
        if is_worth_asking and self._run("audit", order, AUDIT_S):
            return True
        return self._run("fill", order, None)

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._child is not None:
                self._child.kill()

    def _run(self, job: str, order: Order, timeout_s: float | None) -> bool:
        child = self._start(job)
        if child is None:
            return False
        try:
            assert child.stdin is not None
            child.stdin.write(msgspec.json.encode(order) + b"\n")
            child.stdin.flush()
            return child.wait(timeout_s) == 0
        except (subprocess.TimeoutExpired, BrokenPipeError):
            child.kill()
            return False
        finally:
            child.wait()
            if child.stdin is not None:
                child.stdin.close()

    def _start(self, job: str) -> "subprocess.Popen[bytes] | None":
        """None once stopped."""
        with self._lock:
            if self._stopped:
                return None
            self._child = subprocess.Popen(
                [*CHILD, job], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
            )
            return self._child


def fill_anew(catalog_url: str, folder: Path) -> int:
    """The store of the current generation in place of the one that is there; of how many chunks.

    Raises KildeError where nothing is indexed, or the store cannot be made.
    """
    with closing(Catalog.open(catalog_url)) as catalog:
        generation, chunk_ids = current_chunks(catalog)
        (vector,) = catalog.chunk_vectors(generation, chunk_ids[:1]).values()
    discard(folder)
    order = Order(catalog_url=catalog_url, folder=str(folder), generation=generation, dim=len(vector) // 2)
    if not Mender().mend(order):
        raise KildeError(f"The vector store could not be made. Is there room in {folder.parent}?")
    return len(chunk_ids)


def audit(order: Order) -> bool:
    """Whether the store holds and finds what the catalog has; it is sealed then."""
    folder, catalog = Path(order.folder), Catalog.open(order.catalog_url)
    store = ChromaVectors(folder, order.generation)
    is_sound = report(catalog, store, order.generation).is_sound
    store.close()
    catalog.close()
    if is_sound:
        seal(folder)
    return is_sound


def fill(order: Order) -> bool:
    """A store beside the old one, from the catalog alone; it takes the old one's place once it is sound."""
    folder, catalog = Path(order.folder), Catalog.open(order.catalog_url)
    fresh = folder.with_suffix(".fresh")
    discard(fresh)
    store = filled_store(catalog, fresh, order.generation, order.dim)
    is_sound = report(catalog, store, order.generation).is_sound
    store.close()
    catalog.close()
    if is_sound:
        discard(folder)
        fresh.replace(folder)
        seal(folder)
    return is_sound and is_sealed(folder)


def main(args: Sequence[str]) -> None:
    order = msgspec.json.decode(sys.stdin.buffer.readline(), type=Order)
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    os.nice(NICE)
    done = {"audit": audit, "fill": fill}[args[0]](order)
    sys.exit(0 if done else NOT_SOUND)


def _leave_with_parent() -> None:
    """Its end of the pipe closes with it, however it ends."""
    os.read(sys.stdin.fileno(), 1)  # Unbuffered: a lock on the buffer would abort the interpreter when it ends.
    os._exit(NOT_SOUND)


if __name__ == "__main__":
    main(sys.argv[1:])
