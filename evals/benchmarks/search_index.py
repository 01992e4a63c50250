"""An index that a benchmark searches through ``index`` alone: built in a temporary folder, or in one that is kept.

In: folders of articles, and where the index is to be kept. Out: the encoder, the derived store and the searcher; closed
and, unless kept, gone afterwards. A kept index is used again as it is, whatever the articles are now. Refuses an ingest
that failed for a file, a folder that another process owns (BusyError), and a kept index made by another version.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from evals.benchmarks.machine import model_dir
from index.build import Indexer
from index.catalog import Catalog
from index.derived import filled_store
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED
from index.records import Encoder, FileOutcome, IngestRequest, VectorStore
from index.search import Searcher
from rag.errors import InputError
from rag.owner import Owner


class SearchIndex(msgspec.Struct, frozen=True):
    """What questions are encoded with and asked of."""

    encoder: Encoder
    store: VectorStore | None
    searcher: Searcher


@contextmanager
def open_index(folders: Sequence[Path], kept: Path | None = None) -> Iterator[SearchIndex]:
    """Over ``folders``; in the data folder ``kept``, where one is given."""
    with tempfile.TemporaryDirectory(prefix="kilde-") as scratch:
        data_dir = kept or Path(scratch)
        data_dir.mkdir(parents=True, exist_ok=True)
        with Owner.acquire(data_dir), closing(Catalog.open(f"sqlite:///{data_dir / 'catalog.db'}")) as catalog:
            encoder = SentenceEncoder(BUNDLED, model_dir())
            indexer = Indexer(
                catalog,
                encoder=lambda: encoder,
                store=lambda _generation: None,
                model=BUNDLED,
                model_fingerprint=encoder.fingerprint,
            )
            if catalog.current_generation() is None:
                _ingest(indexer, folders)
            yield _opened(catalog, encoder, data_dir, indexer.fingerprint)


def _ingest(indexer: Indexer, folders: Sequence[Path]) -> None:
    for event in indexer.ingest(IngestRequest(paths=tuple(str(folder.resolve()) for folder in folders))):
        if isinstance(event, FileOutcome) and event.outcome == "failed":
            raise InputError(f"{event.path} could not be read: {event.reason}")


def _opened(catalog: Catalog, encoder: Encoder, data_dir: Path, fingerprint: str) -> SearchIndex:
    generation = catalog.current_generation()
    if generation is None or generation.fingerprint != fingerprint:
        raise InputError(f"The index in {data_dir} is empty or of another version. Remove it, and it is built anew.")
    store = filled_store(catalog, data_dir / "chroma", generation.number, encoder.dim)
    return SearchIndex(encoder, store, Searcher(catalog, encoder, store))
