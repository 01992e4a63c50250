"""What a Chroma server may do to a search: fail once, fail for long, say nothing, ask for a token."""

import time
from collections.abc import Iterator

import numpy as np
import pytest
from chroma_server import ChromaServer
from failing_proxy import FailingProxy, failing_proxy
from test_vectors import unit_vectors

from evals.stack.programs import free_port
from index.errors import ConfigurationError, StoreGoneError
from index.server_address import ServerAddress, parse_server
from index.server_vectors import WRITE_S, ServerVectors


@pytest.fixture
def proxy(chroma_server: ChromaServer) -> Iterator[FailingProxy]:
    with failing_proxy(chroma_server.url) as opened:
        yield opened


@pytest.fixture
def address(proxy: FailingProxy, chroma_server: ChromaServer) -> ServerAddress:
    database = chroma_server.address().database
    return parse_server(f"http://127.0.0.1:{proxy.port}/?database={database}", "s3cret")


@pytest.fixture
def store(address: ServerAddress) -> Iterator[ServerVectors]:
    opened = ServerVectors(address, 1)
    opened.upsert(["a", "b"], unit_vectors(2))
    yield opened
    opened.close()


def test_a_server_that_fails_twice_is_asked_a_third_time(store: ServerVectors, proxy: FailingProxy) -> None:
    proxy.failing = 2
    assert store.query(unit_vectors(2)[0], 1)[0][0] == "a"
    assert store.is_usable


def test_a_server_that_goes_on_failing_is_left_alone(store: ServerVectors, proxy: FailingProxy) -> None:
    proxy.failing, before = 1000, len(proxy.seen)
    for _ in range(3):
        with pytest.raises(StoreGoneError):
            store.query(unit_vectors(2)[0], 1)
    assert (store.is_usable, len(proxy.seen) - before) == (False, 3)


def test_what_a_failing_server_was_to_be_given_is_left_out_without_an_error(
    store: ServerVectors, proxy: FailingProxy
) -> None:
    proxy.failing = 1000
    store.upsert(["c"], unit_vectors(1))
    store.delete(["a"])
    assert not store.is_usable


def test_a_reader_does_not_wait_for_a_silent_server(store: ServerVectors, proxy: FailingProxy) -> None:
    proxy.silent, before, began = True, len(proxy.seen), time.monotonic()
    with pytest.raises(StoreGoneError):
        store.query(unit_vectors(2)[0], 1)
    assert time.monotonic() - began < WRITE_S / 2
    assert (store.is_usable, len(proxy.seen) - before) == (False, 1)


def test_a_server_that_is_silent_from_the_start_is_given_up_too(address: ServerAddress, proxy: FailingProxy) -> None:
    proxy.silent, before, began = True, len(proxy.seen), time.monotonic()
    with pytest.raises(StoreGoneError):
        ServerVectors(address, 1)
    assert time.monotonic() - began < WRITE_S / 2
    assert len(proxy.seen) - before == 1


def test_every_request_carries_the_token(store: ServerVectors, proxy: FailingProxy) -> None:
    store.query(unit_vectors(2)[0], 1)
    assert {headers.get("x-chroma-token") for headers in proxy.seen} == {"s3cret"}


def test_a_server_that_is_not_there_is_told_by_its_address_and_without_the_token() -> None:
    nowhere = parse_server(f"http://127.0.0.1:{free_port()}", "s3cret")
    with pytest.raises(StoreGoneError, match=str(nowhere.port)) as refused:
        ServerVectors(nowhere, 1)
    assert "s3cret" not in str(refused.value)


def test_ids_are_read_page_by_page(store: ServerVectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.server_vectors.PAGE", 7)
    names = [f"c{number}" for number in range(20)]
    store.upsert(names, np.tile(unit_vectors(1), (20, 1)))
    assert store.ids() == {"a", "b", *names}


def test_only_collections_of_earlier_generations_are_dropped(address: ServerAddress, store: ServerVectors) -> None:
    newer, older = ServerVectors(address, 3), ServerVectors(address, 0)
    store._client.create_collection("somebody-elses", embedding_function=None)
    store.drop_older()
    left = {collection.name for collection in store._client.list_collections()}
    assert left == {"chunks-1", "chunks-3", "somebody-elses"}
    for opened in (newer, older):
        opened.close()


@pytest.mark.parametrize(
    ("text", "host", "port", "is_encrypted", "database"),
    [
        ("http://chroma:8001", "chroma", 8001, False, "default_database"),
        ("https://chroma.example/?database=news&tenant=t", "chroma.example", 443, True, "news"),
        ("http://[::1]", "[::1]", 8000, False, "default_database"),
    ],
)
def test_an_address_names_the_server_and_where_need_be_its_database(
    text: str, host: str, port: int, is_encrypted: bool, database: str
) -> None:
    found = parse_server(text)
    assert (found.host, found.port, found.is_encrypted, found.database) == (host, port, is_encrypted, database)


@pytest.mark.parametrize(
    "text",
    ["chroma:8000", "ftp://chroma", "http://", "http://a/api/v2", "http://a?user=b", "http://me:pass@a", "http://a:x"],
)
def test_an_address_of_another_form_is_refused_by_the_name_of_its_setting(text: str) -> None:
    with pytest.raises(ConfigurationError, match="KILDE_CHROMA_URL") as refused:
        parse_server(text)
    assert "pass" not in str(refused.value)
