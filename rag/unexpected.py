"""What is logged of a failure that nobody foresaw.

In: an exception. Out: one line in the log, with its type and place and those of its causes; never a message, which may
hold what a reader asked. Refuses nothing.
"""

import logging
import traceback

_log = logging.getLogger(__name__)


def log_unexpected(exc: BaseException) -> None:
    """Type and place of the exception and of its causes; never their messages."""
    _log.error("unexpected %s", " from ".join(_places(exc)))


def _places(exc: BaseException | None) -> list[str]:
    told = []
    while exc is not None:
        frames = traceback.extract_tb(exc.__traceback__)[-5:]
        places = ", ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(frames))
        told.append(f"{type(exc).__name__} at {places}")
        exc = exc.__cause__
    return told
