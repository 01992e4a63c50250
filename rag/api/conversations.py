"""``GET`` and ``DELETE /v1/conversations/{id}``.

In: a conversation id. Out: its turns, oldest first, or nothing. Refuses an unknown id with 404.
"""

from litestar import delete, get
from litestar.params import FromPath

from rag.api.responses import FOR_READERS, refusals
from rag.api.wiring import Wired
from rag.records import Conversation
from rag.validate import check_id


@get("/v1/conversations/{conversation_id:str}", responses=refusals(400, 403, 404, 429), security=FOR_READERS)
async def read_conversation(conversation_id: FromPath[str], wiring: Wired) -> Conversation:
    """The turns of one conversation, oldest first."""
    return await wiring.backend.conversation(check_id(conversation_id, "conversation_id"))


@delete("/v1/conversations/{conversation_id:str}", responses=refusals(400, 403, 404, 429), security=FOR_READERS)
async def delete_conversation(conversation_id: FromPath[str], wiring: Wired) -> None:
    """Forgets one conversation with all its turns."""
    await wiring.backend.delete_conversation(check_id(conversation_id, "conversation_id"))
