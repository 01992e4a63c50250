"""A refusal that is sent before an application has seen the request: a whole HTTP response, after which the connection
ends.

In: status, error, further headers. Out: bytes. Refuses nothing.
"""

from collections.abc import Mapping
from http import HTTPStatus
from types import MappingProxyType

import msgspec

from rag.api.cross_origin import SECURITY
from rag.records import ErrorBody, ErrorResponse

_NONE: Mapping[str, str] = MappingProxyType({})


def raw_refusal(status: HTTPStatus, error: ErrorBody, headers: Mapping[str, str] = _NONE) -> bytes:
    body = msgspec.json.encode(ErrorResponse(error=error))
    always = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    lines = [f"HTTP/1.1 {status.value} {status.phrase}"]
    lines += [f"{name}: {value}" for name, value in (always | SECURITY | dict(headers)).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body
