"""A served process neither logs nor keeps what readers say once it is erased; the full run is evals/torture."""

import sys
from pathlib import Path

import pytest

from evals.torture.canaries import canaries, hits
from evals.torture.privacy import torture

SERVICE = (sys.executable, str(Path(__file__).with_name("small_service.py")))


@pytest.mark.service
@pytest.mark.slow
def test_nothing_that_was_said_is_logged_or_left_after_it_is_erased(tmp_path: Path, site: Path) -> None:
    rows = list(torture(tmp_path, ["--ingest", str(site)], 4, SERVICE))
    assert [row for row in rows if not row.met] == []
    assert len(rows) == 7


def test_a_canary_is_found_wherever_it_is(tmp_path: Path) -> None:
    one, other, none = canaries(3)
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.bin").write_bytes(b"\0" + one.encode() + b"\0")
    (tmp_path / "b.bin").write_bytes(other.encode("utf-16-le"))
    assert hits([one, other, none], [tmp_path]) == {
        str(tmp_path / "deep" / "a.bin"): {one},
        str(tmp_path / "b.bin"): {other},
    }
