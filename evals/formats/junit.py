"""A run as JUnit XML: one test suite for each question language, one test case for each question.

In: a run, and the failures of a gate where one was held. Out: XML, UTF-8. A wrong answer is a failure with its reasons
and the answer; an error of the system is an error.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from xml.etree import ElementTree as ET

from evals.records import Outcome, Run
from evals.verdicts import reasons

_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0 forbids them, even escaped."""


def to_junit(run: Run, gate_failures: Sequence[str] | None = None) -> bytes:
    """``gate_failures`` is None where no gate was held."""
    by_lang: dict[str, list[tuple[Outcome, float]]] = defaultdict(list)
    for outcome, seconds in zip(run.outcomes, _seconds(run), strict=True):
        by_lang[outcome.case.lang].append((outcome, seconds))
    suites = [_suite(f"{run.suite}.{lang}", by_lang[lang]) for lang in sorted(by_lang)]
    if gate_failures is not None:
        suites.append(_gate(f"{run.suite}.gate", gate_failures))
    whole = ET.Element("testsuites", name=run.suite)
    for name in ("tests", "failures", "errors"):
        whole.set(name, str(sum(int(suite.get(name, "0")) for suite in suites)))
    whole.set("time", f"{run.timing.seconds:.3f}")
    whole.extend(suites)
    ET.indent(whole)
    written: bytes = ET.tostring(whole, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + written + b"\n"


def _suite(name: str, asked: Sequence[tuple[Outcome, float]]) -> ET.Element:
    cases = [_case(name, outcome, seconds) for outcome, seconds in asked]
    suite = _counted(name, cases)
    suite.set("time", f"{sum(seconds for _, seconds in asked):.3f}")
    return suite


def _case(suite: str, outcome: Outcome, seconds: float) -> ET.Element:
    case = ET.Element("testcase", classname=suite, name=_clean(outcome.case.id), time=f"{seconds:.3f}")
    wrong = reasons(outcome)
    if wrong:
        kind = "error" if outcome.answer is None else "failure"
        found = ET.SubElement(case, kind, message=_clean("; ".join(wrong)), type=kind)
        found.text = _clean("\n".join(_details(outcome, wrong)))
    return case


def _details(outcome: Outcome, wrong: Sequence[str]) -> Iterator[str]:
    yield f"question: {outcome.case.question}"
    yield from (f"wrong: {reason}" for reason in wrong)
    if outcome.answer is not None:
        yield f"answer ({outcome.answer.status}, {outcome.answer.lang}): {outcome.answer.text}"
        yield from (f"cited: {citation.source.path}" for citation in outcome.answer.citations)


def _gate(name: str, failures: Sequence[str]) -> ET.Element:
    case = ET.Element("testcase", classname=name, name="gate", time="0")
    if failures:
        found = ET.SubElement(case, "failure", message=_clean(f"{len(failures)} thresholds do not hold"), type="gate")
        found.text = _clean("\n".join(failures))
    return _counted(name, [case])


def _counted(name: str, cases: Sequence[ET.Element]) -> ET.Element:
    failures = sum(case.find("failure") is not None for case in cases)
    errors = sum(case.find("error") is not None for case in cases)
    suite = ET.Element(
        "testsuite", name=name, tests=str(len(cases)), failures=str(failures), errors=str(errors), skipped="0"
    )
    suite.extend(cases)
    return suite


def _seconds(run: Run) -> Iterator[float]:
    """Per outcome the mean over its repetitions; 0 where it ended in an error."""
    for times in run.timing.latencies_ms:
        yield sum(times) / len(times) / 1000 if times else 0.0


def _clean(text: str) -> str:
    return _NOT_IN_XML.sub("\ufffd", text)
