"""``GET /widget/v1/…``: the widget's own files, for pages of any origin.

In: the name of a module, below the version of the files or not. Out: the files of ``rag/widget``, gzipped for those
who take it, with an ETag. Only ``widget.js`` is asked for anew after a while: it names the others below their version,
under which browsers keep them for good. Refuses every other name with 404.
"""

import gzip
import re
from functools import cache
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

MAX_AGE_S = 300
ENTRY = "widget.js"
_STRINGS = "strings"
_VERSION = re.compile(r"([0-9a-f]{16})/")


@get("/widget/v1/{name:path}", include_in_schema=False, sync_to_thread=False)
def widget_file(name: FromPath[str], request: Request[Any, Any, Any]) -> Response[bytes]:
    """Public and static: nothing in it depends on who asks, so any page may read it."""
    path = name.removeprefix("/")
    version = found[1] if (found := _VERSION.match(path)) else None
    content = served_modules().get(path[found.end() :] if found else path)
    if content is None:
        raise NotFoundException
    zipped = "gzip" in request.headers.get("accept-encoding", "")
    headers = _headers(content, version, zipped=zipped)
    if has_already(request.headers.get("if-none-match", ""), headers["etag"]):
        return Response(b"", status_code=304, headers=headers, media_type="text/javascript")
    body = zipped_bytes(content) if zipped else content
    return Response(body, headers=headers, media_type="text/javascript")


@cache
def widget_modules() -> dict[str, bytes]:
    """The files that a browser loads, by their names below ``/widget/v1/``."""
    root = files("rag").joinpath("widget")
    return {**_modules(root, ""), **_modules(root.joinpath(_STRINGS), f"{_STRINGS}/")}


@cache
def widget_version() -> str:
    """Another one whenever any of the files changes."""
    parts = (part for name, text in sorted(widget_modules().items()) for part in (name.encode(), text))
    return sha256(b"".join(sha256(part).digest() for part in parts)).hexdigest()[:16]


@cache
def served_modules() -> dict[str, bytes]:
    """The same, with ``widget.js`` naming the others below their version."""
    entry = widget_modules()[ENTRY].replace(b'"./', f'"./{widget_version()}/'.encode())
    return {**widget_modules(), ENTRY: entry}


def has_already(if_none_match: str, etag: str) -> bool:
    """Weakly compared, as RFC 9110 asks: a proxy that compressed anew marks its tags so."""
    return etag in (tag.strip().removeprefix("W/") for tag in if_none_match.split(","))


@cache
def zipped_bytes(content: bytes) -> bytes:
    """The same bytes for the same content, so that an ETag keeps its meaning."""
    return gzip.compress(content, compresslevel=9, mtime=0)


def _modules(folder: Traversable, prefix: str) -> dict[str, bytes]:
    return {prefix + file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".js")}


def _headers(content: bytes, version: str | None, *, zipped: bool) -> dict[str, str]:
    """Under a version that is not ours, which an older ``widget.js`` names, nobody keeps what is sent in its place."""
    kept = {None: f"public, max-age={MAX_AGE_S}", widget_version(): "public, max-age=31536000, immutable"}
    headers = {
        "access-control-allow-origin": "*",
        "cache-control": kept.get(version, "no-store"),
        "cross-origin-resource-policy": "cross-origin",
        "etag": f'"{sha256(content).hexdigest()[:32]}{"-gzip" if zipped else ""}"',
        "vary": "accept-encoding",
    }
    return headers | ({"content-encoding": "gzip"} if zipped else {})
