"""What the process that ingests and the one that parses for it say to each other. Imports no reader.

In and out: records, as MessagePack over a pipe. One request is answered by one reply.
"""

from datetime import date

import msgspec

from index.records import Article, Skipped


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """One file to parse."""

    path: str
    data: bytes
    today: date
    site_url: str | None


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Exactly one of the three; an empty reply says that the process is ready."""

    article: Article | None = None
    skipped: Skipped | None = None
    failed: str | None = None
