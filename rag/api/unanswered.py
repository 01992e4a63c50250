"""``GET /v1/admin/unanswered``: what readers asked in vain, by week.

In: how many weeks, and as what: JSON, Markdown or CSV. Out: the report. Refuses other values with 400, and everyone
without an admin key (``rag/api/access.py``).
"""

from typing import Annotated, Any

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import QueryParameter

from rag.api.responses import refusals
from rag.api.wiring import Wired
from rag.errors import InputError
from rag.feedback_records import UnansweredReport
from rag.unanswered import WEEKS
from rag.unanswered_export import to_csv, to_markdown

FORMATS = ("json", "markdown", "csv")
# Taken as text: the framework's own refusal of a number does not name the field.
Weeks = Annotated[str, QueryParameter(schema_extra={"type": "integer", "minimum": 1, "maximum": WEEKS, "default": 4})]
Format = Annotated[str, QueryParameter(name="format", schema_extra={"enum": list(FORMATS)})]
_HEADERS = {"cache-control": "no-store"}


@get(
    "/unanswered",
    responses={**refusals(400, 401, 403, 429), 200: ResponseSpec(UnansweredReport, description="By week")},
)
async def unanswered(wiring: Wired, weeks: Weeks = "4", shape: Format = "json") -> Response[Any]:
    """Questions without an answer or with a thumbs-down, those alike together, newest week first."""
    if shape not in FORMATS:
        raise InputError(f"format must be one of: {', '.join(FORMATS)}.", "format")
    if not (weeks.isascii() and weeks.isdecimal() and len(weeks) <= 4):
        raise InputError("weeks must be a whole number.", "weeks")
    report = await wiring.backend.unanswered(int(weeks))
    if shape == "markdown":
        return Response(to_markdown(report), media_type="text/markdown", headers=_HEADERS)
    if shape == "csv":
        return Response(to_csv(report), media_type="text/csv", headers=_HEADERS)
    return Response(report, headers=_HEADERS)
