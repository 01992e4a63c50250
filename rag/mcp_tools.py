"""The tools that other programs' language models are given: search, fetch and ask; all of them only read.

In: a tool's name and its arguments as decoded from JSON. Out: a record. Refuses with InputError arguments that a tool
does not take, and with NotFoundError a tool or an article that there is not.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Protocol, TypeVar

import msgspec

from index.records import ArticleDetail
from rag.article_address import shown_at
from rag.errors import InputError, NotFoundError
from rag.records import Answer, Question, Record, SearchRequest, SearchResponse
from rag.validate import check_id, check_question, check_search

T = TypeVar("T", bound=Record)
FOUND = 20
"""Passages that a search takes its articles from."""


class Library(Protocol):
    """What the tools need of the service."""

    async def answer(self, question: Question) -> Answer: ...

    async def search(self, request: SearchRequest) -> SearchResponse: ...

    async def article(self, article_id: str) -> ArticleDetail:
        """Raises NotFoundError."""
        ...


class SearchArguments(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    query: Annotated[str, msgspec.Meta(description="What to look for, in any language.")]


class FetchArguments(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    id: Annotated[str, msgspec.Meta(description="Of an article, from a result of search.")]


class AskArguments(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    question: Annotated[str, msgspec.Meta(description="One question that can be understood alone.")]
    lang: Annotated[str | None, msgspec.Meta(description="Language of the answer, such as de or pt-BR.")] = None


class Found(Record, frozen=True, kw_only=True):
    id: str
    title: str
    url: str | None
    """Public, or in the service that answers; None where there is neither."""


class SearchResults(Record, frozen=True, kw_only=True):
    results: tuple[Found, ...]
    """Articles, best first."""


class Metadata(Record, frozen=True, kw_only=True):
    lang: str
    path: str
    published: str | None
    modified: str | None
    work_id: str
    other_langs: tuple[str, ...]
    content_sha256: str


class Document(Record, frozen=True, kw_only=True):
    id: str
    title: str
    text: str
    url: str | None
    metadata: Metadata


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """One tool as it is announced."""

    name: str
    title: str
    description: str
    takes: type[Record]
    gives: type[Record]
    run: Callable[[Library, Any, str | None], Awaitable[Record]]


async def call(library: Library, name: str, arguments: Mapping[str, Any], service: str | None = None) -> Record:
    """What the tool of that name gives. ``service``: the address of the one that answers."""
    tool = TOOLS.get(name)
    if tool is None:
        raise NotFoundError(f"There is no tool {name[:100]!r}. There are {', '.join(TOOLS)}.", "name")
    return await tool.run(library, _taken(arguments, tool.takes), service)


def _taken(arguments: Mapping[str, Any], kind: type[T]) -> T:
    try:
        return msgspec.convert(arguments, kind)
    except msgspec.ValidationError as exc:
        raise InputError(f"{exc}.") from exc


async def _search(library: Library, asked: SearchArguments, service: str | None) -> SearchResults:
    request = check_search(SearchRequest(query=asked.query, top_k=FOUND))
    found = await library.search(request)
    articles: dict[str, Found] = {}
    for hit in found.hits:
        url = hit.url or _shown_at(service, hit.article_id)
        articles.setdefault(hit.article_id, Found(id=hit.article_id, title=hit.title, url=url))
    return SearchResults(results=tuple(articles.values()))


async def _fetch(library: Library, asked: FetchArguments, service: str | None) -> Document:
    article = await library.article(check_id(asked.id, "id"))
    metadata = Metadata(**{name: getattr(article, name) for name in Metadata.__struct_fields__})
    url = article.url or _shown_at(service, article.article_id)
    return Document(id=article.article_id, title=article.title, text=article.text, url=url, metadata=metadata)


def _shown_at(service: str | None, article_id: str) -> str | None:
    return None if service is None else shown_at(service, article_id)


async def _ask(library: Library, asked: AskArguments, _service: str | None) -> Answer:
    return await library.answer(check_question(Question(question=asked.question, answer_lang=asked.lang)))


TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            name="search",
            title="Search the articles",
            description="Finds the articles that say most about a query, in whatever language they are, best first.",
            takes=SearchArguments,
            gives=SearchResults,
            run=_search,
        ),
        Tool(
            name="fetch",
            title="Read an article",
            description="Gives the whole text of one article, with its language and dates.",
            takes=FetchArguments,
            gives=Document,
            run=_fetch,
        ),
        Tool(
            name="ask",
            title="Ask the articles",
            description=(
                "Answers a question from the articles alone, in the language of the question, with the exact words"
                " that support each sentence. status not_found means that the articles do not say."
            ),
            takes=AskArguments,
            gives=Answer,
            run=_ask,
        ),
    )
}
