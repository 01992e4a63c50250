"""Log lines on stderr: JSON, one record a line, for machines; plain on a terminal. Each with its request's id.

In: log records of Kilde's own loggers, and warnings of libraries. Out: lines. What a reader asked or was told is in no
record: who logs sees to that, and what is unexpected is logged by its place alone (``unexpected.py``).
"""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

import msgspec

REQUEST_ID: ContextVar[str | None] = ContextVar("request_id", default=None)
FIELDS = "fields"
"""What a record has beside its message, as ``extra={FIELDS: {…}}``."""
_OWN = ("rag", "index", "evals")


def begin_logs(level: str) -> None:
    """Once a process. ``level`` is for Kilde's own records; libraries tell only warnings."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_PlainLines() if sys.stderr.isatty() else JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(level)


class JsonLines(logging.Formatter):
    """``time`` (UTC), ``level``, ``logger``, ``message``, ``request_id`` and the record's fields."""

    def format(self, record: logging.LogRecord) -> str:
        told = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": REQUEST_ID.get(),
            **getattr(record, FIELDS, {}),
        }
        if record.exc_info:
            told["exception"] = self.formatException(record.exc_info)
        return msgspec.json.encode(told).decode()


class _PlainLines(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        told = "".join(f" {name}={value}" for name, value in getattr(record, FIELDS, {}).items())
        return super().format(record) + told
