"""``GET /`` and ``/page/…``: the page on which a reader asks.

In: the name of one of its files. Out: the files of ``rag/page`` as they are. Refuses every other name with 404.
"""

from importlib.resources import files

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_MEDIA_TYPES = {
    "page.css": "text/css",
    "elements.js": "text/javascript",
    "feedback.js": "text/javascript",
    "page.js": "text/javascript",
    "reading.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


@get("/", include_in_schema=False, sync_to_thread=True)
def page() -> Response[bytes]:
    return _file("index.html", "text/html")


@get("/page/{name:str}", include_in_schema=False, sync_to_thread=True)
def page_file(name: FromPath[str]) -> Response[bytes]:
    if name not in _MEDIA_TYPES:
        raise NotFoundException
    return _file(name, _MEDIA_TYPES[name])


def _file(name: str, media_type: str) -> Response[bytes]:
    content = files("rag").joinpath("page", name).read_bytes()
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"}
    return Response(content, media_type=media_type, headers=headers)
