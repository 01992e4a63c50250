"""The measurement of what Slack delivers, in small: it runs, and nothing is missed."""

import pytest

from evals.benchmarks import slack_delivery


@pytest.mark.service
def test_a_few_events_are_each_answered_once_and_no_forged_one(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(slack_delivery, "FORGED", 20)
    monkeypatch.setattr(slack_delivery, "ACKNOWLEDGED_MS", 10_000)  # on a machine that does other things too
    slack_delivery.main(["--events", "12", "--pause-s", "0.2"])
    printed = capsys.readouterr().out
    assert "| events answered | 12 | 12 | met |" in printed
    assert "| answers of 13000 characters delivered whole, of 5 | 5 | 5 | met |" in printed
    assert "missed" not in printed
