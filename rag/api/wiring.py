"""What every route is given.

In: the backend and the limits. Out: one frozen record, which the routes take as ``wiring``. Refuses nothing.
"""

import os

import msgspec
from litestar.di import NamedDependency
from litestar.params import SkipValidation

from rag.api.admission import Admission
from rag.api.backend import Backend
from rag.api.closing import Closing
from rag.api.stops import Stops
from rag.api.stores import Owners
from rag.settings import Settings

CORES = os.cpu_count() or 1


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Bounds of one process."""

    running: int = 8 * CORES
    """Answers and searches that the machine works for at once."""
    waiting: int = 12 * CORES
    """Those that wait for one of these; whoever comes then is refused. A core makes about five answers a second, so
    that nobody waits for longer than that."""
    streams: int = 4096
    """Answers that are open at all, also where only an LLM or a reader is waited for."""
    keep_alive_s: float = 15.0


def limits_for(settings: Settings) -> Limits:
    """With room for every request that an LLM is asked at once: a turn that waits for it costs next to nothing, and
    what turns compute is bounded elsewhere."""
    usual = Limits()
    if settings.llm_base_url is None:
        return usual
    return msgspec.structs.replace(usual, running=usual.running + settings.llm_requests_at_once)


class Wiring(msgspec.Struct, frozen=True, kw_only=True):
    """The parts behind the routes."""

    backend: Backend
    admission: Admission
    closing: Closing
    stops: Stops
    owners: Owners
    limits: Limits


Wired = NamedDependency[SkipValidation[Wiring]]
