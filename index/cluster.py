"""Workers on a Ray cluster: the only file that knows Ray.

In: ``local``, ``host:port`` or ``ray://host:port``, and how a worker makes its encoder. Out: a ``RayWorkers``, one
worker for every free core; they and what was started here end with the block. A cluster started here listens on this
machine's own addresses only, wants a token that nobody else has, and reports its use to nobody. Raises
ConfigurationError where Ray is missing, no cluster answers, or a worker is not like this process; BusyError where no
core is free; what a worker raises on purpose as it was raised; and KildeError when workers are lost for good.
"""

import os
import re
import secrets
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from index.errors import BusyError, ConfigurationError, KildeError
from index.reading import FailedFile
from index.records import Encoder, PassageVectors
from index.spread import CALLS_PER_WORKER
from index.worker import Found, LoadedFile, Nature, Worker, nature_of

LOCAL = "local"
START_TIMEOUT_S = 300
"""For unpacking and loading the model, on a machine that is busy."""
FREE_TIMEOUT_S = 30
WORKER_BYTES = 1 << 30
"""Memory that a worker is counted with."""
JOIN_TRIES = 3
"""A cluster starts a program for each who joins from elsewhere; now and then that dies as it starts."""
RETRIES = 3
"""How often a lost worker is replaced, and a call made anew: reading and embedding change nothing."""
OBJECT_STORE_BYTES = 256 * 1024 * 1024

_ADDRESS = re.compile(r"(ray://)?[^\s/]+:\d+")


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A cluster started on this machine for as long as the block lasts, or one that is there already."""
    if address != LOCAL and not _ADDRESS.fullmatch(address):
        raise _no_cluster(address, "no address")
    silence = {"RAY_USAGE_STATS_ENABLED": "0"}
    with _environment({**_enclosure(), **silence} if address == LOCAL else silence):
        ray = _imported()
        with tempfile.TemporaryDirectory(prefix="kilde-ray-", ignore_cleanup_errors=True) as folder:
            try:
                _start(ray, folder) if address == LOCAL else _join(ray, address)
                yield
            finally:
                ray.shutdown()


@contextmanager
def hired(
    make_encoder: Callable[[], Encoder], model_fingerprint: str, *, start_timeout_s: float = START_TIMEOUT_S
) -> Iterator["RayWorkers"]:
    """A worker for every free core of the cluster that this process is connected to."""
    ray = _imported()
    count = _free_places(ray)
    hire = ray.remote(
        num_cpus=1,
        memory=WORKER_BYTES,
        max_restarts=RETRIES,
        max_task_retries=RETRIES,
        # Ray's client knows no groups of calls, so there is a thread for every call that may be open.
        max_concurrency=2 * CALLS_PER_WORKER,
    )(Worker)
    actors = [hire.remote(make_encoder, model_fingerprint) for _ in range(count)]
    try:
        _refuse_others(_natures(ray, actors, start_timeout_s), nature_of(model_fingerprint))
        yield RayWorkers(ray, actors)
    finally:
        for actor in actors:
            ray.kill(actor)


class RayWorkers:
    """The ``Workers`` of ``index/spread.py``. Reading does not wait for embedding; calls go where fewest wait."""

    def __init__(self, ray: ModuleType, actors: list[Any]) -> None:
        self._ray = ray
        self._actors = actors
        self._waiting = {name: [0] * len(actors) for name in ("read", "encode")}
        self._counting = threading.Lock()

    @property
    def count(self) -> int:
        return len(self._actors)

    def read(self, files: Sequence[LoadedFile | FailedFile]) -> Future[list[Found]]:
        return self._call("read", files)

    def encode(self, texts: list[str]) -> Future[PassageVectors]:
        return self._call("encode", texts)

    def _call(self, name: str, argument: object) -> Future[Any]:
        with self._counting:
            waiting = self._waiting[name]
            place = min(range(len(waiting)), key=waiting.__getitem__)
            waiting[place] += 1
        answer: Future[Any] = Future()

        def answered(future: Future[Any]) -> None:
            with self._counting:
                waiting[place] -= 1
            _pass_on(self._ray, future, answer)

        getattr(self._actors[place], name).remote(argument).future().add_done_callback(answered)
        return answer


def _imported() -> ModuleType:
    try:
        import ray
    except ModuleNotFoundError as exc:
        raise ConfigurationError("Ray is not installed. Install it: pip install 'kilde[ray]'") from exc
    return ray


def _enclosure() -> dict[str, str]:
    """Loopback addresses alone, and a token that is kept in no file."""
    return {
        "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
        "RAY_AUTH_MODE": "token",
        "RAY_AUTH_TOKEN": secrets.token_hex(32),
    }


def _start(ray: ModuleType, folder: str) -> None:
    ray.init(
        address=LOCAL,
        num_cpus=len(os.sched_getaffinity(0)),
        object_store_memory=OBJECT_STORE_BYTES,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
        _temp_dir=folder,
    )


def _join(ray: ModuleType, address: str) -> None:
    for tried in range(1, JOIN_TRIES + 1):
        try:
            ray.init(address=address, log_to_driver=False, configure_logging=False)
        except (ConnectionError, ValueError, RuntimeError, ray.exceptions.RayError) as exc:
            if not isinstance(exc, ConnectionAbortedError) or tried == JOIN_TRIES:
                raise _no_cluster(address, str(exc).strip().partition("\n")[0]) from exc
            ray.shutdown()
        else:
            return


def _no_cluster(address: str, reason: str) -> ConfigurationError:
    return ConfigurationError(
        f"No Ray cluster can be joined at {address} ({reason}). Name one as host:port from a machine that belongs to "
        f"it, or as ray://host:10001 from any, with RAY_AUTH_TOKEN where it wants a token; `--ray {LOCAL}` starts one "
        "here."
    )


def _free_places(ray: ModuleType) -> int:
    """For workers; at least one. Waits a while, since what ended a moment ago may still be counted."""
    deadline = time.monotonic() + FREE_TIMEOUT_S
    while time.monotonic() < deadline:
        free = ray.available_resources()
        if count := min(int(free.get("CPU", 0)), int(free.get("memory", 0)) // WORKER_BYTES):
            return count
        time.sleep(0.2)
    raise BusyError("No core with a gigabyte of memory is free in the Ray cluster. Try again when one is.")


def _natures(ray: ModuleType, actors: list[Any], timeout_s: float) -> list[Nature]:
    try:
        found: list[Nature] = ray.get([actor.nature.remote() for actor in actors], timeout=timeout_s)
    except ray.exceptions.GetTimeoutError as exc:
        raise BusyError(f"The Ray workers were not ready within {timeout_s:g} seconds. Try again later.") from exc
    except ray.exceptions.RayActorError as exc:
        reason = str(exc).strip().rpartition("\n")[2]
        raise ConfigurationError(
            f"A Ray worker cannot start ({reason}). Every machine of the cluster needs the same installation of Kilde."
        ) from exc
    except ray.exceptions.RayError as exc:
        raise _translated(ray, exc) from exc
    return found


def _refuse_others(found: list[Nature], own: Nature) -> None:
    """Their vectors would not be those of a single process: nobody could tell which of the two search is right."""
    for nature in found:
        if nature != own:
            different = [
                f"{name} {getattr(nature, name)!r} there and {getattr(own, name)!r} here"
                for name in Nature.__struct_fields__
                if getattr(nature, name) != getattr(own, name)
            ]
            raise ConfigurationError(
                f"A Ray worker would not compute what this process would: {'; '.join(different)}. "
                "Use the same release, libraries and kind of processor everywhere."
            )


def _pass_on(ray: ModuleType, done: Future[Any], answer: Future[Any]) -> None:
    error = done.exception()
    if error is None:
        answer.set_result(done.result())
    else:
        answer.set_exception(_translated(ray, error))


def _translated(ray: ModuleType, error: BaseException) -> BaseException:
    """What was raised in the worker, or that the worker is lost."""
    if isinstance(error, ray.exceptions.RayTaskError):
        cause: BaseException = error.cause
        return cause
    if isinstance(error, ray.exceptions.RayError):
        return KildeError(
            f"A Ray worker was lost {RETRIES + 1} times ({type(error).__name__}); it may need more memory. What was "
            "embedded is kept: the next run goes on from there."
        )
    return error


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """In force while the block lasts: what Ray starts takes them from here."""
    before = {name: os.environ.get(name) for name in values}
    os.environ |= values
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
