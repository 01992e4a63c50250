"""What all tests share: where the unpacked model lies, and that nothing is skipped unseen in CI."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SKIPS_ALLOWED_IN_CI = "../shared"


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The folder in which the bundled model is unpacked, once for all runs; the same one as ``make serve`` uses."""
    return Path(os.environ.get("KILDE_MODEL_DIR") or REPOSITORY / ".kilde" / "models")


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
