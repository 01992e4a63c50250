"""Is what Kilde keeps whole? Databases, articles, chunks, conversations, and the derived store held against them.

In: settings. Out: findings by what was looked at, each with what is wrong, or nothing. Changes nothing. What an unclean
stop leaves is a file in the data folder, ``audit.due``: from the next owner on it asks for an audit, until one has
found nothing wrong.
"""

from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import msgspec
import sqlalchemy as sa

from index.errors import KildeError
from rag.owner import AUDIT_DUE
from rag.settings import Settings
from rag.turn_audit import count_turns, half_turns

LINES = 10


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one part of the audit came to."""

    name: str
    problems: tuple[str, ...] = ()
    figures: str = ""
    """What was looked at, where all is well."""


def is_due(data_path: Path) -> bool:
    return (data_path / AUDIT_DUE).exists()


def settle(data_path: Path) -> None:
    """Nothing is wrong: no audit is due any more."""
    (data_path / AUDIT_DUE).unlink(missing_ok=True)


def audit(settings: Settings) -> tuple[Finding, ...]:
    """The databases. The derived store has an audit of its own, since only its owner may open it."""
    return tuple(_findings(settings))


def _findings(settings: Settings) -> Iterator[Finding]:
    from index.catalog_audit import audit_database

    for name, url in (("catalog.db", settings.catalog_url), ("conversations.db", settings.conversations_url)):
        if not _exists(url):
            continue
        problems = tuple(audit_database(url))
        if settings.database_url is None:  # Another database's server sees to its own pages and keys.
            yield Finding(name=name, problems=problems, figures="the database is whole")
        if not problems:
            yield _articles(url) if name == "catalog.db" else _conversations(url)


def _articles(url: str) -> Finding:
    from index.catalog import Catalog
    from index.catalog_audit import audit_catalog

    try:
        with closing(Catalog.open(url)) as catalog:
            problems = tuple(audit_catalog(catalog))
            stats = catalog.stats()
    except (KildeError, sa.exc.SQLAlchemyError, msgspec.DecodeError) as exc:
        return Finding(name="articles", problems=(f"cannot be read: {exc}",))
    figures = f"{stats.articles} articles, {stats.chunks} chunks: texts have their hashes, chunks their vectors"
    return Finding(name="articles", problems=problems, figures=figures)


def _conversations(url: str) -> Finding:
    from rag.tables import open_tables

    engine = open_tables(url)
    try:
        problems, count = tuple(islice(half_turns(engine), LINES)), count_turns(engine)
    except sa.exc.SQLAlchemyError as exc:
        problems, count = (f"cannot be read: {type(exc).__name__}",), 0
    finally:
        engine.dispose()
    return Finding(name="turns", problems=problems, figures=f"{count} turns, none is half")


def _exists(url: str) -> bool:
    address = sa.make_url(url)
    return address.get_backend_name() != "sqlite" or Path(address.database or "").exists()
