"""A first start, an ingest and questions reach for no network; the full run, with the model, is evals/torture."""

import subprocess
import sys
from pathlib import Path

import pytest

from evals.torture.offline import alone, why_not

INSIDE = """
import sys
from pathlib import Path
from evals.benchmarks.table import markdown
from evals.torture.offline import torture

scratch, service, site = map(Path, sys.argv[1:])
rows = list(torture(scratch, ["--ingest", str(site)], command=(sys.executable, str(service))))
print(markdown(rows))
sys.exit(len([row for row in rows if not row.met]))
"""


@pytest.mark.service
@pytest.mark.slow
def test_a_first_start_an_ingest_and_questions_reach_for_no_network(tmp_path: Path, site: Path) -> None:
    if reason := why_not():
        pytest.skip(reason)
    service = Path(__file__).with_name("small_service.py")
    command = [sys.executable, "-c", INSIDE, str(tmp_path), str(service), str(site)]
    done = subprocess.run(alone(command), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line for line in done.stdout.splitlines() if "attempts to reach a network" in line]
    assert len(rows) == 4
    assert "tried on purpose is counted | 1 |" in done.stdout
