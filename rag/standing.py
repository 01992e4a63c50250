"""How a service stands, in one record and a few words. Pure.

In: figures of the index, and what is wrong with its parts. Out: a ``Readiness``. Refuses nothing: what can answer is
ready.
"""

from index.records import Stats
from rag.records import IndexState, Readiness, SharedState

_MESSAGES: dict[IndexState, str] = {
    "ok": "ready",
    "rebuilding": "the index is being rebuilt for new settings; the old one serves meanwhile",
    "degraded": "the derived vector store is unusable and being mended; dense search is exact, in memory",
}
_UNSHARED = "KILDE_CACHE_URL does not answer: this process counts and answers by itself"


def standing(
    stats: Stats, *, is_outdated: bool, is_degraded: bool, problem: str | None, shared: SharedState
) -> Readiness:
    """``problem``: what an audit found."""
    index: IndexState = "rebuilding" if is_outdated else "degraded" if is_degraded else "ok"
    message = _MESSAGES[index]
    if problem is not None:
        index, message = "damaged", problem
    if shared == "degraded":
        message = f"{message}; {_UNSHARED}"
    return Readiness(
        ready=True, articles=stats.articles, chunks=stats.chunks, index=index, message=message, shared=shared
    )
