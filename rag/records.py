"""The records of a turn, in the shapes that every surface sends and stores (docs: the HTTP interface).

Offsets count Unicode code points. ``article.text[c.source.start:c.source.end] == c.quote`` holds for every citation
``c``. In an extractive answer ``Answer.text[c.answer.start:c.answer.end] == c.quote`` too; in one that an LLM wrote,
that range is the sentence, without its markers, that the quote supports, and several citations may support one.
"""

from typing import ClassVar, Literal

import msgspec

from index.records import Filters

Status = Literal["answered", "partial", "not_found", "out_of_scope"]
Composer = Literal["extractive", "llm"]
Phase = Literal["searching", "reading", "writing"]
CheckName = Literal["source", "quote", "numbers", "names", "negation", "direction", "wording", "meaning"]
NoticeCode = Literal[
    "llm_unavailable",
    "llm_interrupted",
    "llm_unsupported",
    "llm_silent",
    "llm_wrong_language",
    "sentence_left_out",
    "answer_shortened",
]
IndexState = Literal["ok", "rebuilding", "degraded", "damaged"]

SharedState = Literal["none", "ok", "degraded"]


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything that is sent out."""


class Question(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``POST /v1/chat`` takes."""

    question: str
    conversation_id: str | None = None
    answer_lang: str | None = None
    """BCP 47; default: the question's own language."""
    filters: Filters = Filters()
    stream: bool = False
    earlier: tuple[str, ...] = ()
    """Questions asked before this one, oldest first, where whoever asks keeps the conversation; they are context only,
    and go with no ``conversation_id``."""


class TextRange(Record, frozen=True, kw_only=True):
    """A slice, end exclusive."""

    start: int
    end: int


class CitationSource(Record, frozen=True, kw_only=True):
    """Where the quote stands."""

    article_id: str
    work_id: str
    path: str
    url: str | None
    """With a text fragment that leads the browser to the quote, where the article has a public address."""
    title: str
    lang: str
    published: str | None
    modified: str | None
    heading: str | None
    chunk_id: str
    start: int
    end: int
    content_sha256: str


class Check(Record, frozen=True, kw_only=True):
    """One thing that was checked of a sentence."""

    name: CheckName
    verdict: Literal["ok", "doubt", "error", "unknown"]
    """``unknown``: nothing could tell, such as a name across scripts without a model."""
    detail: str = ""
    """The words or figures that it is about, parted by "; "."""


class Verification(Record, frozen=True, kw_only=True):
    """What was checked of one cited sentence."""

    quote: Literal["exact", "paraphrase", "absent"]
    """``paraphrase``: exact but for white space and quotation marks. ``absent``: not in the source."""
    support: float
    """0 to 1: how sure it is that the quote answers the question."""
    numbers: Literal["ok", "none", "mismatch"]
    checks: tuple[Check, ...] = ()
    """In the order in which they are explained above; those that do not apply are left out."""
    verdict: Literal["keep", "repair", "drop"] = "keep"
    """``repair``: the quote itself should be shown in place of the sentence. ``drop``: nothing of it."""


class Citation(Record, frozen=True, kw_only=True):
    """One quote: where it is in the answer, where it is in the article."""

    n: int
    """Number of the source, as in the marker ``[n]``."""
    answer: TextRange
    source: CitationSource
    quote: str
    verification: Verification
    highlight: TextRange | None = None
    """The short answer inside ``quote``; None where no few words of it are likely to be one."""


class Source(Record, frozen=True, kw_only=True):
    """A work that the answer rests on, or that stands nearest to an unanswered question."""

    n: int
    article_id: str
    path: str
    title: str
    url: str | None
    lang: str
    published: str | None
    other_langs: tuple[str, ...]
    score: float


class Written(Record, frozen=True, kw_only=True):
    """How an LLM came to its answer, also where the answer that it gave could not be shown."""

    model: str
    prompt_sha256: str
    """Of the file in ``prompts``."""
    prompt_tokens: int | None = None
    """Of all requests for this answer, as the endpoint counted them; None where it did not."""
    answer_tokens: int | None = None


class Answer(Record, frozen=True, kw_only=True):
    """One finished turn."""

    message_id: str
    conversation_id: str
    status: Status
    composer: Composer
    question: str
    standalone_question: str
    lang: str
    text: str
    citations: tuple[Citation, ...]
    sources: tuple[Source, ...]
    nearest: tuple[Source, ...]
    followups: tuple[str, ...]
    as_of: str | None
    """The newest date among the cited articles, at the precision they give."""
    timings_ms: dict[str, int]
    confidence: float | None = None
    """0 to 1: how sure it is that the articles answer, also where they do not; None where nothing was searched."""
    written: Written | None = None
    """None where no LLM was asked."""
    stopped: bool = False
    """Its reader ended it; this is what was shown of it."""


class MessageStart(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "message.start"
    message_id: str
    conversation_id: str
    lang: str
    standalone_question: str


class PhaseStatus(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "status"
    phase: Phase


class SourcesFound(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "sources"
    sources: tuple[Source, ...]


class TextDelta(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "text.delta"
    text: str


class CitationReady(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "citation"
    citation: Citation


class Followups(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "followups"
    followups: tuple[str, ...]


class Notice(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "notice"
    code: NoticeCode
    message: str


class MessageEnd(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "message.end"
    answer: Answer


class StreamError(Record, frozen=True, kw_only=True):
    event: ClassVar[str] = "error"
    code: str
    message: str
    retryable: bool


Event = (
    MessageStart
    | PhaseStatus
    | SourcesFound
    | TextDelta
    | CitationReady
    | Followups
    | Notice
    | MessageEnd
    | StreamError
)
"""One step of a streamed turn; exactly one ``MessageEnd`` or ``StreamError`` ends it."""


class ErrorBody(Record, frozen=True, kw_only=True):
    code: str
    message: str
    param: str | None = None


class ErrorResponse(Record, frozen=True, kw_only=True):
    """What every 4xx and 5xx carries."""

    error: ErrorBody


class SearchRequest(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What ``POST /v1/search`` takes."""

    query: str
    top_k: int = 10
    filters: Filters = Filters()
    group_works: bool = True


class SearchHit(Record, frozen=True, kw_only=True):
    chunk_id: str
    article_id: str
    work_id: str
    path: str
    lang: str
    title: str
    heading: str | None
    text: str
    start: int
    end: int
    score: float
    url: str | None = None
    """Of the article, where it has a public address."""


class SearchResponse(Record, frozen=True, kw_only=True):
    hits: tuple[SearchHit, ...]
    timings_ms: dict[str, int]


class Conversation(Record, frozen=True, kw_only=True):
    """The turns of one conversation, oldest first."""

    conversation_id: str
    created_at: str
    """ISO 8601, UTC."""
    messages: tuple[Answer, ...]


class Readiness(Record, frozen=True, kw_only=True):
    """What ``GET /health/ready`` says."""

    ready: bool
    articles: int
    chunks: int
    index: IndexState
    """``degraded``: dense search runs exactly over the catalog because the derived store is unusable. ``damaged``: an
    audit after an unclean stop found what only a backup can put right."""
    message: str
    shared: SharedState = "none"
    """``degraded``: the server of KILDE_CACHE_URL does not answer, and this process goes on by itself."""
