"""Small versions of what ``evals.torture.files`` does: nothing from outside is read, and no file ends the run."""

import os
from contextlib import closing
from datetime import date
from pathlib import Path

import pytest
from small_index import SmallIndex

from evals.torture.bombs import bombs
from evals.torture.hostile_paths import CANARY, hostile_folder
from index.catalog import Catalog
from index.errors import InputError
from index.readers.child import reply_to
from index.readers.wire import Request
from index.reading import DEFAULT_LIMITS, FailedFile, find_files, read_files
from index.sources import make_plan, resolve_scopes

pytestmark = pytest.mark.sqlite_alone

TODAY = date(2025, 1, 15)


def test_of_three_hundred_paths_none_leads_out_blocks_or_ends_the_run(tmp_path: Path) -> None:
    made = hostile_folder(tmp_path)
    found, failed = find_files(tmp_path / "site")
    told = {file.path for file in failed}
    assert made >= 300
    assert "link 0.md" in told
    assert "pipe.md" in told
    assert "in \ufffd" in told
    results = list(read_files(tmp_path / "site", [name for name in found if "d" * 20 not in name], today=TODAY))
    assert len(results) > 100
    assert CANARY not in repr(results)


def test_a_hundred_small_bombs_are_read_refused_or_skipped_and_none_raises() -> None:
    names = []
    for name, data in bombs(0.002):
        reply = reply_to(Request(path=name, data=data, today=TODAY, site_url=None))
        assert "cannot be parsed" not in (reply.failed or ""), name
        names.append(name)
    assert len(set(names)) == len(names) > 100


@pytest.mark.parametrize("name", ["deep YAML.md", "deep YAML maps.md"])
def test_front_matter_that_nests_deep_is_refused_before_it_costs_time(name: str) -> None:
    data = next(data for found, data in bombs() if found.endswith(name))
    reply = reply_to(Request(path="a.md", data=data, today=TODAY, site_url=None))
    assert reply.failed == "The front matter nests more than 50 deep; simplify it."


def test_a_file_that_is_too_large_is_told_and_not_hashed(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("Text.", encoding="utf-8")
    os.truncate(tmp_path / "a.md", 1 << 40)
    with closing(Catalog.open(f"sqlite:///{tmp_path / 'catalog.db'}")) as catalog:
        (scope,) = resolve_scopes(catalog, [str(tmp_path)])
        plan = make_plan(catalog, scope, site_url=None, today=TODAY)
    assert [(seen.path, seen.size, seen.sha256) for seen in plan.to_read] == [("a.md", 1 << 40, "")]
    (failed,) = read_files(tmp_path, ["a.md"], today=TODAY)
    assert isinstance(failed, FailedFile)
    assert "larger than 8192 KB" in failed.reason


@pytest.mark.parametrize("path", ["/" + "a" * 5000, "/tmp/a\0b", "/" + "a/" * 3000])
def test_a_path_that_the_system_does_not_take_is_an_input_error(index: SmallIndex, path: str) -> None:
    with pytest.raises(InputError, match="does not exist"):
        list(index.events(path))


def test_the_process_that_parses_may_hold_512_mb() -> None:
    assert DEFAULT_LIMITS.memory_bytes == 512 * 2**20
    assert DEFAULT_LIMITS.seconds <= 5


def test_a_text_longer_than_any_article_is_refused() -> None:
    reply = reply_to(Request(path="a.txt", data=b"word " * 50_001, today=TODAY, site_url=None))
    assert reply.failed == "The text is longer than 250,000 characters; split it."
    assert reply_to(Request(path="a.txt", data=b"word " * 50_000, today=TODAY, site_url=None)).article is not None


def test_a_text_of_more_blocks_than_any_article_has_is_refused() -> None:
    reply = reply_to(Request(path="a.txt", data=b"- a\n" * 25_001, today=TODAY, site_url=None))
    assert reply.failed == "The text has more than 25,000 paragraphs, items or headings; split it."
