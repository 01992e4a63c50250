"""``kilde backup``, ``restore``, ``erase`` and ``rebuild``: the data folder's state kept, brought back and taken away.

In: settings and what a command was given. Out: one line on stdout saying what was done. ``backup`` and ``erase`` work
beside a running service, and so does ``rebuild`` where a Chroma server holds the vectors. ``restore``, and ``rebuild``
of a folder, own the data folder, and are refused while another process does (BusyError).
"""

from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from index.server_address import ServerAddress
from rag.errors import InputError, NotFoundError
from rag.settings import load_settings

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one record a line.")]


def add_commands(app: typer.Typer) -> None:
    for command in (backup, restore, erase, rebuild):
        app.command()(command)


def backup(
    target: Annotated[Path, typer.Argument(metavar="DEST", help="A folder that is yet to be made.")],
    as_json: Json = False,
) -> None:
    """Copy all that cannot be made anew, also while the service runs."""
    from rag.backup import back_up
    from rag.cli_output import show_json

    manifest = back_up(load_settings(), target)
    if as_json:
        show_json(manifest)
    else:
        size = sum(kept.size for kept in manifest.files.values())
        _tell(f"{', '.join(manifest.files)}: {size / 1e6:.1f} MB as of {manifest.made_at}, in {target}")


def restore(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="A folder that `kilde backup` made.")],
    force: Annotated[bool, typer.Option("--force", help="Put what is in the data folder aside.")] = False,
) -> None:
    """Make a backup the state of the data folder."""
    from rag.owner import Owner
    from rag.restore import restore as restore_from

    settings = load_settings()
    with Owner.acquire(settings.data_path):
        aside = restore_from(settings, source, may_replace=force)
    _tell(f"{settings.data_path} is as {source} was" + (f"; what was there before is in {aside}" if aside else ""))


def erase(
    conversation: Annotated[
        list[str] | None, typer.Option(metavar="ID", help="A conversation; may be repeated.")
    ] = None,
    message: Annotated[list[str] | None, typer.Option(metavar="ID", help="A single turn; may be repeated.")] = None,
    slack_owner: Annotated[
        list[str] | None, typer.Option(metavar="TEAM/CHANNEL/THREAD[/USER]", help="Conversations of a Slack thread.")
    ] = None,
    slack_user: Annotated[
        str | None, typer.Option(metavar="USER", help="What a Slack user has asked and is not answered yet.")
    ] = None,
    older_than: Annotated[int | None, typer.Option(min=0, metavar="DAYS", help="Conversations as old.")] = None,
) -> None:
    """Erase what readers said, so that no byte of it stays in the data folder."""
    from rag.erasure import Erased, Erasure, erase_now

    wanted = Erasure(
        conversations=tuple(conversation or ()),
        messages=tuple(message or ()),
        slack_owners=tuple(_owner(one) for one in slack_owner or ()),
        slack_user=slack_user,
        older_than=older_than,
    )
    if wanted == Erasure():
        raise InputError("Say what is to be erased: --conversation, --message, --slack-owner, --older-than …")
    erased = erase_now(load_settings(), wanted)
    if erased == Erased():
        raise NotFoundError("Nothing of that is stored.")
    _tell(
        f"erased: {erased.conversations} conversations, {erased.messages} messages, {erased.slack_events} Slack events"
    )


def rebuild() -> None:
    """Make the derived index anew from the catalog, without embedding."""
    from index.mending import fill_anew
    from rag.owner import Owner

    settings = load_settings()
    if settings.chroma_server is not None:
        _tell(f"the Chroma server holds {_fill_server(settings.catalog_url, settings.chroma_server)} chunks")
        return
    with Owner.acquire(settings.data_path):
        _tell(f"the vector store holds {fill_anew(settings.catalog_url, settings.store_path)} chunks")


def _fill_server(catalog_url: str, address: ServerAddress) -> int:
    """Also while services run."""
    from index.catalog import Catalog
    from index.server_stores import fill_server_anew

    with closing(Catalog.open(catalog_url)) as catalog:
        return fill_server_anew(catalog, address)


def _owner(text: str) -> tuple[str, ...]:
    parts = tuple(text.split("/"))
    if not 3 <= len(parts) <= 4 or not parts[0] or not parts[1]:
        raise InputError(f"{text!r} is no TEAM/CHANNEL/THREAD or TEAM/CHANNEL/THREAD/USER.", "slack_owner")
    return parts


def _tell(text: str) -> None:
    from rich.text import Text

    from rag.cli_output import show

    show(Text(text))
