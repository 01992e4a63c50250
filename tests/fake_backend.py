"""A Backend whose turns are written down: one article, one answer, no index.

In: the events of a turn, if not the usual ones. Out: what the HTTP service and the command line ask of a backend.
Every call is kept in ``calls``; ``closed`` counts the event sources that were closed.
"""

from collections.abc import AsyncIterator, Iterator
from hashlib import sha256

import anyio
import msgspec

from index.records import (
    ArticleDetail,
    ArticleSummary,
    FileOutcome,
    IngestEvent,
    IngestProgress,
    IngestRequest,
    IngestSummary,
    Stats,
)
from rag.admin_records import IndexOverview, Problem
from rag.drift_records import Drift, DriftReport, Statement
from rag.errors import InputError, NotFoundError, no_conversation, no_message
from rag.feedback_records import (
    Feedback,
    FeedbackList,
    FeedbackRequest,
    GivenFeedback,
    NearArticle,
    UnansweredGroup,
    UnansweredReport,
    UnansweredWeek,
)
from rag.records import (
    Answer,
    Citation,
    CitationReady,
    CitationSource,
    Conversation,
    Event,
    Followups,
    MessageEnd,
    MessageStart,
    PhaseStatus,
    Question,
    Readiness,
    SearchHit,
    SearchRequest,
    SearchResponse,
    Source,
    SourcesFound,
    TextDelta,
    TextRange,
    Verification,
)
from rag.settings import Settings

KEY = {"Authorization": "Bearer let-me-in"}
"""What opens the routes of the ``backend`` that tests share."""
ARTICLE_TEXT = (
    "The harbour bridge 🌉\n\n"
    "The harbour bridge opened in May 1931. It carries 4,200 cyclists a day.\n\n"
    "Repairs began in 2019 and took eleven months."
)
QUOTE = "It carries 4,200 cyclists a day."
TEXT = f"Laut „The harbour bridge“ (Englisch): “{QUOTE}” [1]"
_START = ARTICLE_TEXT.index(QUOTE)
_SHA256 = sha256(ARTICLE_TEXT.encode()).hexdigest()

ARTICLE = ArticleDetail(
    article_id="a1",
    work_id="w1",
    path="city/bridge.md",
    lang="en",
    title="The harbour bridge",
    url="https://news.example/bridge",
    published="2022-12",
    modified=None,
    chunks=1,
    other_langs=("nl",),
    text=ARTICLE_TEXT,
    content_sha256=_SHA256,
)
SOURCE = Source(
    n=1,
    article_id="a1",
    path=ARTICLE.path,
    title=ARTICLE.title,
    url=ARTICLE.url,
    lang="en",
    published="2022-12",
    other_langs=("nl",),
    score=0.87,
)
CITATION = Citation(
    n=1,
    answer=TextRange(start=TEXT.index(QUOTE), end=TEXT.index(QUOTE) + len(QUOTE)),
    source=CitationSource(
        article_id="a1",
        work_id="w1",
        path=ARTICLE.path,
        url="https://news.example/bridge#:~:text=It%20carries,a%20day.",
        title=ARTICLE.title,
        lang="en",
        published="2022-12",
        modified=None,
        heading=None,
        chunk_id="a1-0",
        start=_START,
        end=_START + len(QUOTE),
        content_sha256=_SHA256,
    ),
    quote=QUOTE,
    verification=Verification(quote="exact", support=0.93, numbers="ok"),
)
ANSWER = Answer(
    message_id="m1",
    conversation_id="c1",
    status="answered",
    composer="extractive",
    question="Wie viele Radfahrer trägt die Brücke?",
    standalone_question="Wie viele Radfahrer trägt die Brücke?",
    lang="de",
    text=TEXT,
    citations=(CITATION,),
    sources=(SOURCE,),
    nearest=(),
    followups=("Wann wurde die Brücke eröffnet?",),
    as_of="2022-12",
    timings_ms={"search": 14, "compose": 9, "total": 31},
)
HIT = SearchHit(
    chunk_id="a1-0",
    article_id="a1",
    work_id="w1",
    path=ARTICLE.path,
    lang="en",
    title=ARTICLE.title,
    heading=None,
    text=QUOTE,
    start=_START,
    end=_START + len(QUOTE),
    score=0.87,
    url=ARTICLE.url,
)
STATS = Stats(
    articles=1, works=1, chunks=1, articles_by_lang={"en": 1}, model="fake-1", last_ingest="2024-01-02T03:04:05Z"
)
REPORT = UnansweredReport(
    weeks=(
        UnansweredWeek(
            week="2024-W07",
            first_day="2024-02-12",
            last_day="2024-02-18",
            questions=1,
            groups=(
                UnansweredGroup(
                    label="=Was kostet *das*?",
                    label_lang="de",
                    count=1,
                    askers=1,
                    langs={"de": 1},
                    not_found=1,
                    thumbs_down=0,
                    reasons={},
                    examples=(),
                    nearest=(),
                ),
            ),
        ),
    ),
    questions=1,
    left_out=0,
)
FEEDBACK = FeedbackList(
    total=1,
    feedback=(
        GivenFeedback(
            message="f00d",
            given_at="2024-02-13T10:00:00+00:00",
            lang="de",
            question="Was kostet die Brücke?",
            status="answered",
            rating="down",
            reason="outdated",
            comment="<b>Veraltet</b>, fragt [e-mail]",
            sources=(
                NearArticle(
                    article_id="a1", path=ARTICLE.path, title=ARTICLE.title, lang=ARTICLE.lang, url=ARTICLE.url
                ),
            ),
        ),
    ),
)
DRIFT = DriftReport(
    works=1,
    drifts=(
        Drift(
            work_id="w1",
            kind="number",
            newest="a1",
            statements=(
                Statement(
                    article_id="a1",
                    path=ARTICLE.path,
                    lang="en",
                    title=ARTICLE.title,
                    url=ARTICLE.url,
                    dated="2022-12",
                    figure="4,200",
                    value="4200",
                    start=_START + 11,
                    end=_START + 16,
                    passage=QUOTE,
                    passage_start=_START,
                ),
                Statement(
                    article_id="a2",
                    path="city/bridge.nl.md",
                    lang="nl",
                    title="De havenbrug",
                    url=None,
                    dated="2019",
                    figure="3.100",
                    value="3100",
                    start=14,
                    end=19,
                    passage="Zij draagt er 3.100 per dag.",
                    passage_start=0,
                ),
            ),
        ),
    ),
)
PROBLEMS = (
    Problem(
        root="/articles",
        path="city/broken.md",
        outcome="failed",
        reason="The front matter is no YAML.",
        article_id="a9",
    ),
    Problem(root="/articles", path="city/draft.md", outcome="skipped", reason="It is a draft.", article_id=None),
)
RUN: tuple[IngestEvent, ...] = (
    IngestProgress(phase="reading", done=1, total=1),
    FileOutcome(path="city/bridge.md", outcome="new", article_id="a1", lang="en", chunks=1, embedded=1),
    IngestSummary(outcomes={"new": 1}, chunks=1, embedded=1, seconds=0.5, dry_run=False),
)


def turn(answer: Answer = ANSWER) -> tuple[Event, ...]:
    """The usual events of a turn that ends with ``answer``, in their usual order."""
    return (
        MessageStart(
            message_id=answer.message_id,
            conversation_id=answer.conversation_id,
            lang=answer.lang,
            standalone_question=answer.standalone_question,
        ),
        PhaseStatus(phase="searching"),
        SourcesFound(sources=answer.sources),
        PhaseStatus(phase="writing"),
        TextDelta(text=answer.text),
        *(CitationReady(citation=citation) for citation in answer.citations),
        Followups(followups=answer.followups),
        MessageEnd(answer=answer),
    )


class FakeBackend:
    """``script`` holds the events of each turn; an exception in it is raised, a number is a pause in seconds."""

    def __init__(
        self,
        script: tuple[Event | Exception | float, ...] | None = None,
        *,
        answer: Answer = ANSWER,
        run: tuple[IngestEvent | Exception, ...] = RUN,
        settings: Settings | None = None,
        ready: bool = True,
        pause_s: float = 0.0,
    ) -> None:
        self.script = turn(answer) if script is None else script
        self.scripted_answer = answer
        self.run = run
        self.settings = settings or Settings()
        self.ready = ready
        self.pause_s = pause_s
        self.calls: list[Question | SearchRequest | IngestRequest | FeedbackRequest] = []
        self.closed = 0
        self.conversations = {answer.conversation_id: (answer,)}

    async def answer(self, question: Question) -> Answer:
        self._accept(question)
        await anyio.sleep(self.pause_s)
        if failures := [step for step in self.script if isinstance(step, Exception)]:
            raise failures[0]
        return msgspec.structs.replace(self.scripted_answer, question=question.question)

    async def events(self, question: Question) -> AsyncIterator[Event]:
        try:
            self._accept(question)
            for step in self.script:
                if isinstance(step, Exception):
                    raise step
                if isinstance(step, int | float):
                    await anyio.sleep(step)
                else:
                    yield step
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.lowlevel.checkpoint()
            self.closed += 1

    async def keep_stopped(self, shown: Answer) -> Answer:
        await anyio.sleep(0.01)
        self.conversations[shown.conversation_id] = (shown,)
        return shown

    async def search(self, request: SearchRequest) -> SearchResponse:
        self.calls.append(request)
        return SearchResponse(hits=(HIT,)[: request.top_k], timings_ms={"search": 14})

    async def articles(self) -> tuple[ArticleSummary, ...]:
        fields = {name: getattr(ARTICLE, name) for name in ArticleSummary.__struct_fields__}
        return (ArticleSummary(**fields),)

    async def article(self, article_id: str) -> ArticleDetail:
        if article_id != ARTICLE.article_id:
            raise NotFoundError(f"No article has the id {article_id}.", "article_id")
        return ARTICLE

    async def conversation(self, conversation_id: str) -> Conversation:
        messages = self.conversations.get(conversation_id)
        if messages is None:
            raise no_conversation(conversation_id)
        return Conversation(conversation_id=conversation_id, created_at="2024-01-02T03:04:05Z", messages=messages)

    async def delete_conversation(self, conversation_id: str) -> None:
        await self.conversation(conversation_id)
        del self.conversations[conversation_id]

    async def give_feedback(self, message_id: str, request: FeedbackRequest) -> Feedback:
        if message_id != self.scripted_answer.message_id:
            raise no_message(message_id)
        self.calls.append(request)
        return Feedback(message_id=message_id, rating=request.rating, reason=request.reason, comment=request.comment)

    async def unanswered(self, weeks: int) -> UnansweredReport:
        if not 1 <= weeks <= 52:
            raise InputError("weeks must be from 1 to 52.", "weeks")
        return REPORT

    async def feedback(self, limit: int) -> FeedbackList:
        return FeedbackList(total=FEEDBACK.total, feedback=FEEDBACK.feedback[:limit])

    async def overview(self) -> IndexOverview:
        ready = await self.readiness()
        return IndexOverview(stats=STATS, readiness=ready, ingesting=False, roots=("/articles",), problems=PROBLEMS)

    async def drift(self) -> DriftReport:
        return DRIFT

    async def stats(self) -> Stats:
        return STATS

    async def readiness(self) -> Readiness:
        return Readiness(ready=self.ready, articles=1, chunks=1, index="ok", message="1 article")

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        self.calls.append(request)
        try:
            for step in self.run:
                if isinstance(step, Exception):
                    raise step
                yield step
        finally:
            self.closed += 1

    def _accept(self, question: Question) -> None:
        if question.conversation_id is not None and question.conversation_id not in self.conversations:
            raise no_conversation(question.conversation_id)
        self.calls.append(question)
