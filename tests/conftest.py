"""What all tests share: where the unpacked model lies, what several files start from, no skip unseen in CI.

Fixtures import what they are made of when they are used, so that a test waits for no library it does without.
"""

import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from small_suite import SmallSystem

REPOSITORY = Path(__file__).resolve().parent.parent
SKIPS_ALLOWED_IN_CI = "../shared"


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The folder in which the bundled model is unpacked, once for all runs; the same one as ``make serve`` uses."""
    return Path(os.environ.get("KILDE_MODEL_DIR") or REPOSITORY / ".kilde" / "models")


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> "SmallSystem":
    """What ``kilde eval`` asks in this process."""
    from small_suite import SmallSystem

    system = SmallSystem()
    monkeypatch.setattr("evals.fresh.open_runtime", lambda settings: system)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KILDE_DATA_DIR", str(tmp_path / "data"))
    return system


@pytest.fixture
def suite(system: "SmallSystem", tmp_path: Path) -> str:
    """Checked against its articles, which the system has."""
    from small_suite import accepted

    return accepted(tmp_path)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if os.environ.get("CI") and report.skipped:
        refuse_skip(report)
    return report


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Makes a failure of a skip, unless it is for want of the articles that lie beside the repository."""
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if SKIPS_ALLOWED_IN_CI not in reason:
        report.outcome = "failed"
        report.longrepr = f"{reason} (in CI nothing may be skipped but what waits for {SKIPS_ALLOWED_IN_CI})"
