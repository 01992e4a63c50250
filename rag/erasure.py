"""One erasure, as it is asked for: by conversation, turn, Slack thread, Slack user or age.

In: settings, and what is to go. Out: how much there was of it; no byte of it is left in the database's files. Works
beside a running service, which is told to drop what it is still working on. Refuses Slack threads without the bot's
token (ConfigurationError).
"""

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import msgspec
import sqlalchemy as sa

from rag import erasing
from rag.errors import ConfigurationError, KildeError
from rag.owner import running_service
from rag.remote import Remote
from rag.settings import Settings
from rag.slack.naming import Names
from rag.slack.threads import Threads
from rag.tables import open_tables


class Erasure(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be erased."""

    conversations: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    slack_owners: tuple[tuple[str, ...], ...] = ()
    slack_user: str | None = None
    older_than: int | None = None
    """Days."""


class Erased(msgspec.Struct, frozen=True, kw_only=True):
    """How many there were."""

    conversations: int = 0
    messages: int = 0
    slack_events: int = 0


def erase_now(settings: Settings, wanted: Erasure) -> Erased:
    """Raises KildeError where some of it may still be read in the database's log."""
    erased_by_service = _tell_service(settings, wanted.conversations)
    engine = open_tables(settings.conversations_url)
    try:
        ids = [*wanted.conversations, *_of_owners(engine, settings, wanted.slack_owners)]
        if wanted.older_than is not None:
            before = datetime.now(UTC) - timedelta(days=wanted.older_than)
            ids += erasing.older_than(engine, before.isoformat(timespec="seconds"))
        erased = Erased(
            conversations=erased_by_service + erasing.erase_conversations(engine, ids),
            messages=erasing.erase_messages(engine, wanted.messages),
            slack_events=erasing.of_slack_user(engine, wanted.slack_user) if wanted.slack_user else 0,
        )
        erasing.vacuum(engine)
        if not erasing.scrub(engine):
            raise KildeError("It is erased, but still in the database's log, which is in use. Run this again.")
    finally:
        engine.dispose()
    return erased


def _tell_service(settings: Settings, conversation_ids: Sequence[str]) -> int:
    """It drops turns of them that it is working on, too; how many it knew."""
    address = running_service(settings.data_path) if settings.data_path.exists() else None
    erased = 0
    if address is not None and conversation_ids:
        with Remote(address) as remote:
            for conversation_id in conversation_ids:
                with suppress(KildeError):
                    remote.delete_conversation(conversation_id)
                    erased += 1
    return erased


def _of_owners(engine: sa.Engine, settings: Settings, owners: Sequence[tuple[str, ...]]) -> list[str]:
    if owners and not settings.slack_bot_token:
        raise ConfigurationError("Set KILDE_SLACK_BOT_TOKEN: threads are stored under a name made with it.")
    threads = Threads(engine, Names(settings.slack_bot_token or ""))
    return [conversation_id for owner in owners for conversation_id in threads.forget(owner)]
