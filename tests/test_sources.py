"""What has to be read is found by comparing the folder with what the catalog remembers of it."""

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from index.catalog import Catalog
from index.catalog_records import FileState
from index.errors import InputError
from index.reading import FailedFile
from index.records import Outcome
from index.sources import Plan, Scope, make_plan, resolve_scopes

TODAY = date(2024, 5, 10)


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    opened = Catalog.open(url)
    yield opened
    opened.close()


@pytest.fixture
def site(tmp_path: Path, catalog: Catalog) -> Path:
    """A known source of two files."""
    folder = tmp_path / "site"
    (folder / "deep").mkdir(parents=True)
    (folder / "a.md").write_text("A")
    (folder / "deep" / "b.md").write_text("B")
    catalog.add_source("site", str(folder))
    return folder


def remember(
    catalog: Catalog,
    site: Path,
    path: str,
    *,
    outcome: Outcome = "new",
    checked_on: str = "2024-05-10",
    expires: str | None = None,
) -> None:
    """As a run would that read the file as it is now."""
    seen = plan_of(catalog, site).to_read
    one = next(file for file in seen if file.path == path)
    state = FileState(
        path=path,
        size=one.size,
        mtime_ns=one.mtime_ns,
        sha256=one.sha256,
        site_url=None,
        article_id=None if outcome == "skipped" else f"id of {path}",
        outcome=outcome,
        reason=None,
        checked_on=checked_on,
        expires=expires,
    )
    catalog.record_files("site", [state])


def plan_of(catalog: Catalog, path: Path, *, site_url: str | None = None, today: date = TODAY) -> Plan:
    (scope,) = resolve_scopes(catalog, [str(path)])
    return make_plan(catalog, scope, site_url=site_url, today=today)


def paths_to_read(plan: Plan) -> list[str]:
    return [seen.path for seen in plan.to_read]


def test_a_folder_never_seen_becomes_a_source_named_after_it_and_nothing_is_written(
    catalog: Catalog, tmp_path: Path
) -> None:
    (tmp_path / "my news").mkdir()
    (scope,) = resolve_scopes(catalog, [str(tmp_path / "my news")])
    assert scope == Scope(source_id="my-news", root=tmp_path / "my news", is_new=True)
    assert catalog.sources() == {}


def test_folders_of_one_name_become_two_sources(catalog: Catalog, tmp_path: Path) -> None:
    for parent in ("one", "two"):
        (tmp_path / parent / "news").mkdir(parents=True)
    scopes = resolve_scopes(catalog, [str(tmp_path / "one" / "news"), str(tmp_path / "two" / "news")])
    assert [scope.source_id for scope in scopes] == ["news", "news-2"]


def test_a_folder_within_a_known_source_is_a_part_of_it(catalog: Catalog, site: Path) -> None:
    (scope,) = resolve_scopes(catalog, [str(site / "deep")])
    assert scope == Scope(source_id="site", root=site, inside="deep")


def test_a_part_covers_its_own_files_and_not_those_of_a_folder_whose_name_starts_alike() -> None:
    part = Scope(source_id="site", root=Path("/site"), inside="deep")
    assert part.covers("deep/b.md")
    assert not part.covers("deeper/b.md")


def test_a_single_file_covers_itself_alone() -> None:
    one = Scope(source_id="site", root=Path("/site"), inside="a.md", is_file=True)
    assert one.covers("a.md")
    assert not one.covers("b.md")


def test_a_folder_around_a_known_source_is_refused(catalog: Catalog, site: Path) -> None:
    with pytest.raises(InputError, match="indexed twice"):
        resolve_scopes(catalog, [str(site.parent)])


def test_a_path_that_does_not_exist_is_refused_by_name(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere does not exist") as refused:
        resolve_scopes(catalog, [str(tmp_path / "nowhere")])
    assert refused.value.param == "paths"


def test_a_link_to_a_known_source_is_that_source(catalog: Catalog, site: Path) -> None:
    (site.parent / "link").symlink_to(site)
    (scope,) = resolve_scopes(catalog, [str(site.parent / "link")])
    assert (scope.source_id, scope.is_new) == ("site", False)


def test_files_never_seen_are_to_be_read_in_order(catalog: Catalog, site: Path) -> None:
    plan = plan_of(catalog, site)
    assert paths_to_read(plan) == ["a.md", "deep/b.md"]
    assert plan.known == {}


def test_a_file_that_is_as_it_was_is_unchanged(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md")
    plan = plan_of(catalog, site)
    assert [state.path for state in plan.unchanged] == ["a.md"]
    assert paths_to_read(plan) == ["deep/b.md"]


def test_a_touched_file_with_the_same_content_is_unchanged(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md")
    os.utime(site / "a.md", (1, 1))
    assert [state.path for state in plan_of(catalog, site).unchanged] == ["a.md"]


def test_a_file_with_other_content_is_to_be_read_and_known(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md")
    (site / "a.md").write_text("Another text")
    plan = plan_of(catalog, site)
    assert paths_to_read(plan) == ["a.md", "deep/b.md"]
    assert set(plan.known) == {"a.md"}


def test_another_site_url_reads_again(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md")
    assert "a.md" in paths_to_read(plan_of(catalog, site, site_url="https://example.org"))


@pytest.mark.parametrize(("expires", "is_read"), [("2024-05-10", True), ("2024-05-11", False)])
def test_an_article_is_read_again_on_the_day_it_expires(
    catalog: Catalog, site: Path, expires: str, is_read: bool
) -> None:
    remember(catalog, site, "a.md", expires=expires)
    assert ("a.md" in paths_to_read(plan_of(catalog, site))) == is_read


def test_a_skipped_file_is_looked_at_again_on_another_day_only(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md", outcome="skipped")
    assert "a.md" not in paths_to_read(plan_of(catalog, site))
    assert "a.md" in paths_to_read(plan_of(catalog, site, today=date(2024, 5, 11)))


def test_a_file_that_is_no_longer_there_is_gone(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md")
    (site / "a.md").unlink()
    assert [state.path for state in plan_of(catalog, site).gone] == ["a.md"]


def test_a_part_of_a_source_says_nothing_of_files_outside_it(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md")
    (site / "a.md").unlink()
    plan = plan_of(catalog, site / "deep")
    assert plan.gone == ()
    assert paths_to_read(plan) == ["deep/b.md"]


def test_a_file_replaced_by_a_link_out_failed_and_is_not_gone(catalog: Catalog, site: Path) -> None:
    remember(catalog, site, "a.md")
    (site / "a.md").unlink()
    (site / "a.md").symlink_to("/etc/hostname")
    plan = plan_of(catalog, site)
    assert [file.path for file in plan.failed] == ["a.md"]
    assert plan.gone == ()


def test_a_folder_that_cannot_be_read_takes_no_articles_away(
    catalog: Catalog, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(catalog, site, "deep/b.md")
    unreadable = FailedFile(path="deep", reason="The folder cannot be read: Input/output error.")
    monkeypatch.setattr("index.sources.find_files", lambda root: (["a.md"], [unreadable]))
    plan = plan_of(catalog, site)
    assert plan.failed == (unreadable,)
    assert plan.gone == ()


def test_a_root_that_cannot_be_read_takes_no_articles_away(
    catalog: Catalog, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(catalog, site, "a.md")
    unreadable = FailedFile(path=".", reason="The folder cannot be read: Stale file handle.")
    monkeypatch.setattr("index.sources.find_files", lambda root: ([], [unreadable]))
    assert plan_of(catalog, site).gone == ()


def test_a_file_that_vanishes_while_the_folder_is_looked_at_ends_no_run(
    catalog: Catalog, site: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.sources.find_files", lambda root: (["a.md", "vanished.md"], []))
    assert "a.md" in paths_to_read(plan_of(catalog, site))
