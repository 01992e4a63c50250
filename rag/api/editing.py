"""``GET /v1/admin/index``, ``/feedback`` and ``/drift``: what the editors' page shows besides unanswered questions.

In: how many judgements at most. Out: the index with its folders and what was left out; readers' judgements, redacted;
translations that disagree. Refuses another number with 400, and everyone without an admin key (``rag/api/admin.py``).
"""

from typing import Annotated

from litestar import Response, get
from litestar.params import QueryParameter

from rag.admin_records import IndexOverview
from rag.api.responses import refusals
from rag.api.wiring import Wired
from rag.drift_records import DriftReport
from rag.errors import InputError
from rag.feedback_records import FeedbackList

LISTED = 500
# Taken as text: the framework's own refusal of a number does not name the field.
Limit = Annotated[
    str, QueryParameter(schema_extra={"type": "integer", "minimum": 1, "maximum": LISTED, "default": 100})
]
_HEADERS = {"cache-control": "no-store"}


@get("/index", responses=refusals(401, 403, 429))
async def index(wiring: Wired) -> Response[IndexOverview]:
    """Figures, state, the folders that were ingested, and the files that were left out, with reasons."""
    return Response(await wiring.backend.overview(), headers=_HEADERS)


@get("/feedback", responses=refusals(400, 401, 403, 429))
async def feedback(wiring: Wired, limit: Limit = "100") -> Response[FeedbackList]:
    """What readers said of answers, the newest first; every text redacted."""
    if not (limit.isascii() and limit.isdecimal() and len(limit) <= 4 and 1 <= int(limit) <= LISTED):
        raise InputError(f"limit must be a whole number from 1 to {LISTED}.", "limit")
    return Response(await wiring.backend.feedback(int(limit)), headers=_HEADERS)


@get("/drift", responses=refusals(401, 403, 429))
async def drift(wiring: Wired) -> Response[DriftReport]:
    """Translations of one work that disagree on a figure or a date."""
    return Response(await wiring.backend.drift(), headers=_HEADERS)
