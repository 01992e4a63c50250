"""Everything that answers, opened from settings: catalog, derived store, encoder, search, conversations.

In: settings; the caller owns the data folder (``rag/owner.py``). Out: a ``Runtime``, the backend of every surface. The
encoder, the derived store and all that answers are imported and opened when first needed: lists, figures and an
ingest without changes never load a model. An index made with other settings keeps serving with its own model while
the new one is built beside it.
"""

import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from index.build import Indexer
from index.catalog import Catalog
from index.model_identity import model_fingerprint
from index.records import (
    ArticleDetail,
    ArticleSummary,
    Hit,
    IngestEvent,
    IngestRequest,
    Stats,
)
from index.spread import Workers
from rag.admin_records import IndexOverview
from rag.drift_records import DriftReport
from rag.encoders import model_identity
from rag.errors import BusyError, ConfigurationError, InputError, NotFoundError, no_conversation
from rag.feedback_records import Feedback, FeedbackList, FeedbackRequest, UnansweredReport
from rag.following import Following
from rag.ingest_board import IngestBoard
from rag.overview import overview
from rag.records import (
    Answer,
    Conversation,
    Event,
    Question,
    Readiness,
    SearchRequest,
    SearchResponse,
)
from rag.restore import refusal
from rag.searching import Searching
from rag.settings import Settings
from rag.shared_memory import SharedMemory
from rag.standing import standing

if TYPE_CHECKING:
    from index.search import Query
    from rag.answer import Answering
    from rag.answer_cache import AnswerCache
    from rag.claim_meaning import Meaning
    from rag.composing import Aids
    from rag.conversations import Conversations
    from rag.drift_reports import DriftReports
    from rag.feedback import FeedbackStore
    from rag.unanswered import UnansweredLists
    from rag.upkeep import Upkeep
    from rag.writing import Writer

REHEARSED = "What do these articles say, and since when?"
"""A question like any other; what it is answered with does not matter."""
KEEPING_UP_S = 2.0


def open_runtime(settings: Settings, workers: Workers | None = None) -> "Runtime":
    """Open or create the data folder's index; ``workers`` ingest in place of this process. Raises ConfigurationError
    naming the setting to change."""
    try:
        settings.data_path.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise ConfigurationError(f"KILDE_DATA_DIR={settings.data_dir!r} cannot be made: {exc.strerror}.") from exc
    if reason := refusal(settings.data_path):
        raise ConfigurationError(reason)
    return Runtime(settings, workers=workers)


class Runtime:
    """Safe from several threads; ``close`` it when done."""

    def __init__(
        self, settings: Settings, today: Callable[[], date] = date.today, workers: Workers | None = None
    ) -> None:
        """``today``: what "last year" in a question is counted from."""
        self._settings = settings
        self._today = today
        self._catalog = Catalog.open(settings.catalog_url)
        self._searching = Searching(self._catalog, settings)
        self._shared = SharedMemory.open(settings.cache_url) if settings.cache_url else None
        self._board = IngestBoard(self._shared)
        self._opening_turns = threading.RLock()
        self._ingesting = threading.Lock()
        self._conversations: Conversations | None = None
        self._answering: Answering | None = None
        self._feedback: FeedbackStore | None = None
        self._unanswered: UnansweredLists | None = None
        self._drift: DriftReports | None = None
        model = model_identity(settings)
        self._indexer = Indexer(
            self._catalog,
            encoder=lambda: self._searching.encoder(model),
            store=self._searching.store_to_write,
            model=model,
            model_fingerprint=model_fingerprint(model),
            workers=workers,
        )
        self._upkeep: Upkeep | None = None
        self._following = Following(self._searching, self._ingesting)

    @property
    def settings(self) -> Settings:
        return self._settings

    def close(self) -> None:
        self._following.stop()
        if self._upkeep is not None:
            self._upkeep.stop()
        self._searching.close()
        self._catalog.close()
        if self._conversations is not None:
            self._conversations.close()
        if self._feedback is not None:
            self._feedback.close()
        if self._shared is not None:
            self._shared.close()

    def warm(self) -> None:
        """Load model and index now rather than with the first question; from then on keep them in order.

        One question in each language of the articles is answered and forgotten, since every step has something that it
        makes when it is first taken.
        """
        self._rehearse(REHEARSED)
        for title in {article.lang: article.title for article in self._catalog.articles()}.values():
            with suppress(InputError):  # A title need not be what a question may be.
                self._rehearse(title)
        self._ready_feedback()  # Now, rather than while the database does not answer.
        self._ready_upkeep().start()
        if self._catalog.is_shared:
            self._following.start()

    def _rehearse(self, question: str) -> None:
        answer = anyio.run(self._ready_answering().rehearse, Question(question=question))
        self._ready_conversations().delete(answer.conversation_id)

    async def answer(self, question: Question) -> Answer:
        return await self._ready_answering().answer(question)

    def events(self, question: Question) -> AsyncIterator[Event]:
        return self._ready_answering().events(question)

    async def keep_stopped(self, shown: Answer) -> Answer:
        return await anyio.to_thread.run_sync(self._ready_conversations().keep_stopped, shown)

    async def search(self, request: SearchRequest) -> SearchResponse:
        return await anyio.to_thread.run_sync(self._search_request, request)

    async def articles(self) -> tuple[ArticleSummary, ...]:
        return await anyio.to_thread.run_sync(self._catalog.articles)

    async def article(self, article_id: str) -> ArticleDetail:
        found = await anyio.to_thread.run_sync(self._catalog.article, article_id)
        if found is None:
            raise NotFoundError(f"There is no article {article_id!r}. GET /v1/articles lists them.", "id")
        return found

    async def conversation(self, conversation_id: str) -> Conversation:
        found = await anyio.to_thread.run_sync(self._ready_conversations().get, conversation_id)
        if found is None:
            raise no_conversation(conversation_id)
        return found

    async def delete_conversation(self, conversation_id: str) -> None:
        if not await anyio.to_thread.run_sync(self._ready_conversations().delete, conversation_id):
            raise no_conversation(conversation_id)
        if self._unanswered is not None:
            self._unanswered.forget()

    async def give_feedback(self, message_id: str, request: FeedbackRequest) -> Feedback:
        return await anyio.to_thread.run_sync(self._ready_feedback().give, message_id, request)

    async def unanswered(self, weeks: int) -> UnansweredReport:
        return await anyio.to_thread.run_sync(self._ready_unanswered().report, weeks)

    async def feedback(self, limit: int) -> FeedbackList:
        return await anyio.to_thread.run_sync(self._ready_feedback().given, limit)

    async def overview(self) -> IndexOverview:
        return await anyio.to_thread.run_sync(self._overview)

    async def drift(self) -> DriftReport:
        return await anyio.to_thread.run_sync(self._ready_drift().report)

    async def stats(self) -> Stats:
        return await anyio.to_thread.run_sync(self._catalog.stats)

    async def readiness(self) -> Readiness:
        return await anyio.to_thread.run_sync(self._readiness)

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        """One run at a time; searches see what it has written when it ends, or is ended."""
        request = msgspec.structs.replace(request, site_url=request.site_url or self._settings.site_url)
        with self._only_ingest():
            try:
                yield from self._board.followed(self._indexer.ingest(request))
            finally:
                self._searching.refresh()

    @contextmanager
    def _only_ingest(self) -> Iterator[None]:
        # Where others write, too, keeping up with them takes the lock for a moment.
        if not self._ingesting.acquire(timeout=KEEPING_UP_S if self._catalog.is_shared else 0):
            raise BusyError("Another ingest is under way. Wait for it to end, then try again.")
        try:
            yield
        finally:
            self._ingesting.release()

    def _search_request(self, request: SearchRequest) -> SearchResponse:
        from rag.reader import unread
        from rag.readers_search import searched

        # A reranker has the last word on the order.
        read_across = unread if self._searching.reranks else self._searching.read_across
        return searched(request, self.find, self._today(), read_across)

    def find(self, query: "Query") -> tuple[Hit, ...]:
        """Search, synchronously, with all that extraction needs of each hit."""
        return self._searching.search(query)

    def meaning(self) -> "Meaning":
        """Of the model that searches, for verification."""
        return self._searching.meaning()

    def aids(self) -> "Aids":
        """Of the model that searches, for answers."""
        from rag.composing import Aids

        return Aids(surprises=self._searching.surprises, read_pairs=self._searching.read_pairs)

    def _ready_answering(self) -> "Answering":
        from rag.answer import Answering

        with self._opening_turns:
            if self._answering is None:
                self._answering = Answering(
                    self.find,
                    self._ready_conversations(),
                    langs=self._searching.langs,
                    today=self._today,
                    writer=self._writer(),
                    cache=self._cache(),
                    aids=self.aids(),
                )
            return self._answering

    def _cache(self) -> "AnswerCache | None":
        if self._shared is None:
            return None
        from rag.answer_cache import AnswerCache, composer_of

        return AnswerCache(self._shared, self._searching.contents_sha256, composer_of(self._settings), self._today)

    def _writer(self) -> "Writer | None":
        """None without an LLM."""
        if self._settings.llm_base_url is None:
            return None
        from rag.chat_model import open_chat
        from rag.writing import Writer

        return Writer(open_chat(self._settings), self.meaning, self._settings.llm_prompt_tokens)

    def _ready_conversations(self) -> "Conversations":
        from rag.conversations import Conversations

        with self._opening_turns:
            if self._conversations is None:
                self._conversations = Conversations.open(self._settings.conversations_url)
            return self._conversations

    def _ready_feedback(self) -> "FeedbackStore":
        from rag.feedback import FeedbackStore
        from rag.pseudonyms import Pseudonyms

        with self._opening_turns:
            if self._feedback is None:
                pseudonyms = Pseudonyms.open(self._settings.data_path)
                self._feedback = FeedbackStore.open(self._settings.conversations_url, pseudonyms)
            return self._feedback

    def _ready_unanswered(self) -> "UnansweredLists":
        from rag.unanswered import UnansweredLists

        with self._opening_turns:
            if self._unanswered is None:
                self._unanswered = UnansweredLists(
                    self._ready_feedback(), self._searching.serving_encoder, self._catalog.articles
                )
            return self._unanswered

    def _ready_drift(self) -> "DriftReports":
        from rag.drift_reports import DriftReports

        with self._opening_turns:
            if self._drift is None:
                self._drift = DriftReports(self._catalog)
            return self._drift

    def _overview(self) -> IndexOverview:
        ingesting, progress = self._ingesting.locked(), self._board.latest()
        return overview(self._catalog, self._readiness(), ingesting=ingesting, progress=progress)

    def _ready_upkeep(self) -> "Upkeep":
        from rag.upkeep import Upkeep

        with self._opening_turns:
            if self._upkeep is None:
                parts = (self._settings, self._searching, self._indexer, self._ready_conversations, self._ingesting)
                self._upkeep = Upkeep(*parts)
            return self._upkeep

    def _readiness(self) -> Readiness:
        self._searching.look()
        return standing(
            self._catalog.stats(),
            is_outdated=self._indexer.is_outdated(),
            is_degraded=self._searching.is_degraded,
            problem=self._upkeep.problem if self._upkeep is not None else None,
            shared=self._shared.state() if self._shared is not None else "none",
        )
