"""The real gate over the golden questions: it holds for the code as it is, and no more once that code cites wrongly."""

from collections.abc import Iterator
from pathlib import Path

import anyio
import msgspec
import pytest

import rag.citing
from evals.baseline import load_baselines
from evals.evaluation import evaluate
from evals.formats.json import to_json
from evals.fresh import open_fresh
from evals.gate import Check, hold, load_gate
from evals.measures import scores
from evals.run import ask_system
from evals.suite import Suite, load_suite
from rag.candidates import Candidate
from rag.records import CitationSource
from rag.runtime import Runtime
from rag.settings import Settings

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(1200)]


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite("golden")


@pytest.fixture(scope="module")
def over_sample_articles(suite: Suite, model_dir: Path) -> Iterator[Runtime]:
    with open_fresh([suite.corpus], Settings(model_dir=str(model_dir))) as opened:
        yield opened


def checks(suite: Suite, runtime: Runtime) -> tuple[Check, ...]:
    run = anyio.run(ask_system, suite, runtime).run
    assert [outcome.error for outcome in run.outcomes if outcome.error] == []
    newest = load_baselines(suite.baselines, suite.name)[-1]
    return hold(load_gate(suite.gate), run, scores(run), newest)


def differing(one: object, other: object, at: str = "") -> dict[str, tuple[object, object]]:
    """What two JSON values hold at the places where they differ: all bytes of both would hide it."""
    if isinstance(one, dict) and isinstance(other, dict):
        pairs = {key: (one.get(key), other.get(key)) for key in sorted(one.keys() | other.keys())}
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        pairs = {str(place): both for place, both in enumerate(zip(one, other, strict=True))}
    else:
        return {} if one == other else {at: (one, other)}
    return {place: both for key in pairs for place, both in differing(*pairs[key], f"{at}/{key}").items()}


def test_two_runs_over_two_indexes_are_equal_in_every_byte_but_their_timing(
    suite: Suite, over_sample_articles: Runtime, model_dir: Path
) -> None:
    some = msgspec.structs.replace(suite, cases=suite.cases[::6])
    with open_fresh([suite.corpus], Settings(model_dir=str(model_dir))) as built_again:
        one, other = (anyio.run(ask_system, some, runtime).run for runtime in (over_sample_articles, built_again))
    written, again = (msgspec.json.decode(to_json(evaluate(run))) for run in (one, other))
    assert written.pop("timing") != again.pop("timing")
    assert [outcome["error"] for outcome in written["outcomes"] if outcome["error"]] == []
    assert differing(written, again) == {}
    assert msgspec.json.encode(written) == msgspec.json.encode(again)


def test_the_gate_holds_until_offsets_of_citations_are_off_by_one(
    suite: Suite, over_sample_articles: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [check.rule for check in checks(suite, over_sample_articles) if not check.holds] == []
    sound = rag.citing.citation_source

    def off_by_one(candidate: Candidate) -> CitationSource:
        source = sound(candidate)
        return msgspec.structs.replace(source, start=source.start + 1, end=source.end + 1)

    monkeypatch.setattr(rag.citing, "citation_source", off_by_one)
    failing = {check.rule for check in checks(suite, over_sample_articles) if not check.holds}
    assert "quote_exactness of all ≥ 1" in failing
    assert "right of all ≥ 0.47" in failing
