"""``python -m evals.benchmarks``: one benchmark that fails neither stops the others nor goes unnoticed."""

import sys
from collections.abc import Callable

import pytest

from evals.benchmarks import __main__ as benchmarks


def breaks() -> None:
    raise RuntimeError("The disk is full.")


def is_not_installed() -> int:
    return 3


def leaves() -> None:
    sys.exit("No articles.")


def works() -> None:
    sys.stdout.write("12 ms\n")


def ran(monkeypatch: pytest.MonkeyPatch, **known: Callable[[], object]) -> int:
    monkeypatch.setattr(benchmarks, "benchmarks", lambda: known)
    monkeypatch.setattr(sys, "argv", sys.argv)
    return benchmarks.run([])


def test_the_rest_runs_and_what_failed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(monkeypatch, one=breaks, two=is_not_installed, three=leaves, four=works) == 1
    shown = capsys.readouterr()
    assert shown.out.endswith("## four\n12 ms\n")
    assert shown.err.endswith("Failed: one (RuntimeError), two (3), three (No articles.).\n")
    assert "The disk is full." in shown.err


def test_nothing_is_named_where_all_went_well(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ran(monkeypatch, one=works, fit_two=breaks) == 0
    assert capsys.readouterr().err == ""
