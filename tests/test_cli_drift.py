"""``kilde drift``: translations that disagree, as a table and as JSON."""

import json
from pathlib import Path

import msgspec
import pytest
from fake_backend import DRIFT
from fake_runtime import installed

from rag.cli import run
from rag.cli_drift import drift_table
from rag.drift_records import DriftReport


def test_a_disagreement_is_a_block_with_aligned_columns_and_the_newest_marked() -> None:
    assert drift_table(DRIFT).plain == (
        "The harbour bridge\n"
        "  4,200  2022-12  newest  en  city/bridge.md     It carries 4,200 cyclists a day.\n"
        "  3.100  2019             nl  city/bridge.nl.md  Zij draagt er 3.100 per dag.\n"
        "\n"
        "1 disagreement in 1 work with several versions"
    )


def test_without_disagreements_only_the_works_are_counted() -> None:
    assert drift_table(DriftReport(works=2, drifts=())).plain == "0 disagreements in 2 works with several versions"


def test_a_long_passage_is_cut_around_its_figure_and_control_characters_are_shown() -> None:
    (drift,) = DRIFT.drifts
    said = msgspec.structs.replace(drift.statements[0], passage="word " * 40 + "4,200 \x1b[31m" + " word" * 40)
    changed = msgspec.structs.replace(drift, statements=(said,))
    shown = drift_table(DriftReport(works=1, drifts=(changed,))).plain
    assert "  …" in shown
    assert "4,200 \ufffd[31m word" in shown
    assert "\x1b" not in shown
    assert max(map(len, shown.splitlines())) < 140


def test_the_command_prints_the_table_or_one_line_of_json(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    installed(monkeypatch, tmp_path)
    assert run(["drift"]) == 0
    assert capsysbinary.readouterr().out.startswith(b"The harbour bridge\n  4,200")
    assert run(["drift", "--json"]) == 0
    assert json.loads(capsysbinary.readouterr().out)["drifts"][0]["newest"] == "a1"
