"""``POST /v1/messages/{id}/stop``: ends the answer that is being sent.

In: the id of a message, as its stream began with. Out: nothing, once that stream has ended and what was shown is
stored. Stopping again changes nothing. Refuses a message of which no stream runs, and another's, with 404.
"""

from typing import Any

from litestar import Request, post
from litestar.params import FromPath

from rag.api.credentials import caller_of
from rag.api.responses import FOR_READERS, refusals
from rag.api.wiring import Wired
from rag.validate import check_id


@post(
    "/v1/messages/{message_id:str}/stop",
    status_code=204,
    responses=refusals(400, 401, 403, 404, 429),
    security=FOR_READERS,
)
async def stop(message_id: FromPath[str], request: Request[Any, Any, Any], wiring: Wired) -> None:
    """Its stream ends with `message.end`, which holds what was shown so far."""
    await wiring.stops.stop(check_id(message_id, "message_id"), caller_of(request).finds)
