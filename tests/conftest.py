"""What all tests share: where the unpacked model lies, and that nothing is skipped unseen in CI."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SKIPS_ALLOWED_IN_CI = "needs ../shared"


@pytest.fixture(scope="session")
def model_dir() -> Path:
    """The folder in which the bundled model is unpacked, once for all runs; the same one as ``make serve`` uses."""
    return Path(os.environ.get("KILDE_MODEL_DIR") or REPOSITORY / ".kilde" / "models")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if os.environ.get("CI") and report.skipped and not hasattr(report, "wasxfail"):
        _, _, reason = report.longrepr
        if not reason.removeprefix("Skipped: ").startswith(SKIPS_ALLOWED_IN_CI):
            report.outcome = "failed"
            report.longrepr = f"{reason}: in CI nothing may be skipped but what {SKIPS_ALLOWED_IN_CI}"
    return report
