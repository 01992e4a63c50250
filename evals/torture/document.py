"""``python -m evals.torture.document``: requests made from the OpenAPI document, and whether each answer keeps to it.

In: the sample articles, served from a temporary folder; how many requests (10,000). Out: a goal table, then machine and
versions; each failure with the request that shows it. Half of the requests keep to the document, half break it in one
place; a broken one that is accepted is a mismatch too. Not asked with an admin's rights is ``POST /v1/admin/ingest``,
which would read the folders that chance names; the tests do that where nothing is read. Refuses nothing.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import msgspec
import requests
import schemathesis
from hypothesis.strategies import SearchStrategy
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Err
from schemathesis.schemas import APIOperation

from evals.benchmarks.machine import ARTICLES, describe
from evals.benchmarks.serving import kilde, served
from evals.benchmarks.table import Row, exactly, markdown
from rag.owner import current_owner

REQUESTS = 10_000
ROUND = 25
"""Requests of one kind to one operation, before the next has its turn."""
PATIENCE_S = 600
"""Longest wait for one answer; editors' lists grow with what was asked."""
NOT_HELD = "positive_data_acceptance"
"""That a date exists, or a tag names a language, no document can say: such requests may be refused."""
Operation = APIOperation[Any, Any, Any, Any]
INGEST = "POST /v1/admin/ingest"


class Asked(msgspec.Struct):
    """What came of the requests so far."""

    requests: int = 0
    refused: int = 0
    server_errors: int = 0
    mismatches: int = 0
    silent: int = 0
    """Without an answer in time."""
    failures: dict[str, str] = msgspec.field(default_factory=dict)
    """The first of each kind, with how to repeat it."""


def main(args: Sequence[str] = ()) -> int:
    parser = argparse.ArgumentParser(prog="document", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=REQUESTS)
    given = parser.parse_args(args)
    with tempfile.TemporaryDirectory(prefix="kilde-document-") as scratch:
        kilde(Path(scratch), "ingest", str(ARTICLES), "--json")
        with served(Path(scratch)) as service:
            owner = current_owner(Path(scratch))
            asked = ask(service.url, owner.token if owner else "", given.requests, without=(INGEST,))
    print(markdown(rows(asked)))
    print("".join(f"\n- {told}" for told in asked.failures.values()))
    print(f"\n{describe()}", flush=True)
    return 1 if asked.failures else 0


def ask(url: str, key: str, least: int, *, only: Sequence[str] = (), without: Sequence[str] = ()) -> Asked:
    """At least so many requests, to all operations in turn, or to ``only`` these."""
    asked, round_number = Asked(), 0
    operations = [one for one in _operations(url) if one.label not in without and one.label in (only or [one.label])]
    headers = {"Authorization": f"Bearer {key}"}
    with requests.Session() as session:
        while asked.requests < least:
            round_number += 1
            for operation in operations:
                for mode in schemathesis.GenerationMode:
                    made = operation.as_strategy(generation_mode=mode, headers=headers)
                    _ask(operation, made, round_number, session, asked)
    return asked


def rows(asked: Asked) -> list[Row]:
    bound = 3 / max(asked.requests, 1)
    return [
        Row("requests made from the document", str(asked.requests)),
        Row("of them refused with 4xx", str(asked.refused)),
        exactly("5xx", asked.server_errors),
        exactly(f"without an answer within {PATIENCE_S} s", asked.silent),
        exactly("answers or refusals that the document does not promise", asked.mismatches),
        Row("upper bound of either's rate, if none was seen (95 %)", f"{bound:.2g}"),
    ]


def _operations(url: str) -> Iterator[Operation]:
    load_all_checks()
    document = schemathesis.openapi.from_url(f"{url}/schema/openapi.json")
    for found in document.get_all_operations():
        if isinstance(found, Err):
            raise found.err()
        yield found.ok()


def _ask(
    operation: Operation,
    made: SearchStrategy[schemathesis.Case[Any]],
    round_number: int,
    session: requests.Session,
    asked: Asked,
) -> None:
    """One round; an operation that takes nothing has a single request of its kind."""

    @hypothesis.seed(round_number)
    @hypothesis.settings(
        max_examples=ROUND, database=None, deadline=None, suppress_health_check=list(hypothesis.HealthCheck)
    )
    @hypothesis.given(case=made)
    def one(case: schemathesis.Case[Any]) -> None:
        asked.requests += 1
        try:
            response = case.call(session=session, timeout=PATIENCE_S)
        except requests.RequestException as exc:
            asked.silent += 1
            asked.failures.setdefault(f"{operation.label} silent", f"{operation.label}: {type(exc).__name__}")
            return
        asked.refused += 400 <= response.status_code < 500
        asked.server_errors += response.status_code >= 500
        try:
            case.validate_response(response, excluded_checks=_not_held(response.status_code))
        except FailureGroup as group:
            _keep(operation, group, asked)

    try:
        one()
    except hypothesis.errors.Unsatisfiable:
        return


def _not_held(status: int) -> list[Any]:
    """A body that is too large is refused as that, whatever else is wrong with it; the library does not know this."""
    names = (NOT_HELD, "negative_data_rejection") if status == requests.codes.request_entity_too_large else (NOT_HELD,)
    return [CHECKS.get_one(name) for name in names]


def _keep(operation: Operation, group: FailureGroup, asked: Asked) -> None:
    asked.mismatches += 1
    for failure in group.exceptions:
        asked.failures.setdefault(f"{operation.label} {failure.title}", f"{operation.label}: {group}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
