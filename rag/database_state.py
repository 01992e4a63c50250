"""Whether the database answers, keeps every script, and is of this version of Kilde.

In: settings. Out: what it is, and whether that works (``ok``), works but not as it should (``warn``) or does not
(``fail``), with the way out. Changes nothing. What keeps it from being opened is raised as ConfigurationError.
"""

from typing import Literal

from index import catalog
from index.database import look_at, newest, sa_url
from rag import tables
from rag.settings import Settings

OLDEST = 14
"""The oldest PostgreSQL that its makers still maintain."""
SCHEMAS = {
    "catalog": (catalog.VERSION_TABLE, catalog.MIGRATIONS),
    "conversations": (tables.VERSION_TABLE, tables.MIGRATIONS),
}


def database_state(settings: Settings, offline: bool) -> tuple[Literal["ok", "warn", "fail"], str]:
    """Of the one that ``KILDE_DATABASE_URL`` names."""
    url = settings.database_url
    if url is None:
        return "ok", "SQLite in the data folder"
    if offline:
        return "ok", f"not asked: {sa_url(url)}"
    look = look_at(url, [table for table, _ in SCHEMAS.values()])
    server = f"PostgreSQL {'.'.join(map(str, look.version))} keeps UTF-8"
    newer = [
        name
        for (name, (_, migrations)), found in zip(SCHEMAS.items(), look.revisions, strict=True)
        if found is not None and found > newest(migrations)
    ]
    if newer:
        return "fail", f"{server}, but its {' and '.join(newer)} are of a newer version of Kilde. Update this one."
    if look.version[:1] < (OLDEST,):
        return "warn", f"{server}, but is maintained no more. Update it to {OLDEST} or newer."
    return "ok", f"{server}; {_schema(look.revisions)}"


def _schema(revisions: tuple[str | None, ...]) -> str:
    if None in revisions:
        return "the first start makes its tables"
    known = [newest(migrations) for _, migrations in SCHEMAS.values()]
    return "its tables are of this version" if list(revisions) == known else "the next start updates its tables"
