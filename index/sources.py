"""The folders that articles come from, and what has changed in them since the last run.

In: paths to ingest and what the catalog remembers. Out: a plan, file by file. Refuses paths that do not exist and
folders that lie around a folder ingested before. Reads no article, only sizes, times and, where these moved, hashes.
"""

import hashlib
import re
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec

from index.catalog import Catalog
from index.catalog_records import FileState
from index.errors import InputError
from index.reading import DEFAULT_LIMITS, FailedFile, find_files


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a source: the whole folder, a folder within, or one file."""

    source_id: str
    root: Path
    inside: str = ""
    """Path of the part relative to the root; empty for all of it."""
    is_file: bool = False
    is_new: bool = False
    """Not in the catalog yet."""

    def covers(self, path: str) -> bool:
        return not self.inside or path == self.inside or (not self.is_file and path.startswith(f"{self.inside}/"))


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it lies on the disk now."""

    path: str
    size: int
    mtime_ns: int
    sha256: str


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What a run over one scope has to do. Paths are relative to the root, in order."""

    scope: Scope
    to_read: tuple[Seen, ...]
    known: dict[str, FileState]
    """Of the files to read, those that were seen before."""
    unchanged: tuple[FileState, ...]
    failed: tuple[FailedFile, ...]
    gone: tuple[FileState, ...]


def resolve_scopes(catalog: Catalog, paths: Sequence[str]) -> list[Scope]:
    """Scopes in the order of their paths, without those that lie in another; writes nothing. Raises InputError."""
    known = catalog.sources()
    scopes = []
    for path in paths:
        scope = _resolve(known, Path(path))
        known.setdefault(scope.source_id, str(scope.root))
        scopes.append(scope)
    return [scope for place, scope in enumerate(scopes) if not _is_named_otherwise(scope, place, scopes)]


def make_plan(catalog: Catalog, scope: Scope, *, site_url: str | None, today: date) -> Plan:
    """Compare the folder with what the catalog remembers of it."""
    states = {path: state for path, state in catalog.files(scope.source_id).items() if scope.covers(path)}
    found, failed = find_files(scope.root)
    paths = [path for path in found if scope.covers(path)]
    to_read: list[Seen] = []
    unchanged: list[FileState] = []
    for path in paths:
        seen, is_same = _look(scope.root, path, states.get(path))
        if is_same and _still_holds(states[path], site_url, today):
            unchanged.append(states[path])
        else:
            to_read.append(seen)
    unread = tuple(file.path for file in failed)
    return Plan(
        scope=scope,
        to_read=tuple(to_read),
        known={seen.path: states[seen.path] for seen in to_read if seen.path in states},
        unchanged=tuple(unchanged),
        failed=tuple(file for file in failed if scope.covers(file.path)),
        gone=tuple(
            state for path, state in sorted(states.items()) if path not in set(paths) and not _is_below(path, unread)
        ),
    )


def _resolve(sources: dict[str, str], path: Path) -> Scope:
    try:
        path = path.resolve()
        is_there = path.exists()
    except (OSError, ValueError, RuntimeError):  # too long, with a NUL, a link to itself
        is_there = False
    if not is_there:
        raise InputError(f"{path} does not exist. Name a folder of articles or a single file.", "paths")
    folder = path if path.is_dir() else path.parent
    for source_id, root in sources.items():
        if folder.is_relative_to(root):
            inside = path.relative_to(root).as_posix()
            return Scope(
                source_id=source_id, root=Path(root), inside="" if inside == "." else inside, is_file=path.is_file()
            )
        if Path(root).is_relative_to(folder) and path.is_dir():
            raise InputError(
                f"{root} inside {folder} was ingested on its own before, and its articles would be indexed twice. "
                "Ingest that folder, or use an empty KILDE_DATA_DIR for the larger one.",
                "paths",
            )
    source_id = _new_source_id(folder.name, sources)
    inside = path.name if path.is_file() else ""
    return Scope(source_id=source_id, root=folder, inside=inside, is_file=path.is_file(), is_new=True)


def _new_source_id(name: str, taken: dict[str, str]) -> str:
    stem = re.sub(r"[^\w.-]+", "-", name) or "articles"
    candidate, number = stem, 1
    while candidate in taken:
        number += 1
        candidate = f"{stem}-{number}"
    return candidate


def _look(root: Path, path: str, state: FileState | None) -> tuple[Seen, bool]:
    """The file as it is now, and whether its content is what the catalog remembers."""
    try:
        stat = (root / path).stat()
        size, mtime_ns = stat.st_size, stat.st_mtime_ns
        if state and (state.size, state.mtime_ns) == (size, mtime_ns):
            return Seen(path=path, size=size, mtime_ns=mtime_ns, sha256=state.sha256), True
        if size > DEFAULT_LIMITS.file_bytes:
            # Reading it is refused, and hashing a sparse file may never end.
            return Seen(path=path, size=size, mtime_ns=mtime_ns, sha256=""), False
        with (root / path).open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        # Reading it will fail too, and say why.
        return Seen(path=path, size=-1, mtime_ns=-1, sha256=""), False
    seen = Seen(path=path, size=size, mtime_ns=mtime_ns, sha256=sha256)
    return seen, state is not None and state.sha256 == sha256


def _is_named_otherwise(scope: Scope, place: int, scopes: Sequence[Scope]) -> bool:
    """Whether another of the scopes covers this one; of equal ones the first stays."""
    return any(
        other.source_id == scope.source_id
        and (other.covers(scope.inside) if scope.inside else not other.inside)
        and (at < place or other.inside != scope.inside)
        for at, other in enumerate(scopes)
        if at != place
    )


def _is_below(path: str, folders: tuple[str, ...]) -> bool:
    """Whether the path is one of these, or lies in one of them."""
    return any(folder in (".", path) or path.startswith(f"{folder}/") for folder in folders)


def _still_holds(state: FileState, site_url: str | None, today: date) -> bool:
    if state.outcome == "failed" or (state.expires is not None and state.expires <= today.isoformat()):
        return False
    if state.article_id is None and state.checked_on != today.isoformat():
        return False
    return state.site_url == site_url
