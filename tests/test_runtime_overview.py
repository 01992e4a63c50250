"""What the editors' page is told of a real index: its folders, what was left out, and versions that drifted apart."""

from pathlib import Path

import anyio
from small_site import ingest, write_articles

from index.records import IngestRequest
from rag.runtime import Runtime


def test_files_that_were_left_out_are_listed_with_their_reason(runtime: Runtime, tmp_path: Path) -> None:
    site = write_articles(
        tmp_path / "site",
        {
            "good.md": "The battery is charged in Brussels.\n",
            "draft.md": "---\ntitle: Later\ndraft: true\n---\nA heron walks.\n",
        },
    )
    ingest(runtime, site)
    found = anyio.run(runtime.overview)
    assert (found.stats.articles, found.readiness.articles, found.ingesting) == (1, 1, False)
    assert found.roots == (str(site),)
    assert [(one.root, one.path, one.outcome) for one in found.problems] == [(str(site), "draft.md", "skipped")]
    assert "draft" in found.problems[0].reason


def test_a_run_under_way_is_told(runtime: Runtime, site: Path) -> None:
    run = runtime.ingest(IngestRequest(paths=(str(site),)))
    next(iter(run))
    assert anyio.run(runtime.overview).ingesting
    for _event in run:
        pass
    assert not anyio.run(runtime.overview).ingesting


def test_an_empty_index_has_nothing_to_tell(runtime: Runtime) -> None:
    found = anyio.run(runtime.overview)
    assert (found.roots, found.problems, found.stats.articles) == ((), (), 0)
    drift = anyio.run(runtime.drift)
    assert (drift.works, drift.drifts) == (0, ())
