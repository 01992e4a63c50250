"""Ingest ends in the state of a clean build, whatever was edited, interrupted or set to another model before."""

from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_index import ONE, TWO, SmallIndex, outcomes_of, small_index

from index.records import FileOutcome, IngestProgress

FIGURES = "43,866 cars, 107,000 m², 9,000 MWh, 1,881 t and 2,600 t."


def clean_build(index: SmallIndex, folder: Path) -> SmallIndex:
    """Another index over the same files, built in one go."""
    other = SmallIndex(folder)
    for file in sorted(path for path in index.site.rglob("*") if path.is_file()):
        copy = other.site / file.relative_to(index.site)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(file.read_bytes())
    other.ingest()
    return other


def same_as_clean(index: SmallIndex, folder: Path) -> bool:
    clean = clean_build(index, folder)
    states = index.state(), clean.state()
    clean.close()
    assert states[0] == states[1]
    return True


# Interrupted runs


def test_a_run_stopped_anywhere_is_completed_by_the_next_without_embedding_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 2)
    monkeypatch.setattr("index.embedding.ENCODE_CHUNKS", 1)
    for stop in range(1, 18, 2):
        index = small_index(tmp_path / str(stop), monkeypatch)
        for number in range(5):
            index.write(f"{number}.md", f"{ONE} Number {number}.")
        stopped = index.events()
        for _ in islice(stopped, stop):
            pass
        stopped.close()  # type: ignore[attr-defined]
        assert set(index.ingest()) == {f"{number}.md" for number in range(5)}
        assert len(index.words.encoded) == len(set(index.words.encoded)) == 5
        assert same_as_clean(index, tmp_path / str(stop) / "clean")
        index.close()


def test_what_was_reported_before_a_stop_is_kept(index: SmallIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 1)
    for number in range(3):
        index.write(f"{number}.md", f"{ONE} Number {number}.")
    stopped = index.events()
    first = next(event for event in stopped if isinstance(event, FileOutcome))
    stopped.close()  # type: ignore[attr-defined]
    assert set(index.texts()) == {first.path} == {"0.md"}
    assert outcomes_of(index.ingest()) == {"0.md": "unchanged", "1.md": "new", "2.md": "new"}


def test_a_run_stopped_after_its_last_file_still_joins_translations(index: SmallIndex, tmp_path: Path) -> None:
    index.write("factory.en.md", f"The factory stated {FIGURES}")
    index.write("fabrikken.nb.md", f"Fabrikken oppga {FIGURES}")
    stopped = index.events()
    assert len([event for event in islice(stopped, 4) if isinstance(event, FileOutcome)]) == 2
    stopped.close()  # type: ignore[attr-defined]
    index.ingest()
    assert same_as_clean(index, tmp_path / "clean")


def test_an_encoder_that_fails_half_way_loses_nothing(
    index: SmallIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.build.WINDOW_CHUNKS", 1)
    for number in range(3):
        index.write(f"{number}.md", f"{ONE} Number {number}.")
    encode = index.words.encode_passages

    def failing(texts: list[str]) -> object:
        if "Number 1." in texts[0]:
            raise MemoryError
        return encode(texts)

    with monkeypatch.context() as broken:
        broken.setattr(index.words, "encode_passages", failing)
        with pytest.raises(MemoryError):
            index.ingest()
    assert outcomes_of(index.ingest()) == {"0.md": "unchanged", "1.md": "new", "2.md": "new"}
    assert same_as_clean(index, tmp_path / "clean")


def test_the_last_version_serves_while_its_successor_is_embedded(filled: SmallIndex) -> None:
    filled.write("a.md", "Something else altogether.", title="Battery")
    stopped = filled.events()
    next(event for event in stopped if isinstance(event, IngestProgress) and event.phase == "embedding")
    stopped.close()  # type: ignore[attr-defined]
    assert filled.texts()["a.md"] == f"Battery\n\n{ONE}"
    assert filled.stores[1].ids() == filled.catalog.chunk_ids(1)


# The same as a clean build


def test_what_a_draft_left_behind_is_dropped_in_the_same_run(filled: SmallIndex, tmp_path: Path) -> None:
    filled.write("a.md", ONE, title="Battery", draft="true")
    filled.ingest()
    assert same_as_clean(filled, tmp_path / "clean")


BODIES = (ONE, TWO, f"The factory stated {FIGURES}", f"Fabrikken oppga {FIGURES}")
EDITS = st.lists(
    st.tuples(
        st.sampled_from(("write", "draft", "delete", "move", "run", "stop")),
        st.integers(0, 2),
        st.integers(0, len(BODIES) - 1),
    ),
    max_size=8,
)
PATHS = ("a.md", "b.nb.md", "deep/c.md")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=EDITS)
def test_any_edits_and_runs_end_in_the_state_of_a_clean_build(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, edits: list[tuple[str, int, int]]
) -> None:
    folder = tmp_path_factory.mktemp("edits")
    index = small_index(folder, monkeypatch)
    for path, text in zip(PATHS, BODIES, strict=False):
        index.write(path, text)
    index.ingest()
    for what, file, body in edits:
        edit(index, what, PATHS[file], body)
    index.ingest()
    assert same_as_clean(index, folder / "clean")
    index.close()


def edit(index: SmallIndex, what: str, path: str, body: int) -> None:
    file = index.site / path
    if what == "write":
        index.write(path, BODIES[body])
    elif what == "draft":
        index.write(path, BODIES[body], draft="true")
    elif what == "delete":
        file.unlink(missing_ok=True)
    elif what == "move" and file.exists():
        file.replace(index.site / PATHS[(PATHS.index(path) + 1) % 2])
    elif what == "run":
        index.ingest()
    elif what == "stop":
        for _ in islice(index.events(), body + 1):
            pass


# Generations


def test_another_model_rebuilds_everything_and_drops_the_old_vectors(filled: SmallIndex) -> None:
    filled.write("c.md", "Cars.")
    filled.ingest(model="other")
    generation = filled.catalog.current_generation()
    assert generation is not None
    assert (generation.number, generation.model) == (2, "other")
    assert len(filled.words.encoded) == 3
    assert len(filled.catalog.chunk_ids(2)) == 3
    assert filled.stores[2].ids() == filled.catalog.chunk_ids(2)
    assert filled.state()["unused vectors"] == 0


def test_another_model_is_taken_up_even_where_no_file_changed(filled: SmallIndex) -> None:
    assert outcomes_of(filled.ingest(model="other")) == {"a.md": "unchanged", "b.md": "unchanged"}
    generation = filled.catalog.current_generation()
    assert generation is not None
    assert generation.model == "other"


def test_two_models_of_one_publisher_share_no_vectors(filled: SmallIndex) -> None:
    list(filled.indexer("publisher/small").rebuild())
    filled.words.encoded.clear()
    list(filled.indexer("publisher/large").rebuild())
    assert len(filled.words.encoded) == 2


def test_a_rebuild_for_the_same_model_does_nothing(filled: SmallIndex) -> None:
    assert list(filled.indexer().rebuild()) == []
    assert filled.words.encoded == []


def test_the_old_generation_serves_until_the_swap(filled: SmallIndex) -> None:
    before = filled.state()
    rebuilding = filled.indexer("other").rebuild()
    next(rebuilding)
    next(rebuilding)
    assert filled.state() | {"unused vectors": 0} == before
    for _ in rebuilding:
        pass
    after = filled.catalog.current_generation()
    assert after is not None
    assert after.model == "other"


def test_a_rebuild_that_was_stopped_goes_on_where_it_was(filled: SmallIndex, tmp_path: Path) -> None:
    rebuilding = filled.indexer("other").rebuild()
    next(rebuilding)
    next(rebuilding)
    rebuilding.close()  # type: ignore[attr-defined]
    encoded = len(filled.words.encoded)
    list(filled.indexer("other").rebuild())
    assert encoded == 2
    assert len(filled.words.encoded) == 2
    assert filled.stores[2].ids() == filled.catalog.chunk_ids(2)


def test_a_file_that_changes_between_two_halves_of_a_rebuild_is_built_in_its_new_form(filled: SmallIndex) -> None:
    rebuilding = filled.indexer("other").rebuild()
    next(rebuilding)
    next(rebuilding)
    rebuilding.close()  # type: ignore[attr-defined]
    filled.write("a.md", "Only cars now.", title="Battery")
    filled.ingest()
    filled.ingest(model="other")
    list(filled.indexer("other").rebuild())
    articles, chunks = filled.catalog.load(2)
    texts = {articles[c.article_id].text[c.stored.start : c.stored.end] for c in chunks}
    assert texts == {"Battery\n\nOnly cars now.", f"Heron\n\n{TWO}"}
