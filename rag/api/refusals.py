"""Exceptions → what a client is told.

In: any exception. Out: a status, headers and ``{"error": {"code", "message", "param"}}``, or an ``error`` event. What
is unexpected is told as ``internal_error`` without detail, and logged by type and place only: its message may hold
what a reader asked.
"""

import re
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.types import ExceptionHandlersMap

from rag.errors import BusyError, InputError, KildeError, NotFoundError
from rag.records import ErrorBody, ErrorResponse, StreamError
from rag.unexpected import log_unexpected

RETRY_AFTER_S = 2
_GONE = "client disconnected prematurely"
"""What the framework raises as an internal error where a client leaves while its body is read."""
_INTERNAL = "Something went wrong on our side. It has been noted."
_CODES = {
    HTTPStatus.BAD_REQUEST: "invalid_request",
    HTTPStatus.UNAUTHORIZED: "unauthorized",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too_large",
    HTTPStatus.TOO_MANY_REQUESTS: "too_many_requests",
}
_TOLD_AS_RAISED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS)
"""Only ``rag/api/access.py`` raises these, with words for whoever asked."""
_MESSAGES = {
    HTTPStatus.BAD_REQUEST: "The request has no body, or cannot be read.",
    HTTPStatus.NOT_FOUND: "There is nothing at this address.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take this method.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The request is too large; 64 KiB are the most.",
}
_FIELD = re.compile(r" - at `\$\.?(.*)`$")
_NAMED_FIELD = re.compile(r"(?:unknown|required) field `([^`]*)`")


def exception_handlers() -> ExceptionHandlersMap:
    return {HTTPException: _tell_http, Exception: _tell}


def body_error(message: str) -> InputError:
    """The refusal for what the JSON decoder says: ``Expected `str`, got `int` - at `$.filters.langs[0]```."""
    at = _FIELD.search(message)
    path = [at[1]] if at and at[1] else []
    told = _FIELD.sub("", message)
    if named := _NAMED_FIELD.search(told):
        path.append(named[1])
    return InputError(f"{told}.", ".".join(path) or None)


def stream_error(exc: Exception) -> StreamError:
    """The terminal event for a stream that this exception broke off. Logs what is unexpected."""
    if isinstance(exc, InputError | BusyError):
        return StreamError(code=exc.code, message=str(exc), retryable=isinstance(exc, BusyError))
    log_unexpected(exc)
    return StreamError(code=KildeError.code, message=_INTERNAL, retryable=False)


def _tell(_request: Request[Any, Any, Any], exc: Exception) -> Response[ErrorResponse]:
    if isinstance(exc, InputError):
        status = HTTPStatus.NOT_FOUND if isinstance(exc, NotFoundError) else HTTPStatus.BAD_REQUEST
        return _response(status, exc.code, str(exc), param=exc.param)
    if isinstance(exc, BusyError):
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return _response(HTTPStatus.SERVICE_UNAVAILABLE, exc.code, str(exc), headers=headers)
    log_unexpected(exc)
    return _response(HTTPStatus.INTERNAL_SERVER_ERROR, KildeError.code, _INTERNAL)


def _tell_http(request: Request[Any, Any, Any], exc: HTTPException) -> Response[ErrorResponse]:
    status = HTTPStatus(exc.status_code)
    if exc.detail == _GONE:
        status = HTTPStatus.BAD_REQUEST
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _tell(request, exc)
    code = _CODES.get(status, "invalid_request")
    message = exc.detail if status in _TOLD_AS_RAISED else _MESSAGES.get(status, status.phrase)
    return _response(status, code, message, headers=dict(exc.headers or {}))


def _response(
    status: HTTPStatus, code: str, message: str, *, param: str | None = None, headers: dict[str, str] | None = None
) -> Response[ErrorResponse]:
    body = ErrorResponse(error=ErrorBody(code=code, message=message, param=param))
    return Response(body, status_code=status, headers=headers or {}, media_type="application/json")
