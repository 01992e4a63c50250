"""Every error Kilde raises on purpose, by what the caller can do about it.

    KildeError                      (index/errors.py)
    ├── InputError                  fix the input                       400, exit 3
    │   ├── UnreadableFileError          one file; the others go on
    │   └── NotFoundError           no such article, conversation, …    404, exit 1
    ├── BusyError                   retry later                         503, exit 2
    │   └── StorageError                 free what is short first
    ├── UnreachableError            the service that was asked is gone  exit 2
    │   ├── LlmError                the LLM's endpoint failed; no reader meets it
    │   └── SharedMemoryGoneError   the server of KILDE_CACHE_URL failed; no reader meets it
    └── ConfigurationError          change a setting                    exit 3

"The articles do not say" is not here: it is an answer.
"""

from index.errors import BusyError, ConfigurationError, InputError, KildeError, StorageError, UnreadableFileError

__all__ = [
    "BusyError",
    "ConfigurationError",
    "InputError",
    "KildeError",
    "LlmError",
    "NotFoundError",
    "SharedMemoryGoneError",
    "StorageError",
    "UnreachableError",
    "UnreadableFileError",
    "no_conversation",
    "no_message",
]


class NotFoundError(InputError):
    """The id is well-formed but names nothing."""

    code = "not_found"


def no_conversation(conversation_id: str) -> NotFoundError:
    """The same words whether it is another's or not there at all."""
    return NotFoundError(
        f"There is no conversation {conversation_id!r}. Without a conversation_id a question begins one.",
        "conversation_id",
    )


def no_message(message_id: str) -> NotFoundError:
    """The same words whether it is another's or not there at all."""
    return NotFoundError(f"There is no message {message_id!r}. Its id is in the answer, as message_id.", "message_id")


class UnreachableError(KildeError):
    """The running service does not answer."""

    code = "unreachable"


class SharedMemoryGoneError(UnreachableError):
    """What processes share cannot be had; each goes on by itself."""

    code = "shared_memory_gone"


class LlmError(UnreachableError):
    """The LLM's endpoint failed, in whatever way; the answer is made without it."""

    code = "llm_unavailable"

    def __init__(
        self,
        message: str,
        *,
        detail: str = "",
        may_retry: bool = False,
        is_outage: bool = False,
        retry_after_s: float = 0.0,
    ) -> None:
        """``detail``: in the endpoint's own words, which may repeat what it was sent. ``may_retry``: whether the same
        request may succeed, after ``retry_after_s``. ``is_outage``: whether others are likely to fail too."""
        super().__init__(f"{message}: {detail}" if detail else f"{message}.")
        self.logged = f"{message}."
        self.may_retry = may_retry
        self.is_outage = is_outage
        self.retry_after_s = retry_after_s
