"""A service over an index built afresh, or over one that exists, in this process.

In: folders of articles, or settings. Out: a runtime, closed and, where it was built, gone afterwards. Refuses a folder
that does not exist, an ingest that failed for a file, and a data folder that another process owns (BusyError).
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from index.records import FileOutcome, IngestRequest
from rag.errors import InputError
from rag.owner import Owner
from rag.runtime import Runtime, open_runtime
from rag.settings import Settings, load_settings


@contextmanager
def open_fresh(folders: Sequence[Path], settings: Settings | None = None) -> Iterator[Runtime]:
    """A runtime with its model loaded, over ``folders`` and nothing else; other settings than the data folder hold."""
    with built(folders, settings or load_settings()) as runtime:
        runtime.warm()
        yield runtime


@contextmanager
def open_existing(settings: Settings) -> Iterator[Runtime]:
    """The runtime, with its model loaded, of a data folder that was ingested before."""
    with existing(settings) as runtime:
        runtime.warm()
        yield runtime


@contextmanager
def built(folders: Sequence[Path], settings: Settings) -> Iterator[Runtime]:
    """The same as ``open_fresh``, before anything is asked."""
    with tempfile.TemporaryDirectory(prefix="kilde-") as data_dir:
        fresh = msgspec.structs.replace(
            settings, data_dir=data_dir, database_url=None, model_dir=str(settings.model_path)
        )
        with closing(open_runtime(fresh)) as runtime:
            _ingest(runtime, folders)
            yield runtime


@contextmanager
def existing(settings: Settings) -> Iterator[Runtime]:
    """The same as ``open_existing``, before anything is asked. Raises InputError where nothing was ingested."""
    if not settings.data_path.is_dir():
        raise InputError(
            f"There is no index in {settings.data_path}. Run `kilde ingest` first, or name another folder."
        )
    with Owner.acquire(settings.data_path), closing(open_runtime(settings)) as runtime:
        yield runtime


def _ingest(runtime: Runtime, folders: Sequence[Path]) -> None:
    for folder in folders:
        if not folder.is_dir():
            raise InputError(f"There is no folder {folder}. Name the right one.")
    for event in runtime.ingest(IngestRequest(paths=tuple(str(folder.resolve()) for folder in folders))):
        if isinstance(event, FileOutcome) and event.outcome == "failed":
            raise InputError(f"{event.path} could not be read: {event.reason}")
