"""A store that is damaged or was not closed is made sound again from the catalog, in a child process."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from many_vectors import DIM, many_vectors

from evals.torture.mutations import MUTATIONS, damage
from index.catalog import Catalog
from index.derived import filled_store, inspect_store, report
from index.mending import MOST_UNCLOSED, Mender, Order
from index.seal import break_seal, is_sealed, seal
from index.vectors import ChromaVectors

CHUNKS = 1200
"""Chroma writes its index to files of its own from 1,000 on."""

PARENT = """
import subprocess, sys, time
CHILD = '''
import threading, time
from index import mending
threading.Thread(target=mending._leave_with_parent, daemon=True).start()
print("started", flush=True)
time.sleep(60)
'''
child = subprocess.Popen([sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.fixture(scope="module")
def closed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("closed")
    with many_vectors(folder, CHUNKS) as catalog:
        filled_store(catalog, folder / "chroma", 1, DIM).close()
    seal(folder / "chroma")
    return folder


@pytest.fixture
def data(closed_once: Path, tmp_path: Path) -> Path:
    """A catalog with a store that was closed."""
    shutil.copytree(closed_once, tmp_path / "data")
    return tmp_path / "data"


@pytest.fixture
def catalog(data: Path) -> Iterator[Catalog]:
    with closing(Catalog.open(f"sqlite:///{data / 'catalog.db'}")) as opened:
        yield opened


def order(data: Path) -> Order:
    return Order(catalog_url=f"sqlite:///{data / 'catalog.db'}", folder=str(data / "chroma"), generation=1, dim=DIM)


def made_at(data: Path) -> int:
    """When the store's files were last put there."""
    return (data / "chroma").stat().st_ino


@pytest.mark.parametrize(("name", "way"), MUTATIONS)
def test_every_damage_is_seen_before_chroma_reads_it(data: Path, name: str, way: Callable[[Path], None]) -> None:
    assert is_sealed(data / "chroma")
    damage(data / "chroma", name, way)
    assert not is_sealed(data / "chroma")


@pytest.mark.parametrize(("name", "way"), MUTATIONS[::5])
def test_a_damaged_store_is_mended_and_sealed(
    data: Path, catalog: Catalog, name: str, way: Callable[[Path], None]
) -> None:
    before = made_at(data)
    damage(data / "chroma", name, way)
    assert Mender().mend(order(data))
    assert (is_sealed(data / "chroma"), made_at(data) != before) == (True, True)
    found = inspect_store(catalog, data / "chroma")
    assert found is not None
    assert (found.chunks, found.missing, found.stale, found.lost) == (CHUNKS, 0, 0, 0)


def test_a_store_that_was_not_closed_but_is_sound_is_kept(data: Path) -> None:
    before = made_at(data)
    break_seal(data / "chroma")
    assert Mender().mend(order(data))
    assert (is_sealed(data / "chroma"), made_at(data)) == (True, before)


def test_a_store_that_lacks_chunks_is_filled_anew(data: Path, catalog: Catalog) -> None:
    store = ChromaVectors(data / "chroma", 1)
    store.delete(sorted(store.ids())[:3])
    store.close()
    assert Mender().mend(order(data))
    opened = ChromaVectors(data / "chroma", 1)
    assert report(catalog, opened, 1).missing == 0
    opened.close()


def test_a_store_that_was_open_at_two_crashes_in_a_row_is_not_asked_again(data: Path) -> None:
    before = made_at(data)
    for _ in range(MOST_UNCLOSED):
        break_seal(data / "chroma")
    assert Mender().mend(order(data))
    assert (is_sealed(data / "chroma"), made_at(data) != before) == (True, True)


def test_a_store_that_kills_whoever_reads_it_is_filled_anew(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import os, index.mending as mending\n"
        "mending.audit = lambda order: os.kill(os.getpid(), 11)\n"
        "import sys; mending.main(sys.argv[1:])\n"
    )
    monkeypatch.setattr("index.mending.CHILD", (sys.executable, "-c", code))
    before = made_at(data)
    break_seal(data / "chroma")
    assert Mender().mend(order(data))
    assert (is_sealed(data / "chroma"), made_at(data) != before) == (True, True)


def test_a_mender_that_is_stopped_mends_no_more(data: Path) -> None:
    mender = Mender()
    mender.stop()
    break_seal(data / "chroma")
    assert mender.mend(order(data)) is False
    assert not is_sealed(data / "chroma")


def test_a_store_that_cannot_be_written_is_not_mended_and_no_error(data: Path) -> None:
    (data / "chroma.seal.new").mkdir()
    shutil.rmtree(data / "chroma")
    assert Mender().mend(order(data)) is False


def test_a_child_leaves_with_its_parent(data: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 20
    while is_running(child):
        assert time.monotonic() < deadline, "the child has outlived its parent"
        time.sleep(0.05)


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:1]


def test_the_vectors_of_a_mended_store_are_those_of_the_catalog(data: Path, catalog: Catalog) -> None:
    shutil.rmtree(data / "chroma")
    assert Mender().mend(order(data))
    store = ChromaVectors(data / "chroma", 1)
    chunk_id, packed = next(iter(catalog.chunk_vectors(1, sorted(store.ids())[:1]).items()))
    assert store.query(np.frombuffer(packed, "<f2").astype(np.float32), 1)[0][0] == chunk_id
    store.close()
