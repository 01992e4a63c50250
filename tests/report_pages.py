"""A run with one answer of every kind, and its report as a parsed page: what the tests of the report share."""

from typing import Any

import lxml.html
import msgspec
from made_runs import REFUSAL, WORK, answer, case, citation, found, outcome, run

from evals.baseline import make_baseline
from evals.evaluation import evaluate
from evals.golden import Expect
from evals.measures import scores
from evals.records import Run
from evals.report import to_html

NUMBER = Expect(status="answered", works=(WORK,), facts=(("43,866", "43.866"),), forbidden=("12,345",))
RIGHT = outcome(case("right-en"), answer(citation("It stands there."), text="It stands there. [1]"), hits=found(WORK))
WRONG = outcome(
    case("wrong-de", lang="de", expect=NUMBER, tags=("number", "table")),
    answer(citation("Es waren 12.345 Autos.", lang="de"), text="Es waren 12.345 Autos. [1]", lang="de", confidence=0.4),
    hits=found("news/other.md", WORK),
)
RIGHT_TOO = outcome(case("too-en"), answer(citation("x")))
REFUSED = outcome(case("refused-ar", lang="ar", tags=("table",)), msgspec.structs.replace(REFUSAL, lang="ar"))
GONE = outcome(case("gone-en"))
MADE = run([RIGHT, WRONG, REFUSED, GONE], latencies_ms=((40.0,), (100.0,), (60.0,), ()))


def page(made: Run, **evaluated: Any) -> Any:
    return parsed(to_html(evaluate(made, **evaluated)))


def parsed(written: bytes) -> Any:
    return lxml.html.document_fromstring(written.decode())


def text_of(found: Any) -> str:
    """Words of all elements, apart."""
    return " ".join(" ".join(found.itertext()).split())


def by_id(document: Any, name: str) -> Any:
    (one,) = document.xpath("//*[@id=$name]", name=name)
    return one


def kept(made: Run, name: str = "spring", saved: str = "2025-03-01T00:00:00+00:00") -> Any:
    return msgspec.structs.replace(make_baseline(name, made, scores(made)), saved=saved)
