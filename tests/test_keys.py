"""Keys: shown once, kept as a hash, in force until their time is over or they are revoked, counted by themselves."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from keyed_service import KeyedService, bearer
from litestar.testing import TestClient

from rag.api.app import build_app
from rag.api.counting import MemoryCounters
from rag.api.stores import Stores
from rag.cli import run
from rag.errors import InputError, NotFoundError
from rag.keys import SCOPES, KeyStore, looks_like_key


@pytest.fixture
def store(url: str) -> Iterator[KeyStore]:
    opened = KeyStore.open(url)
    yield opened
    opened.close()


def search(client: TestClient[Any], key: str) -> int:
    return client.post("/v1/search", json={"query": "a"}, headers=bearer(key)).status_code


def test_a_key_is_found_by_its_text_and_by_nothing_else(store: KeyStore) -> None:
    made = store.add("newsroom", ("ask",))
    assert store.find(made.text) == made.key
    changed = made.text[:-1] + ("A" if made.text[-1] != "A" else "B")
    for text in (changed, made.text[:-1], made.key.key_id, f"kilde_{made.key.key_id}_", "kilde_", "", "kilde__"):
        assert store.find(text) is None


def test_nothing_of_a_secret_is_on_disk(tmp_path: Path) -> None:
    store = KeyStore.open(f"sqlite:///{tmp_path / 'kilde.db'}")
    secret = store.add("newsroom", ("ask",)).text.split("_", 2)[2].encode()
    store.close()
    assert len(secret) == 43
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert any(b"newsroom" in content for content in files)
    assert not any(secret in content for content in files)


def test_a_key_is_over_at_its_time(url: str) -> None:
    service = KeyedService(url)
    made = service.keys.add("short", ("ask",), days=1)
    service.clock += timedelta(hours=23, minutes=59)
    assert service.keys.find(made.text) == made.key
    service.clock += timedelta(minutes=1)
    assert service.keys.find(made.text) is None
    service.close()


def test_a_revoked_key_stays_listed_and_opens_nothing(store: KeyStore) -> None:
    made = store.add("newsroom", ("ask",))
    revoked = store.revoke(made.key.key_id)
    assert revoked.revoked_at is not None
    assert store.find(made.text) is None
    assert store.all() == (revoked,)
    assert store.revoke(made.key.key_id) == revoked


def test_what_is_no_key_cannot_be_revoked(store: KeyStore) -> None:
    with pytest.raises(NotFoundError, match="kilde keys list"):
        store.revoke("0badc0de")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"scopes": ()}, "scope"),
        ({"scopes": ("all",)}, "scope"),
        ({"name": " "}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"days": 0}, "days"),
        ({"days": 3651}, "days"),
        ({"rate": "fast"}, "rate"),
    ],
)
def test_what_makes_no_key_is_refused_by_name(fields: dict[str, Any], param: str, store: KeyStore) -> None:
    with pytest.raises(InputError) as refused:
        store.add(**{"name": "newsroom", "scopes": ("ask",)} | fields)
    assert refused.value.param == param
    assert store.all() == ()


def test_a_key_is_revoked_while_the_service_runs(url: str) -> None:
    service, beside = KeyedService(url), KeyStore.open(url)
    made = service.keys.add("newsroom", ("ask",))
    with TestClient(service.app()) as client:
        assert search(client, made.text) == 200
        beside.revoke(made.key.key_id)
        assert search(client, made.text) == 401
    beside.close()
    service.close()


def test_a_key_is_counted_by_itself_at_its_own_rate(url: str) -> None:
    service = KeyedService(url, rate_limit="1/day")
    fast, plain = (service.keys.add("a", ("ask",), rate=rate).text for rate in ("3/day", None))
    with TestClient(service.app()) as client:
        assert [search(client, fast) for _ in range(4)] == [200, 200, 200, 429]
        assert [search(client, plain) for _ in range(2)] == [200, 429]
        assert client.post("/v1/search", json={"query": "a"}).status_code == 200
    service.close()


def test_keys_cannot_be_tried_one_after_another(url: str) -> None:
    service = KeyedService(url, rate_limit="2/day")
    with TestClient(service.app()) as client:
        assert [search(client, f"kilde_0badc0de_{n}") for n in range(4)] == [401, 401, 429, 429]
    service.close()


def test_two_processes_that_share_counters_share_the_limit(url: str) -> None:
    service, stores = KeyedService(url, rate_limit="3/day"), Stores(counters=MemoryCounters())
    with (
        TestClient(build_app(service.backend, stores=stores)) as one,
        TestClient(build_app(service.backend, stores=stores)) as two,
    ):
        tried = [client.post("/v1/search", json={"query": "a"}).status_code for client in (one, two, one, two, one)]
    service.close()
    assert tried == [200, 200, 200, 429, 429]


def test_other_programs_keys_are_read_over() -> None:
    assert not any(looks_like_key(text) for text in ("sk-123", "any", "", "Kilde_x", "kilde_" + "x" * 200))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KILDE_DATA_DIR", str(tmp_path / "data"))
    return tmp_path / "data"


def test_the_command_shows_a_key_once(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run(["keys", "add", "newsroom", "--scope", "ask", "--scope", "ingest", "--days", "30"]) == 0
    made = capsysbinary.readouterr()
    text = made.out.decode().strip()
    store = KeyStore.open(f"sqlite:///{folder / 'conversations.db'}")
    key = store.find(text)
    assert key is not None
    assert (key.name, key.scopes) == ("newsroom", ("ask", "ingest"))
    assert b"the only time the key is shown" in made.err
    assert run(["keys", "list"]) == 0
    listed = capsysbinary.readouterr().out.decode()
    assert listed.split("\t")[0] == key.key_id
    assert text.split("_", 2)[2] not in listed
    assert run(["keys", "revoke", key.key_id]) == 0
    assert store.find(text) is None
    store.close()
    assert run(["keys", "list", "--json"]) == 0
    (told,) = json.loads(capsysbinary.readouterr().out.splitlines()[-1])
    assert told["revoked_at"] is not None
    assert "secret_sha256" not in told


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("args", "code"),
    [(["add", "a", "--scope", "all"], 3), (["add", "a"], 3), (["revoke", "0badc0de"], 1)],
)
def test_the_command_leaves_with_the_code_of_what_was_wrong(args: list[str], code: int) -> None:
    assert run(["keys", *args]) == code


def test_scopes_are_those_of_the_docs() -> None:
    page = (Path(__file__).parent.parent / "docs" / "deployment.md").read_text("utf-8")
    assert all(f"| `{scope}` |" in page for scope in SCOPES)


def test_a_database_from_before_keys_is_brought_up_to_date(url: str) -> None:
    KeyStore.open(url).close()
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        for later in ("keys", "erased"):
            connection.execute(sa.text(f"DROP TABLE {later}"))
        connection.execute(sa.text("ALTER TABLE conversations DROP COLUMN owner"))
        connection.execute(sa.text("INSERT INTO conversations VALUES ('c1', '2024-01-01')"))
        connection.execute(sa.text("UPDATE conversations_version SET version_num = '0003'"))
    engine.dispose()
    service = KeyedService(url)
    assert service.conversations.get("c1") is not None
    service.close()
