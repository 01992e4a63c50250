"""What can go wrong in the index, by what the caller can do about it.

    KildeError
    ├── InputError        fix the input: a path, an article, a question, a filter
    │   └── UnreadableFileError    one file cannot be read as an article; the others can
    ├── BusyError         retry: another process owns the data folder, or a limit is reached
    │   └── StorageError  free what is short, then retry: nothing can be stored, what is stored can be read
    ├── ConfigurationError    configure: a setting, a missing model, a store of another version
    └── StoreGoneError    go on without: the derived store is gone or fails; never reaches a caller of search

Every message names what is wrong and the way out. ``rag/errors.py`` adds the branches of answering.
"""


class KildeError(Exception):
    """Base of every error that Kilde raises on purpose."""

    code = "internal_error"
    retryable = False


class InputError(KildeError):
    """The caller's input cannot be used as it is."""

    code = "invalid_request"

    def __init__(self, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class UnreadableFileError(InputError):
    """One file cannot be read as an article."""

    code = "unreadable_file"


class BusyError(KildeError):
    """Another process holds what is needed; the same call may succeed later."""

    code = "busy"
    retryable = True


class StorageError(BusyError):
    """The disk is full or read-only, no file can be opened, or the database does not answer."""

    code = "storage"


class ConfigurationError(KildeError):
    """Settings or installation have to be changed before this can work."""

    code = "configuration"


class StoreGoneError(KildeError):
    """The derived store was dropped for a newer generation, or cannot be read; what it knew is in the catalog."""

    code = "store_gone"
    retryable = True
