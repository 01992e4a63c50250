"""``python -m evals.benchmarks`` or ``evals.torture``: what fails neither stops the others nor goes unnoticed."""

import sys
from collections.abc import Callable

import pytest

from evals.benchmarks.in_a_row import mains, run
from evals.benchmarks.kept import BENCHMARKS


def breaks() -> None:
    raise RuntimeError("The disk is full.")


def is_not_installed() -> int:
    return 3


def leaves() -> None:
    sys.exit("No articles.")


def works() -> None:
    sys.stdout.write("12 ms\n")


def ran(monkeypatch: pytest.MonkeyPatch, **known: Callable[[], object]) -> int:
    monkeypatch.setattr(sys, "argv", sys.argv)
    return run(known, BENCHMARKS, [], unless_named="fit_")


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


def test_a_name_that_is_none_is_refused_with_those_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert run({"one": works}, BENCHMARKS, ["two"]) == 3
    assert capsys.readouterr().err == "No module: two. There are: one.\n"


def test_every_module_with_a_main_is_known_by_its_name() -> None:
    assert {"crash", "faults", "files", "fuzz", "load", "soak", "streams"} <= mains("evals.torture").keys()
