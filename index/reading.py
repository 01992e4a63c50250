"""Folders and paths in, articles out, safely: every file is parsed in a child process with limits on time and memory.

The limit on time counts the child's own processor time: on a machine that is busy with other things no file is lost.
Refuses, each as one ``FailedFile``: links out of the folder, what is no regular file, names that are not UTF-8, files
over the size limit, and files that kill or stall the child, which is then replaced. No run fails because of one file.
"""

import os
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from multiprocessing import Pipe
from pathlib import Path
from signal import SIGPROF

import msgspec

from index.errors import StorageError
from index.readers.suffixes import SUFFIXES
from index.readers.wire import Reply, Request
from index.records import Article, Skipped

_START_TIMEOUT_S = 120
_UNWALKED = frozenset({"node_modules"})
_Found = Article | Skipped


class FailedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that could not be read, with the reason and where possible the way out."""

    path: str
    reason: str


class ReadingLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What one file may cost."""

    file_bytes: int = 8 * 1024 * 1024
    seconds: float = 4.5
    """Of processor time; with what follows no file takes more than five."""
    wait_seconds: float = 60.0
    """By the clock, for a child that gets no processor time; then the file is tried once more."""
    memory_bytes: int = 512 * 1024 * 1024


DEFAULT_LIMITS = ReadingLimits()


def read_files(
    root: Path,
    paths: Sequence[str],
    *,
    today: date,
    site_url: str | None = None,
    limits: ReadingLimits = DEFAULT_LIMITS,
) -> Iterator[Article | Skipped | FailedFile]:
    """One result per path, in order. ``paths`` are relative to ``root``, with forward slashes."""
    return read_folders([(root, paths)], today=today, site_url=site_url, limits=limits)


def read_folders(
    folders: Iterable[tuple[Path, Sequence[str]]],
    *,
    today: date,
    site_url: str | None = None,
    limits: ReadingLimits = DEFAULT_LIMITS,
) -> Iterator[Article | Skipped | FailedFile]:
    """The same for several folders with their paths, one after another, by one child process."""
    with closing(Parser(limits)) as parser:
        for root, paths in folders:
            for path in paths:
                loaded = load_file(root, path, today=today, site_url=site_url, limits=limits)
                yield parser.parse(loaded) if isinstance(loaded, Request) else loaded


def load_file(
    root: Path, path: str, *, today: date, site_url: str | None = None, limits: ReadingLimits = DEFAULT_LIMITS
) -> Request | FailedFile:
    """What a parser is to be given: the bytes of one file of the folder."""
    try:
        data = _load(root, path, limits.file_bytes)
    except _FileError as exc:
        return FailedFile(path=_printable(path), reason=str(exc))
    return Request(path=path, data=data, today=today, site_url=site_url)


def find_files(root: Path) -> tuple[list[str], list[FailedFile]]:
    """All readable files below ``root``, sorted, and what had to be left aside. Follows no links to folders.

    A link to a file inside ``root`` is passed over in silence: the file itself is found.
    """
    root = root.resolve()
    found: list[str] = []
    failed: list[FailedFile] = []
    folders = [root]
    while folders:
        folder = folders.pop()
        try:
            with os.scandir(folder) as entries:
                listed = list(entries)
        except OSError as exc:
            failed.append(
                FailedFile(path=_relative(root, folder), reason=f"The folder cannot be read: {exc.strerror}.")
            )
            continue
        for entry in listed:
            reason = _reason_to_leave(root, entry)
            if reason:
                failed.append(FailedFile(path=_relative(root, Path(entry.path)), reason=reason))
            elif _is_walked(entry):
                folders.append(Path(entry.path))
            elif _is_read(entry):
                found.append(Path(entry.path).relative_to(root).as_posix())
    return sorted(found), sorted(failed, key=lambda file: file.path)


class _FileError(Exception):
    """Why one file is not read."""


class Parser:
    """Starts its child with the first file, and a new one after each that was lost."""

    def __init__(self, limits: ReadingLimits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._process: subprocess.Popen[bytes] | None = None

    def parse(self, request: Request) -> Article | Skipped | FailedFile:
        try:
            return self._parse(request)
        except _FileError as exc:
            return FailedFile(path=_printable(request.path), reason=str(exc))

    def _parse(self, request: Request) -> _Found:
        try:
            reply = self._reply_to(request)
        except TimeoutError:
            reply = self._reply_again(request)
        found = reply.article or reply.skipped
        if found is None:
            raise _FileError(reply.failed or "The file cannot be parsed.")
        return found

    def _reply_again(self, request: Request) -> Reply:
        """From a new child: the machine may have slept, or been too busy for the first one."""
        try:
            return self._reply_to(request)
        except TimeoutError as exc:
            waited = f"{self._limits.wait_seconds:g} seconds"
            raise _FileError(f"Parsing the file did not end within {waited}, twice; try again later.") from exc

    def _reply_to(self, request: Request) -> Reply:
        if self._process is None:
            self._start()
        try:
            self._pipe.send_bytes(msgspec.msgpack.encode(request))
            return self._receive(self._limits.wait_seconds)
        except TimeoutError:
            self.close()
            raise
        except (EOFError, OSError) as exc:
            raise _FileError(f"Parsing the file {self._why_it_ended()}; split or simplify it.") from exc

    def _why_it_ended(self) -> str:
        process = self._process
        self.close()
        if process is not None and process.returncode == -SIGPROF:
            return f"took more than {self._limits.seconds:g} seconds of processor time"
        return "used up memory or crashed its process"

    def close(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._pipe.close()
            self._process = None

    def _start(self) -> None:
        try:
            self._launch()
        except OSError as exc:
            raise StorageError(
                f"The process that parses files cannot be started: {exc.strerror or exc}. Let fewer files be open, or "
                "more (`ulimit -n`), then try again."
            ) from exc
        try:
            self._receive(_START_TIMEOUT_S)
        except (TimeoutError, EOFError, OSError) as exc:
            self.close()
            raise _FileError("The parsing process cannot start; it may need more memory.") from exc

    def _launch(self) -> None:
        self._pipe, far_end = Pipe()
        command = (str(far_end.fileno()), str(self._limits.memory_bytes), str(self._limits.seconds))
        with far_end:
            self._process = subprocess.Popen(
                # -P: nothing in the folder that we happen to run in may pose as a library.
                [sys.executable, "-P", "-m", "index.readers.child", *command],
                pass_fds=[far_end.fileno()],
                env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )

    def _receive(self, seconds: float) -> Reply:
        if not self._pipe.poll(seconds):
            raise TimeoutError
        return msgspec.msgpack.decode(self._pipe.recv_bytes(), type=Reply)


def _load(root: Path, path: str, file_bytes: int) -> bytes:
    if _printable(path) != path:
        raise _FileError("The file's name is not valid UTF-8; rename it.")
    file = root / path
    try:
        if not file.resolve().is_relative_to(root.resolve()):
            raise _FileError("The path leads out of the folder that is read.")
        # A fifo or a device would block or never end: look before reading, on the very file that is open.
        with os.fdopen(os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise _FileError("It is not a regular file.")
            data = opened.read(file_bytes + 1)
    except (OSError, ValueError, RuntimeError) as exc:
        raise _FileError(f"The file cannot be opened: {getattr(exc, 'strerror', None) or exc}.") from exc
    if len(data) > file_bytes:
        raise _FileError(f"The file is larger than {file_bytes // 1024} KB; split it.")
    return data


def _reason_to_leave(root: Path, entry: os.DirEntry[str]) -> str | None:
    """Why an entry that looks like an article, or like a folder of them, must not be read; None if it may."""
    is_article = entry.name.lower().endswith(SUFFIXES)
    if _is_ignored(entry.name) or not (is_article or _is_folder(entry)):
        return None
    if _printable(entry.name) != entry.name:
        return "The name is not valid UTF-8; rename it."
    if entry.is_symlink():
        return (
            None if _leads_inside(root, Path(entry.path)) else "It is a link that leads out of the folder or nowhere."
        )
    if not _is_folder(entry) and not entry.is_file():
        return "It is not a regular file."
    return None


def _leads_inside(root: Path, link: Path) -> bool:
    try:
        return link.resolve(strict=True).is_relative_to(root)
    except (OSError, RuntimeError):
        return False


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_walked(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and not _is_ignored(entry.name)


def _is_read(entry: os.DirEntry[str]) -> bool:
    is_article = entry.name.lower().endswith(SUFFIXES) and not _is_ignored(entry.name)
    return is_article and entry.is_file(follow_symlinks=False)


def _is_ignored(name: str) -> bool:
    return name.startswith(".") or name in _UNWALKED


def _relative(root: Path, path: Path) -> str:
    return _printable(path.relative_to(root).as_posix())


def _printable(path: str) -> str:
    return os.fsencode(path).decode("utf-8", errors="replace")
