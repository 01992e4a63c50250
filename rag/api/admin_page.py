"""``GET /admin`` and ``/admin/…``: the page for editors. It holds no secret: what it shows asks for the key.

In: the name of one of its files. Out: the files of ``rag/admin_page`` as they are. Refuses every other name with 404.
"""

from importlib.resources import files
from pathlib import PurePath

from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self';"
    " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_PARTS = ("admin", "articles", "client", "drift", "elements", "feedback", "ingest", "unanswered")
NAMES = frozenset({"admin.css", "icon.svg", *(f"{part}.js" for part in _PARTS)})
_MEDIA_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}


@get("/admin", include_in_schema=False, sync_to_thread=True)
def admin_page() -> Response[bytes]:
    return _file("index.html")


@get("/admin/{name:str}", include_in_schema=False, sync_to_thread=True)
def admin_page_file(name: FromPath[str]) -> Response[bytes]:
    if name not in NAMES:
        raise NotFoundException
    return _file(name)


def _file(name: str) -> Response[bytes]:
    content = files("rag").joinpath("admin_page", name).read_bytes()
    headers = {"content-security-policy": POLICY, "cache-control": "no-cache"}
    return Response(content, media_type=_MEDIA_TYPES[PurePath(name).suffix], headers=headers)
