"""What is logged of an exception that nobody expected: its type and place, and those of its causes.

In: the exception. Out: one line in the log. Refuses to tell their messages: they may hold what a reader asked.
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
