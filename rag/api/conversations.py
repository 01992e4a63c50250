"""``GET`` and ``DELETE /v1/conversations/{id}``.

In: a conversation id. Out: its turns, oldest first, or nothing. A conversation whose first answer is still being made
by this process can be forgotten too: that answer ends, and is not stored. Refuses an unknown id, and another's, with
404; so where another process makes that answer, whoever forgets stops it first.
"""

from contextlib import suppress
from typing import Any

from litestar import Request, delete, get
from litestar.params import FromPath

from rag.api.credentials import caller_of
from rag.api.owning import check_conversation
from rag.api.responses import FOR_READERS, refusals
from rag.api.wiring import Wired
from rag.errors import NotFoundError
from rag.records import Conversation
from rag.validate import check_id


@get("/v1/conversations/{conversation_id:str}", responses=refusals(400, 401, 403, 404, 429), security=FOR_READERS)
async def read_conversation(
    conversation_id: FromPath[str], request: Request[Any, Any, Any], wiring: Wired
) -> Conversation:
    """The turns of one conversation, oldest first."""
    await check_conversation(wiring.owners, caller_of(request), check_id(conversation_id, "conversation_id"))
    return await wiring.backend.conversation(conversation_id)


@delete("/v1/conversations/{conversation_id:str}", responses=refusals(400, 401, 403, 404, 429), security=FOR_READERS)
async def delete_conversation(conversation_id: FromPath[str], request: Request[Any, Any, Any], wiring: Wired) -> None:
    """Forgets one conversation with all its turns, also with the one that is being made."""
    caller = caller_of(request)
    check_id(conversation_id, "conversation_id")
    beginning = wiring.stops.first_turn(conversation_id, caller.finds)
    if beginning is None:
        await check_conversation(wiring.owners, caller, conversation_id)
        await wiring.backend.delete_conversation(conversation_id)
        return
    with suppress(NotFoundError):  # not stored yet; what is erased before it is stored never will be
        await wiring.backend.delete_conversation(conversation_id)
    await beginning.stop()
