"""``POST /v1/messages/{id}/stop``: ends the answer that is being sent.

In: the id of a message, as its stream began with. Out: nothing, once that stream has ended and what was shown is
stored. Stopping again changes nothing. Refuses a message of which no stream runs with 404.
"""

from litestar import post
from litestar.params import FromPath

from rag.api.responses import FOR_READERS, refusals
from rag.api.wiring import Wired
from rag.validate import check_id


@post(
    "/v1/messages/{message_id:str}/stop", status_code=204, responses=refusals(400, 403, 404, 429), security=FOR_READERS
)
async def stop(message_id: FromPath[str], wiring: Wired) -> None:
    """Its stream ends with `message.end`, which holds what was shown so far."""
    await wiring.stops.stop(check_id(message_id, "message_id"))
