"""One limit holds for a visitor whichever process gets the request.

In: a running stack with the limit of its settings. Out: a row.
"""

from collections.abc import Iterator

from evals.benchmarks.table import Row, exactly
from evals.stack.sending import Log, Reader
from evals.stack.service import Stack

TAKEN, SENT = 60, 75
"""60/minute is what the settings leave."""


def rows(stack: Stack) -> Iterator[Row]:
    reader = Reader(stack.proxy, "10.7.0.1", Log())
    statuses = [reader.send("GET", "/v1/models").status_code for _ in range(SENT)]
    reader.close()
    yield exactly(f"requests taken of {SENT} that one visitor sent to both processes", statuses.count(200), TAKEN)
    yield exactly("the others were told to come back", statuses.count(429), SENT - TAKEN)
