"""A Ray cluster that was there before, with a token of its own: joined, ingested on, and left running."""

import os
import secrets
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from test_cluster import InMemory

from evals.benchmarks.scale_measures import apart
from evals.stack.programs import Program, free_port, takes_connections
from evals.torture.hashed_words import HashedWords
from index.cluster import connected, hired
from index.errors import ConfigurationError

START_S = 120
pytestmark = pytest.mark.slow


class Cluster:
    """``address`` is for machines that belong to it, ``from_elsewhere`` for others."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        port, client_port = free_port(), free_port()
        self.address, self.from_elsewhere = f"127.0.0.1:{port}", f"ray://127.0.0.1:{client_port}"
        command = [
            *(str(Path(sys.executable).with_name("ray")), "start", "--head", "--block", "--num-cpus", "2"),
            *("--node-ip-address", "127.0.0.1", "--port", str(port), "--ray-client-server-port", str(client_port)),
            *("--object-store-memory", str(256 << 20), "--include-dashboard", "false", "--temp-dir", str(folder)),
        ]
        self._program = Program("ray", command, folder, environment=environment)
        self._client_port = client_port

    def start(self) -> None:
        self._program.start()
        self._program.wait_until(
            lambda: "Ray runtime started" in self._program.said() and takes_connections(self._client_port), START_S
        )

    def stop(self) -> None:
        self._program.stop()


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    # Ray's sockets lie in the folder, and their paths may have 107 characters.
    with pytest.MonkeyPatch.context() as patch, TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as folder:
        patch.setenv("RAY_AUTH_MODE", "token")
        patch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        # How long the cluster waits for the program that it starts for each who joins from elsewhere.
        patch.setenv("RAY_CLIENT_SERVER_CHECK_CHANNEL_TIMEOUT_S", str(START_S))
        opened = Cluster(Path(folder), dict(os.environ))
        try:
            opened.start()
            yield opened
        finally:
            opened.stop()


@pytest.mark.parametrize("way", ["address", "from_elsewhere"])
def test_the_catalog_is_that_of_one_process_and_the_cluster_runs_on(cluster: Cluster, way: str, tmp_path: Path) -> None:
    address = getattr(cluster, way)
    # Each in a process of its own: Ray reads its token once. Who leaves does not take the cluster along.
    for name in ("first", "second"):
        assert apart(ingested_on, address, tmp_path / name) == (2, True, True)


def test_who_has_another_token_is_refused(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RAY_AUTH_TOKEN", secrets.token_hex(32))
    with pytest.raises(ConfigurationError, match=r"No Ray cluster can be joined .* RAY_AUTH_TOKEN"):
        apart(join, cluster.address)
    monkeypatch.undo()
    apart(join, cluster.address)  # it is there


def ingested_on(address: str, folder: Path) -> tuple[int, bool, bool]:
    """How many workers there were, and whether rows and vectors are those of one process."""
    site = folder / "site"
    site.mkdir(parents=True)
    for number in range(40):
        (site / f"{number:02}.md").write_text(f"Battery {number} is here.\n\nIt is charged at {number} volts.\n")
    one, many = InMemory(folder / "one"), InMemory(folder / "many")
    list(one.ingest(site))
    with connected(address), hired(HashedWords, HashedWords.fingerprint) as workers:
        list(many.ingest(site, workers))
        assert len(one.rows()["article"]) == 40
        return workers.count, many.rows() == one.rows(), many.stored() == one.stored()


def join(address: str) -> None:
    with connected(address):
        pass
