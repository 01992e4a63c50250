"""A conversation is found by who began it: with a key by that key, on a site's page by pages of that site.

In: who asks, and the id of a conversation or a message. Out: nothing, or NotFoundError in the very words for what is
not there. Conversations begun without key and site are found by whoever knows their id, which is random and told to
nobody else. Admins find all.
"""

from collections.abc import Callable

import anyio.to_thread

from rag.api.credentials import Caller
from rag.api.stores import Owners
from rag.errors import no_conversation, no_message


async def check_conversation(owners: Owners, caller: Caller, conversation_id: str | None) -> None:
    if conversation_id is not None and not await _is_theirs(owners.has_conversation, caller, conversation_id):
        raise no_conversation(conversation_id)


async def check_message(owners: Owners, caller: Caller, message_id: str) -> None:
    if not await _is_theirs(owners.has_message, caller, message_id):
        raise no_message(message_id)


async def keep_owner(owners: Owners, owner: str, conversation_id: str) -> None:
    """Of a conversation that was begun. Nothing is kept for one that is not stored."""
    if owner:
        await anyio.to_thread.run_sync(owners.give, conversation_id, owner)


async def _is_theirs(has: Callable[[str, str], bool], caller: Caller, wanted: str) -> bool:
    return caller.is_admin or await anyio.to_thread.run_sync(has, wanted, caller.owner)
