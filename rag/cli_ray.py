"""An engine that ingests on a Ray cluster: ``kilde ingest --ray ADDRESS``.

In: settings, and ``local``, ``host:port`` or ``ray://host:port``. Out: an ``InProcess``, open for one command, whose
workers read, chunk and embed while this process alone writes. Refuses a data folder that another process owns
(BusyError), and what ``index/cluster.py`` refuses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rag.errors import BusyError
from rag.settings import Settings

if TYPE_CHECKING:
    from rag.in_process import InProcess


@contextmanager
def open_on_ray(settings: Settings, address: str) -> Iterator["InProcess"]:
    from index.cluster import connected, hired
    from index.model_identity import model_fingerprint
    from rag.encoders import model_identity, worker_encoder_maker
    from rag.in_process import InProcess
    from rag.owner import Owner, running_service
    from rag.runtime import open_runtime

    if (service := running_service(settings.data_path)) is not None:
        raise BusyError(
            f"The service at {service.url} owns the data folder and ingests by itself. Stop it before an ingest on "
            "Ray, or leave --ray away."
        )
    fingerprint = model_fingerprint(model_identity(settings))
    with (
        Owner.acquire(settings.data_path),
        connected(address),
        hired(worker_encoder_maker(settings), fingerprint) as workers,
        InProcess(open_runtime(settings, workers)) as engine,
    ):
        yield engine
