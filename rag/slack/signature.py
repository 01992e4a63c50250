"""Whether a request comes from Slack.

In: the bytes of a request's body and two of its headers. Out: yes or no. Refuses a body that was written anew, even if
it means the same, and what is more than five minutes old or ahead.
"""

import re
import time
from collections.abc import Callable

from slack_sdk.signature import Clock, SignatureVerifier

_TIMESTAMP = re.compile(r"[0-9]{1,12}")
_SIGNATURE = re.compile(r"v0=[0-9a-f]{64}")


class _Clock(Clock):
    def __init__(self, now: Callable[[], float]) -> None:
        self.now = now  # type: ignore[method-assign]


class Signatures:
    """With one signing secret; compares in constant time."""

    def __init__(self, secret: str, now: Callable[[], float] = time.time) -> None:
        self._verifier = SignatureVerifier(secret, _Clock(now))

    def is_signed(self, body: bytes, timestamp: str, signature: str) -> bool:
        """Looks at the form first: the library raises on a timestamp that is no number and on other alphabets."""
        if not (_TIMESTAMP.fullmatch(timestamp) and _SIGNATURE.fullmatch(signature)):
            return False
        try:
            return self._verifier.is_valid(body, timestamp, signature)
        except UnicodeDecodeError:
            return False
