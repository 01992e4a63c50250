"""``GET /`` and ``/page/…``: the demo page, on which a reader asks and a publisher finds how to embed the widget.

In: the name of one of its files, and the public address of the articles. Out: the files of ``rag/page``; the page
allows links to that address. Refuses every other name with 404.
"""

from html import escape
from importlib.resources import files
from urllib.parse import urlsplit

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

from rag.api.wiring import Wired

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_LINK_HOSTS = "LINK_HOSTS"
_MEDIA_TYPES = {
    "examples.js": "text/javascript",
    "first.js": "text/javascript",
    "page.css": "text/css",
    "page.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}


@get("/", include_in_schema=False, sync_to_thread=True)
def page(wiring: Wired) -> Response[bytes]:
    host = urlsplit(wiring.backend.settings.site_url or "").hostname or ""
    return _response(_content("index.html").replace(_LINK_HOSTS.encode(), escape(host).encode()), "text/html")


@get("/page/{name:str}", include_in_schema=False, sync_to_thread=True)
def page_file(name: FromPath[str]) -> Response[bytes]:
    if name not in _MEDIA_TYPES:
        raise NotFoundException
    return _response(_content(name), _MEDIA_TYPES[name])


def _content(name: str) -> bytes:
    return files("rag").joinpath("page", name).read_bytes()


def _response(content: bytes, media_type: str) -> Response[bytes]:
    headers = {"content-security-policy": PAGE_POLICY, "cache-control": "no-cache"}
    return Response(content, media_type=media_type, headers=headers)
