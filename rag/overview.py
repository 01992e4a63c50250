"""The index as editors see it: figures, the folders that were ingested, and the files that were left out.

In: the catalog, and how the service stands. Out: one record. Loads no model; refuses nothing.
"""

from collections.abc import Iterator

from index.catalog import Catalog
from index.records import IngestProgress
from rag.admin_records import IndexOverview, Problem
from rag.records import Readiness


def overview(
    catalog: Catalog, readiness: Readiness, *, ingesting: bool, progress: IngestProgress | None = None
) -> IndexOverview:
    sources = catalog.sources()
    problems = [problem for source_id, root in sources.items() for problem in _problems(catalog, source_id, root)]
    return IndexOverview(
        stats=catalog.stats(),
        readiness=readiness,
        ingesting=ingesting or progress is not None,
        progress=progress,
        roots=tuple(sorted(sources.values())),
        problems=tuple(sorted(problems, key=lambda one: (one.outcome, one.path))),
    )


def _problems(catalog: Catalog, source_id: str, root: str) -> Iterator[Problem]:
    for state in catalog.files(source_id).values():
        if state.outcome in ("skipped", "failed"):
            yield Problem(
                root=root,
                path=state.path,
                outcome=state.outcome,
                reason=state.reason or "",
                article_id=state.article_id,
            )
