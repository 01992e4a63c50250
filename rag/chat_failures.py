"""What the client of an LLM raises → one LlmError that says what is wrong, and what may be done about it. Pure.

In: an exception, and where the endpoint is. Out: an LlmError. Its ``logged`` words hold nothing of what was sent. That
the endpoint refuses the options of a request is an LlmError of its own, since the same may succeed without them.
"""

from collections.abc import Mapping
from http import HTTPStatus

import httpx2
import openai

from rag.errors import LlmError

FAILURES = (openai.OpenAIError, httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError, ValueError, OSError)
"""All that the client and its transport raise."""
_TOLD = 200
_TRANSIENT = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_OUTAGE = frozenset({401, 403, 404})
_REFUSED = frozenset({400, 422})
_WRONG = {
    401: "it refuses the key. Set KILDE_LLM_API_KEY",
    403: "the key has no right to it. Set KILDE_LLM_API_KEY",
    404: "it knows no such address or model. Check KILDE_LLM_BASE_URL, which ends before /chat/completions, and "
    "KILDE_LLM_MODEL",
    429: "it takes no more requests at this moment, or the account has run out",
}


class RefusedError(LlmError):
    """The endpoint does not take the request as it is."""


def failure(where: str, wrong: str, **others: object) -> LlmError:
    """``wrong``: without a full stop."""
    return LlmError(f"The LLM at {where} cannot be used: {wrong}", **others)  # type: ignore[arg-type]


def not_opened(where: str, exc: Exception) -> LlmError:
    """For one of ``FAILURES`` before anything of a reply has come."""
    if isinstance(exc, openai.APIStatusError):
        return _of_status(where, exc)
    if isinstance(exc, openai.APITimeoutError):
        return failure(where, "it takes too long to connect", may_retry=True, is_outage=True)
    return failure(where, f"it cannot be reached: {_root(exc)}", may_retry=True, is_outage=True)


def broken(where: str, exc: Exception) -> LlmError:
    """For one of ``FAILURES`` in the middle of a reply."""
    return failure(where, f"the connection broke: {_root(exc)}", may_retry=True)


def _of_status(where: str, exc: openai.APIStatusError) -> LlmError:
    status = exc.status_code
    if status in _REFUSED:
        return RefusedError(
            f"The LLM at {where} cannot be used: it refuses the request (status {status})", detail=exc.message[:_TOLD]
        )
    return failure(
        where,
        _WRONG.get(status, f"it answers with status {status}"),
        may_retry=status in _TRANSIENT,
        is_outage=status in _OUTAGE or status >= HTTPStatus.INTERNAL_SERVER_ERROR,
        retry_after_s=_retry_after_s(exc.response.headers),
    )


def _retry_after_s(headers: Mapping[str, str]) -> float:
    """0 where it names no seconds: a date is rare, and never near."""
    try:
        return max(0.0, float(headers.get("retry-after", "")))
    except ValueError:
        return 0.0


def _root(exc: BaseException) -> str:
    """What the first cause says; the client's own words are "Connection error."."""
    while exc.__cause__ is not None or exc.__context__ is not None:
        exc = exc.__cause__ or exc.__context__ or exc
    return (str(exc) or type(exc).__name__)[:_TOLD].rstrip(".")
