"""``POST /v1/messages/{id}/feedback``: what a reader says of an answer.

In: a message id, a FeedbackRequest. Out: what is kept of it. Refuses an unknown message, and another's, with 404, and
with 400 a rating or reason that is none of the known ones, and a comment that is too long.
"""

from typing import Any, get_args

from litestar import Request, post
from litestar.params import FromPath, JSONBody

from rag.api.bodies import StrictJson
from rag.api.credentials import caller_of
from rag.api.owning import check_message
from rag.api.responses import FOR_READERS, refusals
from rag.api.wiring import Wired
from rag.errors import InputError
from rag.feedback_records import Feedback, FeedbackRequest, Rating, Reason
from rag.validate import check_feedback, check_id

_CHOICES = {"rating": (*get_args(Rating), "null"), "reason": (*get_args(Reason), "null")}


class FeedbackJson(StrictJson[FeedbackRequest]):
    """Names the choices where none of them was given."""

    def decode_bytes(self, value: bytes) -> Any:
        try:
            return super().decode_bytes(value)
        except InputError as exc:
            if exc.param not in _CHOICES:
                raise
            raise InputError(f"It takes one of: {', '.join(_CHOICES[exc.param])}.", exc.param) from exc


@post(
    "/v1/messages/{message_id:str}/feedback",
    dto=FeedbackJson,
    status_code=200,
    responses=refusals(400, 401, 403, 404, 413, 429),
    security=FOR_READERS,
)
async def give_feedback(
    message_id: FromPath[str], data: JSONBody[FeedbackRequest], request: Request[Any, Any, Any], wiring: Wired
) -> Feedback:
    """Replaces what was said of this answer before; a null rating takes it back."""
    judgement = check_feedback(data)
    await check_message(wiring.owners, caller_of(request), check_id(message_id, "message_id"))
    return await wiring.backend.give_feedback(message_id, judgement)
