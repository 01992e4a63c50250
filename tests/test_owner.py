"""The lock on a data folder, with real processes."""

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.errors import BusyError, ConfigurationError
from rag.owner import LOCK_FILE, RECORD_FILE, Owner, ServiceAddress, current_owner, running_service

HOLDER = """
import sys, time
from pathlib import Path
from rag.owner import Owner
owner = Owner.acquire(Path(sys.argv[1]))
if len(sys.argv) > 2:
    owner.publish(sys.argv[2])
print("held", flush=True)
time.sleep(60)
"""


@contextmanager
def holder(data_dir: Path, *url: str) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns ``data_dir``, and serves at ``url`` if one is given."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(data_dir), *url], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_free_folder_has_no_service_and_is_left_untouched(tmp_path: Path) -> None:
    assert running_service(tmp_path / "none") is None
    assert not (tmp_path / "none").exists()


def test_acquiring_creates_the_folder(tmp_path: Path) -> None:
    with Owner.acquire(tmp_path / "deep" / "data"):
        assert (tmp_path / "deep" / "data" / LOCK_FILE).exists()


def test_an_owner_that_does_not_serve_is_no_service(tmp_path: Path) -> None:
    with Owner.acquire(tmp_path):
        assert running_service(tmp_path) is None
        owner = current_owner(tmp_path)
        assert owner is not None
        assert (owner.pid, owner.url) == (os.getpid(), None)


def test_a_published_address_is_found_with_its_token(tmp_path: Path) -> None:
    with Owner.acquire(tmp_path) as owner:
        owner.publish("http://127.0.0.1:9")
        found = running_service(tmp_path)
        assert found == ServiceAddress(url="http://127.0.0.1:9", token=owner.token, pid=os.getpid())
        assert len(owner.token) >= 32


def test_each_owner_has_its_own_token(tmp_path: Path) -> None:
    with Owner.acquire(tmp_path) as first:
        pass
    with Owner.acquire(tmp_path) as second:
        assert first.token != second.token


def test_only_its_own_user_may_read_the_record(tmp_path: Path) -> None:
    with Owner.acquire(tmp_path) as owner:
        assert stat.S_IMODE((tmp_path / RECORD_FILE).stat().st_mode) == 0o600
        owner.publish("http://127.0.0.1:9")
        assert stat.S_IMODE((tmp_path / RECORD_FILE).stat().st_mode) == 0o600


def test_releasing_removes_the_record_and_may_be_repeated(tmp_path: Path) -> None:
    owner = Owner.acquire(tmp_path)
    owner.release()
    owner.release()
    assert not (tmp_path / RECORD_FILE).exists()
    with Owner.acquire(tmp_path):
        pass


def test_a_second_owner_is_refused_with_the_pid_and_the_way_out(tmp_path: Path) -> None:
    with holder(tmp_path) as other, pytest.raises(BusyError) as refusal:
        Owner.acquire(tmp_path)
    assert f"Process {other.pid} " in str(refusal.value)
    assert "KILDE_DATA_DIR" in str(refusal.value)


def test_a_second_owner_beside_a_service_is_told_its_address(tmp_path: Path) -> None:
    with holder(tmp_path, "http://127.0.0.1:9") as other, pytest.raises(BusyError) as refusal:
        Owner.acquire(tmp_path)
    assert f"Process {other.pid} serves {tmp_path} at http://127.0.0.1:9" in str(refusal.value)


def test_a_service_of_another_process_is_found(tmp_path: Path) -> None:
    with holder(tmp_path, "http://127.0.0.1:9") as other:
        found = running_service(tmp_path)
    assert found is not None
    assert (found.url, found.pid) == ("http://127.0.0.1:9", other.pid)


def test_a_killed_owner_leaves_the_folder_free(tmp_path: Path) -> None:
    with holder(tmp_path, "http://127.0.0.1:9") as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        assert (tmp_path / RECORD_FILE).exists()
        assert running_service(tmp_path) is None
        with Owner.acquire(tmp_path) as owner:
            assert running_service(tmp_path) is None
            owner.publish("http://127.0.0.1:10")
            found = running_service(tmp_path)
            assert found is not None
            assert found.url == "http://127.0.0.1:10"


def test_a_damaged_record_of_a_live_owner_names_no_service(tmp_path: Path) -> None:
    with Owner.acquire(tmp_path):
        (tmp_path / RECORD_FILE).write_text(json.dumps({"pid": 1}))
        assert running_service(tmp_path) is None
        with pytest.raises(BusyError, match="Another process owns"):
            Owner.acquire(tmp_path)


def test_a_data_folder_that_is_a_file_is_a_matter_of_settings(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    with pytest.raises(ConfigurationError, match="KILDE_DATA_DIR"):
        Owner.acquire(tmp_path / "data")
