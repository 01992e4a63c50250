"""How refusals are described in the OpenAPI document; the same on every route."""

from collections.abc import Mapping

from litestar.openapi.datastructures import ResponseSpec

from rag.records import ErrorResponse

TOLD = {
    400: "The input cannot be used; `param` names the field",
    401: "The key is missing, wrong, expired or revoked",
    403: "A page of another origin may not do this, or the key lacks the scope; the message says what would let it",
    404: "The id names nothing",
    413: "The body is larger than 64 KiB",
    429: "Too many requests; try again after `Retry-After` seconds",
    503: "Busy; try again after `Retry-After` seconds",
}

FOR_READERS: list[dict[str, list[str]]] = [{}, {"site": []}, {"key": []}]
"""``security`` of the routes that pages of known sites may use: the id of their site, a key, or nothing."""
FOR_PROGRAMS: list[dict[str, list[str]]] = [{}, {"key": []}]
"""``security`` of the routes that only our own pages and programs may use."""


def refusals(*statuses: int) -> Mapping[int, ResponseSpec]:
    return {
        status: ResponseSpec(ErrorResponse, description=TOLD[status], generate_examples=False) for status in statuses
    }
