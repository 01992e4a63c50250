"""Refusals in the shape that OpenAI's clients read.

In: what ``rag/api/refusals.py`` would tell. Out: the same status, headers and words, as
``{"error": {"message", "type", "param", "code"}}``, with ``param`` named as the field is called in these requests.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi.datastructures import ResponseSpec
from litestar.types import ExceptionHandlersMap

from rag.api.completions.records import CompletionError, CompletionErrorResponse, ErrorType
from rag.api.refusals import exception_handlers, stream_error
from rag.api.responses import TOLD
from rag.records import ErrorBody, ErrorResponse

BODY_BYTES = 1024 * 1024
BASE, MODELS, COMPLETIONS = "/v1", "/models", "/chat/completions"
_TOO_LARGE = "The request is too large; 1 MiB is the most. Leave earlier messages out."


def completion_exception_handlers() -> ExceptionHandlersMap:
    return {kind: _reshaped(handler) for kind, handler in exception_handlers().items()}


def tell_wrong_method(request: Request[Any, Any, Any], exc: HTTPException) -> Response[Any]:
    """Raised before there is a route; told in the shape of the address that was asked."""
    handlers = (
        completion_exception_handlers()
        if request.url.path.startswith((BASE + MODELS, BASE + COMPLETIONS))
        else exception_handlers()
    )
    response: Response[Any] = handlers[HTTPException](request, exc)
    return response


def broken_off(exc: Exception) -> CompletionErrorResponse:
    """The last words of a stream that this exception ended. Logs what is unexpected."""
    told = stream_error(exc)
    kind = HTTPStatus.SERVICE_UNAVAILABLE if told.retryable else HTTPStatus.INTERNAL_SERVER_ERROR
    return _error(kind, ErrorBody(code=told.code, message=told.message))


def completion_refusals(*statuses: int) -> Mapping[int, ResponseSpec]:
    """How refusals are described in the OpenAPI document."""
    told = TOLD | {413: "The body is larger than 1 MiB"}
    return {
        status: ResponseSpec(CompletionErrorResponse, description=told[status], generate_examples=False)
        for status in statuses
    }


def _reshaped(handler: Any) -> Any:
    def tell(request: Request[Any, Any, Any], exc: Exception) -> Response[CompletionErrorResponse]:
        told: Response[ErrorResponse] = handler(request, exc)
        status = HTTPStatus(told.status_code or HTTPStatus.INTERNAL_SERVER_ERROR)
        body = _error(status, told.content.error)
        return Response(body, status_code=status, headers=told.headers, media_type="application/json")

    return tell


def _error(status: HTTPStatus, body: ErrorBody) -> CompletionErrorResponse:
    is_large = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    return CompletionErrorResponse(
        error=CompletionError(
            message=_TOO_LARGE if is_large else body.message,
            type=_type(status),
            param=_param(body.param),
            code="model_not_found" if body.param == "model" and status == HTTPStatus.NOT_FOUND else body.code,
        )
    )


def _type(status: HTTPStatus) -> ErrorType:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return "rate_limit_error"
    return "invalid_request_error" if status < HTTPStatus.INTERNAL_SERVER_ERROR else "server_error"


def _param(of_question: str | None) -> str | None:
    """The field of a question by its name in these requests."""
    if of_question == "question":
        return "messages"
    name = (of_question or "").partition(".")[0].partition("[")[0]
    return f"kilde.{of_question}" if name in ("conversation_id", "answer_lang", "filters") else of_question
