"""Ingest reads and embeds only what changed, and says of every file what became of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_index import ONE, TWO, SmallIndex, outcomes_of, read_here

from index.errors import InputError
from index.reading import FailedFile
from index.records import IngestProgress, IngestSummary

NO_TEXT = b"\x00\xff\x00 no text"


# What a run does


def test_files_never_seen_are_new_and_indexed(index: SmallIndex) -> None:
    index.write("a.md", ONE, title="Battery")
    found = index.ingest()["a.md"]
    assert (found.outcome, found.lang, found.chunks, found.embedded) == ("new", "en", 1, 1)
    assert index.texts() == {"a.md": f"Battery\n\n{ONE}"}
    assert index.stores[1].ids() == index.catalog.chunk_ids(1)


def test_a_run_ends_with_one_summary_that_counts_its_files(index: SmallIndex) -> None:
    index.write("a.md", ONE)
    index.write("b.md", TWO, draft="true")
    events = list(index.events())
    summaries = [event for event in events if isinstance(event, IngestSummary)]
    assert summaries == [events[-1]]
    assert summaries[0].outcomes == {"new": 1, "skipped": 1}
    assert (summaries[0].chunks, summaries[0].embedded, summaries[0].dry_run) == (1, 1, False)


def test_progress_never_goes_back_and_ends_with_all_files(index: SmallIndex) -> None:
    for number in range(5):
        index.write(f"{number}.md", f"{ONE} Number {number}.")
    seen = [event for event in index.events() if isinstance(event, IngestProgress)]
    assert [event.done for event in seen] == sorted(event.done for event in seen)
    assert (seen[-1].done, seen[-1].total) == (5, 5)


def test_a_second_run_changes_nothing_and_needs_no_encoder(filled: SmallIndex) -> None:
    before = filled.state()
    filled.encoder = None  # type: ignore[assignment]
    assert outcomes_of(filled.ingest()) == {"a.md": "unchanged", "b.md": "unchanged"}
    assert filled.state() == before


def test_a_touched_file_with_the_same_content_is_unchanged(filled: SmallIndex) -> None:
    filled.touch("a.md")
    assert outcomes_of(filled.ingest()) == {"a.md": "unchanged", "b.md": "unchanged"}


def test_only_the_file_that_changed_is_read(filled: SmallIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def reading(folders: list[tuple[Path, list[str]]], **wanted: object) -> Iterator[object]:
        read.extend(path for _root, paths in folders for path in paths)
        return read_here(folders, **wanted)  # type: ignore[arg-type]

    monkeypatch.setattr("index.build.read_folders", reading)
    filled.write("a.md", f"{ONE} Twice a day.", title="Battery")
    assert outcomes_of(filled.ingest()) == {"a.md": "changed", "b.md": "unchanged"}
    assert read == ["a.md"]
    assert len(filled.words.encoded) == 1


def test_only_the_chunk_that_changed_is_embedded(index: SmallIndex) -> None:
    first = " ".join(f"The battery number {number} is charged in Brussels every day." for number in range(4))
    second = " ".join(f"The heron number {number} walks along the canal in winter." for number in range(4))
    index.write("a.md", f"## One\n\n{first}\n\n## Two\n\n{second}", title="Both")
    assert index.ingest()["a.md"].chunks == 2
    index.words.encoded.clear()
    index.write("a.md", f"## One\n\n{first}\n\n## Two\n\n{second} It is grey.", title="Both")
    found = index.ingest()["a.md"]
    assert (found.chunks, found.embedded) == (2, 1)
    assert len(index.words.encoded) == 1
    assert "It is grey." in index.words.encoded[0]


def test_texts_that_are_equal_are_embedded_once(index: SmallIndex) -> None:
    index.write("a.md", ONE, title="Battery")
    index.write("b.md", ONE, title="Battery")
    found = index.ingest()
    assert len(index.words.encoded) == 1
    assert sum(outcome.embedded for outcome in found.values()) == 1
    assert len(index.catalog.chunk_ids(1)) == 2


def test_a_deleted_file_is_gone_after_the_same_run(filled: SmallIndex) -> None:
    (filled.site / "a.md").unlink()
    assert outcomes_of(filled.ingest()) == {"a.md": "deleted", "b.md": "unchanged"}
    assert set(filled.texts()) == {"b.md"}
    assert filled.stores[1].ids() == filled.catalog.chunk_ids(1)
    assert filled.state()["unused vectors"] == 0


def test_without_pruning_a_deleted_file_stays(filled: SmallIndex) -> None:
    (filled.site / "a.md").unlink()
    assert outcomes_of(filled.ingest(prune=False)) == {"b.md": "unchanged"}
    assert set(filled.texts()) == {"a.md", "b.md"}


def test_a_moved_file_keeps_its_vectors_and_says_where_it_was(filled: SmallIndex) -> None:
    (filled.site / "a.md").rename(filled.site / "c.md")
    found = filled.ingest()
    assert outcomes_of(found) == {"c.md": "moved", "b.md": "unchanged"}
    assert (found["c.md"].reason, found["c.md"].embedded) == ("a.md", 0)
    assert filled.words.encoded == []
    assert set(filled.texts()) == {"b.md", "c.md"}


def test_of_two_equal_files_that_became_one_each_has_an_outcome(index: SmallIndex) -> None:
    index.write("a.md", ONE)
    index.write("b.md", ONE)
    index.ingest()
    (index.site / "a.md").unlink()
    (index.site / "b.md").rename(index.site / "c.md")
    found = index.ingest()
    assert found["c.md"].outcome == "moved"
    assert {found[path].outcome for path in {"a.md", "b.md"} & found.keys()} == {"deleted"}


def test_a_file_whose_content_another_known_file_took_over_is_deleted(filled: SmallIndex) -> None:
    (filled.site / "a.md").replace(filled.site / "b.md")
    assert outcomes_of(filled.ingest()) == {"a.md": "deleted", "b.md": "changed"}


def test_an_article_that_becomes_a_draft_is_removed(filled: SmallIndex) -> None:
    filled.write("a.md", ONE, title="Battery", draft="true")
    found = filled.ingest()["a.md"]
    assert found.outcome == "skipped"
    assert found.reason
    assert set(filled.texts()) == {"b.md"}
    assert filled.stores[1].ids() == filled.catalog.chunk_ids(1)


def test_a_draft_that_is_published_is_new(index: SmallIndex) -> None:
    index.write("a.md", ONE, draft="true")
    assert outcomes_of(index.ingest()) == {"a.md": "skipped"}
    assert outcomes_of(index.ingest()) == {"a.md": "skipped"}
    index.write("a.md", ONE, draft="false")
    assert outcomes_of(index.ingest()) == {"a.md": "new"}


def test_a_file_that_fails_keeps_its_old_version_and_the_run_goes_on(filled: SmallIndex) -> None:
    ids = {path: article_id for article_id, (_, path) in filled.catalog.article_ids().items()}
    (filled.site / "a.md").write_bytes(NO_TEXT)
    filled.write("b.md", "Cars.", title="Heron")
    found = filled.ingest()
    assert outcomes_of(found) == {"a.md": "failed", "b.md": "changed"}
    assert found["a.md"].article_id == ids["a.md"]
    assert found["a.md"].reason
    assert filled.texts() == {"a.md": f"Battery\n\n{ONE}", "b.md": "Heron\n\nCars."}


def test_a_file_that_failed_is_reported_again_until_it_is_mended(filled: SmallIndex) -> None:
    mended = (filled.site / "a.md").read_bytes()
    (filled.site / "a.md").write_bytes(NO_TEXT)
    filled.ingest()
    again = filled.ingest()["a.md"]
    assert (again.outcome, bool(again.reason)) == ("failed", True)
    (filled.site / "a.md").write_bytes(mended)
    assert outcomes_of(filled.ingest()) == {"a.md": "changed", "b.md": "unchanged"}
    assert filled.words.encoded == []


def test_a_file_that_failed_is_tried_again_with_every_run_though_its_content_is_the_same(
    filled: SmallIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(folders: list[tuple[Path, list[str]]], **_wanted: object) -> Iterator[object]:
        yield from (FailedFile(path=path, reason="Out of memory.") for _root, paths in folders for path in paths)

    filled.write("a.md", "Only cars now.", title="Battery")
    filled.write("c.md", "Prices.")
    with monkeypatch.context() as broken:
        broken.setattr("index.build.read_folders", failing)
        assert outcomes_of(filled.ingest()) == {"a.md": "failed", "b.md": "unchanged", "c.md": "failed"}
    assert filled.texts()["a.md"] == f"Battery\n\n{ONE}"
    assert outcomes_of(filled.ingest()) == {"a.md": "changed", "b.md": "unchanged", "c.md": "new"}
    assert filled.texts()["a.md"] == "Battery\n\nOnly cars now."


def test_another_site_url_gives_articles_new_addresses_and_embeds_nothing(filled: SmallIndex) -> None:
    assert outcomes_of(filled.ingest(site_url="https://example.org")) == {"a.md": "changed", "b.md": "changed"}
    assert filled.words.encoded == []
    assert all((article.url or "").startswith("https://example.org/") for article in filled.catalog.articles())


# What a run is given


def test_a_dry_run_writes_nothing_not_even_a_source(index: SmallIndex) -> None:
    index.write("a.md", ONE)
    assert outcomes_of(index.ingest(dry_run=True)) == {"a.md": "new"}
    assert index.summary(dry_run=True).dry_run
    assert index.catalog.sources() == {}
    assert index.catalog.current_generation() is None
    assert index.catalog.stats().last_ingest is None
    assert index.words.encoded == []


def test_a_dry_run_foretells_the_outcomes_of_the_run(filled: SmallIndex) -> None:
    filled.write("c.md", "Cars.")
    filled.write("d.md", "Prices.")
    filled.ingest()
    filled.write("a.md", f"{ONE} More.", title="Battery")
    (filled.site / "b.md").unlink()
    (filled.site / "c.md").rename(filled.site / "e.md")
    filled.write("f.md", "Not yet.", draft="true")
    (filled.site / "g.md").write_bytes(NO_TEXT)
    foretold = filled.ingest(dry_run=True)
    assert outcomes_of(foretold) == outcomes_of(filled.ingest())


def test_a_single_file_is_ingested_alone(index: SmallIndex) -> None:
    index.write("a.md", ONE)
    index.write("b.md", TWO)
    assert outcomes_of(index.ingest(index.site / "a.md")) == {"a.md": "new"}
    assert outcomes_of(index.ingest()) == {"a.md": "unchanged", "b.md": "new"}


def test_a_single_file_takes_no_other_away(filled: SmallIndex) -> None:
    (filled.site / "b.md").unlink()
    assert outcomes_of(filled.ingest(filled.site / "a.md")) == {"a.md": "unchanged"}
    assert set(filled.texts()) == {"a.md", "b.md"}


def test_a_sub_folder_of_a_known_source_prunes_within_itself_alone(index: SmallIndex) -> None:
    for path in ("a.md", "deep/b.md", "deep/c.md"):
        index.write(path, f"{ONE} In {path}.")
    index.ingest()
    (index.site / "a.md").unlink()
    (index.site / "deep/b.md").unlink()
    assert outcomes_of(index.ingest(index.site / "deep")) == {"deep/b.md": "deleted", "deep/c.md": "unchanged"}
    assert set(index.texts()) == {"a.md", "deep/c.md"}
    assert set(index.catalog.sources()) == {"site"}


def test_two_folders_of_one_name_keep_their_articles_apart(index: SmallIndex, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "site"
    other.mkdir(parents=True)
    index.write("a.md", ONE)
    (other / "a.md").write_text(TWO)
    summary = index.summary(index.site, other)
    assert summary.outcomes == {"new": 2}
    assert {source for source, _ in index.catalog.article_ids().values()} == {"site", "site-2"}
    assert index.summary(other).outcomes == {"unchanged": 1}


def test_a_path_that_is_named_twice_gives_one_outcome_per_file(index: SmallIndex) -> None:
    index.write("a.md", ONE)
    assert outcomes_of(index.ingest(index.site, index.site / "a.md")) == {"a.md": "new"}


def test_a_path_that_does_not_exist_stops_the_run_before_anything_is_written(index: SmallIndex) -> None:
    index.write("a.md", ONE)
    with pytest.raises(InputError, match="does not exist"):
        index.ingest(index.site, index.site / "nowhere")
    assert index.catalog.sources() == {}
