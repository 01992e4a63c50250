"""A suite: golden questions, the articles that they are asked about, and what is kept of earlier runs.

In: the name of a suite that comes with Kilde (``golden``), or a TOML file of the same form, whose paths are relative to
it. Out: a ``Suite`` with its cases in the order of files and lines. Refuses a file that does not exist, an unknown
field, and an id used in two files.

Beside the TOML file lies ``NAME.sha256``, the fingerprint of the articles that the questions were checked against.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import msgspec

from evals.golden import Case, load_cases
from index.languages import base
from rag.errors import ConfigurationError, InputError

SUITES = Path(__file__).parent / "suites"


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the TOML file holds."""

    questions: tuple[str, ...]
    """Patterns of JSON lines files."""
    corpus: str
    """Folder of articles."""
    gate: str
    baselines: str


class Suite(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a suite but the articles themselves."""

    name: str
    cases: tuple[Case, ...]
    corpus: Path
    gate: Path
    baselines: Path
    fingerprint_file: Path

    @property
    def questions_sha256(self) -> str:
        """Of the cases, however they are spread over files."""
        return hashlib.sha256(msgspec.json.encode(self.cases)).hexdigest()

    @property
    def corpus_sha256(self) -> str | None:
        """Fingerprint of the articles that the questions were last checked against."""
        if not self.fingerprint_file.is_file():
            return None
        return self.fingerprint_file.read_text(encoding="ascii").strip()


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Which cases are wanted; an empty field lets all through, several values of one field are alternatives."""

    ids: tuple[str, ...] = ()
    """Patterns, with ``*`` and ``?``."""
    tags: tuple[str, ...] = ()
    langs: tuple[str, ...] = ()
    """Of the question; ``pt`` also lets ``pt-BR`` through."""

    def lets_through(self, case: Case) -> bool:
        return (
            (not self.ids or any(fnmatchcase(case.id, pattern) for pattern in self.ids))
            and (not self.tags or not set(self.tags).isdisjoint(case.tags))
            and (not self.langs or case.lang in self.langs or base(case.lang) in self.langs)
        )


def load_suite(name: str) -> Suite:
    """Raises InputError for a suite or file that is not there, ConfigurationError for an ill-formed one."""
    file = Path(name) if name.endswith(".toml") else SUITES / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in SUITES.glob("*.toml")))
        raise InputError(f"There is no suite {name!r}. Name one of {known}, or the TOML file of your own.", "suite")
    try:
        given = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), _File)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as exc:
        raise ConfigurationError(f"{file} is no suite: {exc}.") from exc
    folder = file.parent
    return Suite(
        name=file.stem,
        cases=_load_all(_matching(folder, given.questions)),
        corpus=(folder / given.corpus).resolve(),
        gate=(folder / given.gate).resolve(),
        baselines=(folder / given.baselines).resolve(),
        fingerprint_file=file.with_suffix(".sha256"),
    )


def select(suite: Suite, selection: Selection) -> Suite:
    """The suite with the wanted cases only. Raises InputError when none is left."""
    cases = tuple(filter(selection.lets_through, suite.cases))
    if not cases:
        raise InputError(f"No question of {suite.name} is left by these filters.", "suite")
    return msgspec.structs.replace(suite, cases=cases)


def _matching(folder: Path, patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        parent = (folder / pattern).parent.resolve()
        files = sorted(parent.glob(Path(pattern).name))
        if not files:
            raise InputError(f"There is no file {parent / Path(pattern).name} with questions.", "suite")
        yield from files


def _load_all(files: Iterable[Path]) -> tuple[Case, ...]:
    loaded: dict[str, tuple[Case, Path]] = {}
    for file in files:
        for case in load_cases(file):
            if case.id in loaded:
                raise InputError(f"The id {case.id!r} is used in {loaded[case.id][1].name} and in {file.name}.")
            loaded[case.id] = (case, file)
    return tuple(case for case, _ in loaded.values())
