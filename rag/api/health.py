"""``GET /health/live`` and ``GET /health/ready``: is the process up, can it answer.

Out: 200, or 503 while the service cannot answer, or will soon be gone. Refuses nothing.
"""

import msgspec
from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec

from rag.api.wiring import Wired
from rag.records import Readiness


class Liveness(msgspec.Struct, frozen=True, kw_only=True):
    live: bool = True


@get("/health/live", sync_to_thread=False)
def live() -> Liveness:
    """The process answers."""
    return Liveness()


@get("/health/ready", responses={503: ResponseSpec(Readiness, description="Not ready", generate_examples=False)})
async def ready(wiring: Wired) -> Response[Readiness]:
    """Whether questions can be answered, and from how much."""
    readiness = await wiring.backend.readiness()
    if wiring.closing.is_draining:
        readiness = msgspec.structs.replace(readiness, ready=False, message="the service is being stopped")
    return Response(readiness, status_code=200 if readiness.ready else 503)
