"""Services and ingests of ``small_service.py`` in processes of their own, as they are run.

In: a data folder and settings, by their variables; no other setting of the caller reaches them. Out: a service, stopped
in the end, whose log lies beside its data folder; what an ingest printed. Fails where a service does not get ready or
an ingest does not succeed.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

KILDE = (sys.executable, str(Path(__file__).with_name("small_service.py")))


def environment(data: Path, settings: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("KILDE_")}
    return {**own, **settings, "KILDE_DATA_DIR": str(data)}


@contextmanager
def begun(data: Path, settings: Mapping[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    """A service that may not be ready yet."""
    with (data.parent / f"{data.name}.log").open("w") as log:
        process = subprocess.Popen(
            [*KILDE, "serve", "--host", "127.0.0.1", "--port", "0", *options],
            env=environment(data, settings),
            cwd=data.parent,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=20)


def address_of(process: subprocess.Popen[str]) -> str:
    """Once it is ready."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("Kilde is ready at "):
            return line.split()[4]
    pytest.fail("the service did not get ready")


@contextmanager
def serving(data: Path, settings: Mapping[str, str]) -> Iterator[str]:
    """Its address."""
    with begun(data, settings) as process:
        yield address_of(process)


def ingest(data: Path, settings: Mapping[str, str], site: Path) -> str:
    """By the service of the data folder, where one runs."""
    command = [*KILDE, "ingest", str(site)]
    done = subprocess.run(
        command, env=environment(data, settings), cwd=data.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
