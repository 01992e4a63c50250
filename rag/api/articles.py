"""``GET /v1/articles`` and ``GET /v1/articles/{id}``: what is indexed, and the text that every quote is a slice of.

In: an article id. Out: article records. Refuses an unknown id with 404.
"""

from litestar import get
from litestar.params import FromPath

from index.records import ArticleDetail, ArticleSummary
from rag.api.responses import FOR_PROGRAMS, FOR_READERS, refusals
from rag.api.wiring import Wired
from rag.validate import check_id


@get("/v1/articles", responses=refusals(401, 403, 429), security=FOR_PROGRAMS)
async def list_articles(wiring: Wired) -> tuple[ArticleSummary, ...]:
    """All indexed articles, by path."""
    return await wiring.backend.articles()


@get("/v1/articles/{article_id:str}", responses=refusals(400, 401, 403, 404, 429), security=FOR_READERS)
async def read_article(article_id: FromPath[str], wiring: Wired) -> ArticleDetail:
    """One article with its canonical text."""
    return await wiring.backend.article(check_id(article_id, "article_id"))
