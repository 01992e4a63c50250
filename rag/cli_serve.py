"""``kilde serve``: the HTTP service of a data folder, with articles read before it opens or whenever they change.

In: settings, folders to ingest and to watch. Out: one line on stdout when the service is ready, problems of a watched
folder on stderr. Refuses a data folder that another process owns (BusyError).
"""

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text

from index.records import FileOutcome, IngestRequest
from rag.api.backend import Backend
from rag.cli_ingest import absolute_paths, show_ingest
from rag.cli_output import report, show
from rag.errors import BusyError, KildeError, StorageError
from rag.logs import begin_logs
from rag.owner import Owner
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.api.stores import Stores

BUSY_PAUSE_S = 2.0
QUIET_MS = 500


def serve_folder(settings: Settings, *, ingest: Sequence[Path], watch: Sequence[Path]) -> None:
    """Blocks until the service is stopped."""
    ingested, watched = absolute_paths(ingest), absolute_paths(watch)
    begin_logs(settings.log_level)
    with Owner.acquire(settings.data_path) as owner:
        from rag.api.app import build_app
        from rag.api.server import serve
        from rag.runtime import open_runtime
        from rag.tracing import begin_tracing

        begin_tracing()

        with closing(open_runtime(settings)) as runtime, open_stores(settings) as stores:
            if ingested:
                ingest_first(runtime, _request(settings, ingested))
            runtime.warm()
            opening = _opening(runtime)

            def on_ready(url: str) -> None:
                owner.publish(url)
                show(Text(f"Kilde is ready at {url} {opening}"))

            app = build_app(runtime, owner_token=owner.token, stores=stores)
            with watching(runtime, _request(settings, watched)):
                serve(app, host=settings.host, port=settings.port, on_ready=on_ready, drain_s=settings.drain_s)


@contextmanager
def open_stores(settings: Settings) -> Iterator["Stores"]:
    """Keys and owners, in the database of the conversations; counters, and calls to stop, where the settings say."""
    from rag.api.counting import MemoryCounters
    from rag.api.shared_counting import SharedCounters
    from rag.api.stop_calls import StopCalls
    from rag.api.stores import Stores
    from rag.keys import KeyStore
    from rag.ownership import Ownership
    from rag.shared_memory import SharedMemory

    url = settings.conversations_url
    with closing(KeyStore.open(url)) as keys, closing(Ownership.open(url)) as owners:
        if settings.cache_url is None:
            yield Stores(keys=keys, owners=owners)
            return
        with closing(SharedMemory.open(settings.cache_url)) as shared:
            counters, stop_calls = SharedCounters(shared, MemoryCounters()), StopCalls(shared)
            yield Stores(keys=keys, owners=owners, counters=counters, stop_calls=stop_calls)


@contextmanager
def watching(backend: Backend, request: IngestRequest) -> Iterator[None]:
    """Ingests in a thread, once at the start and then after every change under the request's paths, if it has any."""
    if not request.paths:
        yield
        return
    stopped = threading.Event()
    thread = threading.Thread(target=_follow, args=(backend, request, stopped), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join(timeout=10)


def _follow(backend: Backend, request: IngestRequest, stopped: threading.Event) -> None:
    from watchfiles import DefaultFilter, watch

    # What Kilde itself writes must not start the next run, even if the data folder lies among the articles.
    changed = DefaultFilter(ignore_paths=[backend.settings.data_path])
    started = False
    # The first time-out starts the first run, so that watching begins before it and no change during it is lost.
    for changes in watch(
        *request.paths,
        watch_filter=changed,
        stop_event=stopped,
        rust_timeout=QUIET_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    ):
        if changes or not started:
            started = True
            _ingest(backend, request, stopped)


def _ingest(backend: Backend, request: IngestRequest, stopped: threading.Event) -> None:
    while not stopped.is_set():
        try:
            for event in backend.ingest(request):
                if isinstance(event, FileOutcome) and event.outcome == "failed":
                    report(f"{event.path}: {event.reason}")
                if stopped.is_set():
                    return
        except StorageError as exc:
            report(str(exc))
            return
        except BusyError:
            stopped.wait(BUSY_PAUSE_S)
            continue
        except KildeError as exc:
            report(str(exc))
        return


def _request(settings: Settings, paths: tuple[str, ...]) -> IngestRequest:
    return IngestRequest(paths=paths, site_url=settings.site_url)


def ingest_first(backend: Backend, request: IngestRequest) -> None:
    """Where another process ingests into the same database, after it."""
    while True:
        try:
            show_ingest(backend.ingest(request), as_json=False)
            return
        except StorageError:
            raise
        except BusyError as exc:
            report(str(exc))
            time.sleep(BUSY_PAUSE_S)


def _opening(backend: Backend) -> str:
    readiness = asyncio.run(backend.readiness())
    if readiness.articles == 0:
        return "(nothing ingested yet: run `kilde ingest PATH`)"
    return f"({readiness.articles} articles, {readiness.chunks} chunks)"
