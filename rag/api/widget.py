"""``GET /widget/v1/…``: the widget's own files, for pages of any origin.

In: the name of a module. Out: the files of ``rag/widget`` as they are, gzipped for those who take it, with an ETag.
Refuses every other name with 404.
"""

import gzip
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

MAX_AGE_S = 300
_STRINGS = "strings"


@get("/widget/v1/{name:path}", include_in_schema=False, sync_to_thread=False)
def widget_file(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Public and static: nothing in it depends on who asks, so any page may read it."""
    content = widget_modules().get(name.removeprefix("/"))
    if content is None:
        raise NotFoundException
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = _headers(content, zipped=zipped)
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(b"", status_code=304, headers=headers, media_type="text/javascript")
    body = zipped_bytes(content) if zipped else content
    return Response(body, headers=headers, media_type="text/javascript")


@cache
def widget_modules() -> dict[str, bytes]:
    """The files that a browser loads, by their names below ``/widget/v1/``."""
    root = files("rag").joinpath("widget")
    return {**_modules(root, ""), **_modules(root.joinpath(_STRINGS), f"{_STRINGS}/")}


@cache
def zipped_bytes(content: bytes) -> bytes:
    """The same bytes for the same content, so that an ETag keeps its meaning."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def _modules(folder: Traversable, prefix: str) -> dict[str, bytes]:
    return {prefix + file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".js")}


def _headers(content: bytes, *, zipped: bool) -> dict[str, str]:
    headers = {
        "access-control-allow-origin": "*",
        "cache-control": f"public, max-age={MAX_AGE_S}",
        "cross-origin-resource-policy": "cross-origin",
        "etag": f'"{sha256(content).hexdigest()[:32]}{"-gzip" if zipped else ""}"',
        "vary": "accept-encoding",
    }
    return headers | ({"content-encoding": "gzip"} if zipped else {})
