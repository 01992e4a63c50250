"""The catalog keeps whole articles or nothing, and gives back what it was given."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
import sqlalchemy as sa

from index.catalog import Catalog
from index.catalog_records import (
    ArticleVersion,
    FileState,
    NewChunk,
    StoredVectors,
    content_sha256,
    pack_vectors,
    unpack_vectors,
)
from index.database import writer
from index.errors import ConfigurationError
from index.records import Article, Chunk, Outcome, Span
from index.schema import METADATA


@pytest.fixture
def catalog(url: str) -> Iterator[Catalog]:
    opened = Catalog.open(url)
    opened.add_source("site", "/site")
    yield opened
    opened.close()


def state(path: str, article_id: str | None, outcome: Outcome = "new") -> FileState:
    return FileState(
        path=path,
        size=1,
        mtime_ns=2,
        sha256="0",
        site_url=None,
        article_id=article_id,
        outcome=outcome,
        reason=None,
        checked_on="2024-01-01",
        expires=None,
    )


def version(article_id: str, text: str = "One fact.", *, lang: str = "en", work: str = "work") -> ArticleVersion:
    chunk = Chunk(
        ordinal=0,
        start=0,
        end=len(text),
        text=text,
        headings=("Facts",),
        embed_text=f"Title › Facts\n{text}",
        sentences=(Span(0, len(text)),),
    )
    new = NewChunk(chunk_id=f"{article_id}-0", chunk=chunk, terms=["one", "fact"], vector_key=f"key-{text}")
    article = Article(
        path=f"{article_id}.md", work_key="k", lang=lang, title="Title", text=text, blocks=(), published="2022-12"
    )
    return ArticleVersion(
        article_id=article_id,
        work_id=work,
        article=article,
        state=state(f"{article_id}.md", article_id),
        chunks=(new,),
    )


def save(catalog: Catalog, *versions: ArticleVersion) -> list[str]:
    generation = catalog.start_generation("f", "bundled").number
    keys = [new.vector_key for one in versions for new in one.chunks]
    catalog.add_vectors({key: StoredVectors(np.ones(2, "<f2").tobytes(), b"") for key in keys})
    return catalog.save("site", versions, generation)


def test_the_migrations_make_the_tables_that_queries_name(catalog: Catalog) -> None:
    inspector = sa.inspect(catalog._engine)
    made = {name: {column["name"] for column in inspector.get_columns(name)} for name in METADATA.tables}
    assert made == {name: set(table.columns.keys()) for name, table in METADATA.tables.items()}


OLDER = """
DROP TABLE vector_tokens;
ALTER TABLE vector ADD COLUMN tokens BLOB NOT NULL DEFAULT x'';
INSERT INTO vector (vector_key, data, tokens) VALUES ('one', CAST('data' AS BLOB), CAST('tokens' AS BLOB));
INSERT INTO vector (vector_key, data, tokens) VALUES ('two', CAST('other' AS BLOB), x'');
UPDATE catalog_version SET version_num = '0001';
"""
"""What the first version of the schema held, made from the newest."""


def test_a_saved_article_is_given_back_with_its_chunks(catalog: Catalog) -> None:
    save(catalog, version("a"))
    articles, chunks = catalog.load(1)
    assert articles["a"].text == "One fact."
    assert articles["a"].content_sha256 == content_sha256("One fact.")
    assert [(chunk.chunk_id, chunk.terms) for chunk in chunks] == [("a-0", ["one", "fact"])]
    assert chunks[0].stored.prefix == len("Title › Facts\n")


def test_chunks_come_by_article_and_order_whatever_their_ids(catalog: Catalog) -> None:
    one = version("a").chunks[0]
    chunks = tuple(
        msgspec.structs.replace(
            one, chunk_id=f"id-{600 - place:03}", chunk=msgspec.structs.replace(one.chunk, ordinal=place)
        )
        for place in range(600)
    )
    save(catalog, version("b"), msgspec.structs.replace(version("a"), chunks=chunks))
    _, loaded = catalog.load(1)
    assert [chunk.chunk_id for chunk in loaded] == [*(f"id-{600 - place:03}" for place in range(600)), "b-0"]


def test_saving_again_replaces_the_chunks_and_names_the_old_ones(catalog: Catalog) -> None:
    save(catalog, version("a", "Old text."))
    assert save(catalog, version("a", "New text.")) == ["a-0"]
    articles, chunks = catalog.load(1)
    assert articles["a"].text == "New text."
    assert len(chunks) == 1


def test_a_failing_save_changes_nothing(catalog: Catalog) -> None:
    save(catalog, version("a", "Old text."))
    whole = version("b")
    twice_the_same_chunk = msgspec.structs.replace(whole, chunks=whole.chunks * 2)
    with pytest.raises(sa.exc.IntegrityError):
        save(catalog, version("a", "New text."), twice_the_same_chunk)
    articles, _ = catalog.load(1)
    assert {key: article.text for key, article in articles.items()} == {"a": "Old text."}


def test_versions_of_a_work_know_each_others_languages(catalog: Catalog) -> None:
    save(catalog, version("a"), version("b", lang="nb"), version("c", work="other"))
    other_langs = {article.article_id: article.other_langs for article in catalog.articles()}
    assert other_langs == {"a": ("nb",), "b": ("en",), "c": ()}


def test_removing_a_file_removes_its_article(catalog: Catalog) -> None:
    save(catalog, version("a"), version("b"))
    assert catalog.remove_files("site", ["a.md"]) == ["a-0"]
    assert catalog.stats().articles == 1
    assert set(catalog.files("site")) == {"b.md"}


def test_a_skipped_file_takes_its_earlier_article_away_and_a_failed_one_does_not(catalog: Catalog) -> None:
    save(catalog, version("a"), version("b"))
    assert catalog.record_files("site", [state("a.md", None, "skipped")]) == ["a-0"]
    assert catalog.record_files("site", [state("b.md", "b", "failed")]) == []
    assert set(catalog.article_ids()) == {"b"}


def test_settling_drops_only_vectors_without_chunks(catalog: Catalog) -> None:
    save(catalog, version("a"))
    catalog.add_vectors({"unused": StoredVectors(b"", b"")})
    catalog.settle()
    assert set(catalog.known_vectors(["key-One fact.", "unused"])) == {"key-One fact."}


def test_a_new_generation_serves_only_after_the_swap(catalog: Catalog) -> None:
    save(catalog, version("a"))
    second = catalog.start_generation("g", "other")
    catalog.add_chunks(second.number, {"a": version("a").chunks})
    before = catalog.current_generation()
    assert before is not None
    assert before.fingerprint == "f"
    catalog.make_current(second.number)
    after = catalog.current_generation()
    assert after is not None
    assert (after.fingerprint, after.model) == ("g", "other")
    assert catalog.chunk_ids(1) == set()
    assert catalog.chunk_ids(2) == {"a-0"}


def test_starting_a_generation_again_resumes_it(catalog: Catalog) -> None:
    assert catalog.start_generation("f", "m") == catalog.start_generation("f", "m")


def test_works_are_joined_by_shared_figures_and_parted_again(catalog: Catalog) -> None:
    figures = "In 2021: 43,866 cars, 107,000 m², 9,000 MWh, 1,881 t, 2,600 t."
    save(catalog, version("a", figures, work="a"), version("b", figures, lang="nl", work="b"))
    catalog.settle()
    assert {article.work_id for article in catalog.articles()} == {"a"}
    save(catalog, version("b", "Iets anders.", lang="nl", work="b"))
    catalog.settle()
    assert {article.work_id for article in catalog.articles()} == {"a", "b"}


def test_vectors_survive_packing_to_float16_precision() -> None:
    vectors = np.array([[0.6, -0.8], [1.0, 0.0]], np.float32)
    assert np.allclose(unpack_vectors(pack_vectors(vectors), 2), vectors, atol=1e-3)


def test_no_vectors_unpack_to_an_empty_matrix() -> None:
    assert unpack_vectors([], 4).shape == (0, 4)


def test_a_database_of_a_later_version_is_refused(catalog: Catalog, url: str) -> None:
    with writer(catalog._engine).begin() as connection:
        version = connection.scalar(sa.text("SELECT version_num FROM catalog_version"))
        connection.execute(sa.text("UPDATE catalog_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="another version"):
        Catalog.open(url)
    with writer(catalog._engine).begin() as connection:
        connection.execute(sa.text("UPDATE catalog_version SET version_num = :version"), {"version": version})


def test_an_ill_formed_database_url_is_refused_by_setting() -> None:
    with pytest.raises(ConfigurationError, match="KILDE_DATABASE_URL"):
        Catalog.open("nonsense")


def test_token_vectors_of_an_older_database_are_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'catalog.db'}"
    Catalog.open(url).close()
    with closing(sqlite3.connect(tmp_path / "catalog.db")) as connection, connection:
        connection.executescript(OLDER)
    catalog = Catalog.open(url)
    assert catalog.token_vectors(["one", "two"]) == {"one": b"tokens"}
    assert catalog.known_vectors(["one", "two"]) == {"one": b"data", "two": b"other"}
    catalog.close()
