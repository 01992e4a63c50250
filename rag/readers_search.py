"""A reader's search: what he typed as a query, the closer look, and hits as he gets them.

In: a request, and the search of the index. Out: hits, best first, with the time taken. Raises InputError for a request
that cannot be searched.
"""

import time
from collections.abc import Callable
from datetime import date

from index.closer_look import READ, looked_closer
from index.languages import detect_question
from index.records import Hit, ReadPairs
from index.search import Query
from rag.records import SearchHit, SearchRequest, SearchResponse
from rag.relative_dates import with_dates
from rag.validate import check_search


def searched(
    request: SearchRequest, find: Callable[[Query], tuple[Hit, ...]], today: date, read_across: ReadPairs
) -> SearchResponse:
    """``today``: what "last year" is counted from."""
    began = time.perf_counter()
    request = check_search(request)
    lang = detect_question(request.query)
    query = Query(
        text=with_dates(request.query, lang, today),
        lang=lang,
        top_k=max(request.top_k, READ),
        filters=request.filters,
        group_works=request.group_works,
    )
    found = looked_closer(query.text, lang, find(query), read_across)
    hits = tuple(_for_readers(hit) for hit in found[: request.top_k])
    return SearchResponse(hits=hits, timings_ms={"total": round(1000 * (time.perf_counter() - began))})


def _for_readers(hit: Hit) -> SearchHit:
    return SearchHit(
        chunk_id=hit.chunk_id,
        article_id=hit.article_id,
        work_id=hit.work_id,
        path=hit.path,
        lang=hit.lang,
        title=hit.title,
        heading=" › ".join(hit.headings) or None,
        text=hit.text,
        start=hit.start,
        end=hit.end,
        score=hit.score,
        url=hit.url,
    )
