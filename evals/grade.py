"""An LLM's opinion of answers, beside the measures: advisory, and never part of a gate.

In: outcomes, and an OpenAI-compatible endpoint, from the settings ``llm_…``.
Out: a grade for each outcome that has an answer; a reply that is no grade leaves it ungraded, which is not "wrong".
Refuses a prompt with missing or unknown variables and an endpoint that is not configured; raises UnreachableError for
one that does not answer.

The prompt is ``prompts/grade.md``; its hash goes with the grades, since they are worth nothing beside those of another.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import httpx
import msgspec

from evals.golden import Case
from evals.records import Outcome
from rag.errors import ConfigurationError, UnreachableError
from rag.prompt import Message, Neutral, neutral, parsed, prompt
from rag.records import Answer
from rag.settings import Settings

PROMPT = "grade"
VARIABLES = frozenset({"question", "language", "expected", "answer", "quotes"})
TIMEOUT = httpx.Timeout(60.0, connect=3.0)
_OBJECT = re.compile(r"\{[^{}]*\}")


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Where to ask. The address ends where ``/chat/completions`` is appended."""

    base_url: str
    model: str
    api_key: str | None = None


class Grade(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the LLM made of one answer."""

    case_id: str
    grade: Literal["right", "partial", "wrong"] | None
    """None where its reply was no grade."""
    reason: str


class Grades(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """In the order of the outcomes."""

    model: str
    prompt_sha256: str
    grades: tuple[Grade, ...]


class _Reply(msgspec.Struct, frozen=True):
    grade: Literal["right", "partial", "wrong"]
    reason: str = ""


class _Message(msgspec.Struct, frozen=True):
    content: str | None = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message


class _Completion(msgspec.Struct, frozen=True):
    choices: tuple[_Choice, ...]


def endpoint_from(settings: Settings) -> Endpoint:
    """Raises ConfigurationError naming the setting that is missing."""
    url, model = settings.llm_base_url, settings.llm_model
    if not url or not model:
        missing = "KILDE_LLM_MODEL" if url else "KILDE_LLM_BASE_URL"
        raise ConfigurationError(f"Grading needs an LLM: set {missing} to that of an OpenAI-compatible endpoint.")
    return Endpoint(base_url=url.rstrip("/"), model=model, api_key=settings.llm_api_key)


def grade(outcomes: Iterable[Outcome], endpoint: Endpoint, source: str | None = None) -> Grades:
    """One request after another; ``source`` is the text of a prompt file, by default that of ``prompts/grade.md``."""
    asking = prompt(PROMPT, VARIABLES) if source is None else parsed(PROMPT, source, VARIABLES)
    headers = {"Authorization": f"Bearer {endpoint.api_key}"} if endpoint.api_key else {}
    with httpx.Client(timeout=TIMEOUT, headers=headers) as client:
        grades = [
            _graded(one.case.id, _ask(client, endpoint, asking.fill(_values(one.case, one.answer))))
            for one in outcomes
            if one.answer is not None
        ]
    return Grades(model=endpoint.model, prompt_sha256=asking.sha256, grades=tuple(grades))


def _values(case: Case, answer: Answer) -> dict[str, Neutral]:
    filled = {
        "question": case.question,
        "language": case.expect.answer_lang or case.lang,
        "expected": "\n".join(_expected(case)),
        "answer": answer.text,
        "quotes": "\n".join(citation.quote for citation in answer.citations) or "none",
    }
    return {name: neutral(value) for name, value in filled.items()}


def _expected(case: Case) -> list[str]:
    if not case.answerable:
        return [f"The articles do not say (status {case.expect.status})."]
    facts = [" or ".join(forms) for forms in case.expect.facts]
    quotes = [f"a quote that holds: {' or '.join(case.expect.quotes)}"] if case.expect.quotes else []
    return [*facts, *quotes] or [f"an answer from {' or '.join(case.expect.works)}"]


def _ask(client: httpx.Client, endpoint: Endpoint, messages: Sequence[Message]) -> str:
    told = [msgspec.structs.asdict(message) for message in messages]
    body = {"model": endpoint.model, "temperature": 0, "messages": told}
    try:
        response = client.post(f"{endpoint.base_url}/chat/completions", json=body)
        response.raise_for_status()
        completion = msgspec.json.decode(response.content, type=_Completion)
    except (httpx.HTTPError, httpx.InvalidURL) as exc:
        raise UnreachableError(f"The LLM at {endpoint.base_url} cannot grade: {exc or type(exc).__name__}.") from exc
    except msgspec.DecodeError as exc:
        raise UnreachableError(f"What answers at {endpoint.base_url} is no OpenAI-compatible endpoint: {exc}.") from exc
    return (completion.choices[0].message.content or "") if completion.choices else ""


def _graded(case_id: str, reply: str) -> Grade:
    """The first JSON object of a reply counts: some models write a fence or a sentence around it."""
    found = _OBJECT.search(reply)
    try:
        read = msgspec.json.decode(found[0] if found else "", type=_Reply)
    except msgspec.DecodeError:
        return Grade(case_id=case_id, grade=None, reason=f"no grade in the reply {reply[:80]!r}")
    return Grade(case_id=case_id, grade=read.grade, reason=read.reason)
