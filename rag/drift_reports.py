"""What ``kilde drift`` and the editors' page show: the disagreements of the index as it is now.

In: the catalog. Out: a report, which is kept until an article comes, goes or changes. Loads no model; refuses nothing.
"""

import threading

from index.catalog import Catalog
from index.passages import translated_works
from rag.drift import find_drift
from rag.drift_records import DriftReport


class DriftReports:
    """Safe from several threads; one report is made at a time."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._making = threading.Lock()
        self._made: tuple[frozenset[tuple[str, str, str]], DriftReport] | None = None

    def report(self) -> DriftReport:
        with self._making:
            seen = frozenset((one.article_id, one.work_id, one.content_sha256) for one in self._catalog.articles())
            if self._made is None or self._made[0] != seen:
                self._made = seen, find_drift(translated_works(self._catalog))
            return self._made[1]
