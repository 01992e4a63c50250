"""The records that flow through the index, and the protocols at its seams.

Everything here is a value: frozen, compared by content, without I/O. Offsets count Unicode code points of the
article's canonical text, and ``article.text[c.start:c.end] == c.text`` holds for blocks, chunks and hits alike.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

import msgspec

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.side_by_side import SideBySide
    from index.token_vectors import QuestionTokens

BlockKind = Literal[
    "title", "description", "paragraph", "heading", "list_item", "table_row", "caption", "quote", "code"
]
Vectors: TypeAlias = "NDArray[np.float32]"
"""float32 ``[n, dim]``, each row of unit norm."""


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """One piece of an article's canonical text, as the reader of the page sees it."""

    kind: BlockKind
    start: int
    end: int
    headings: tuple[str, ...] = ()
    """The headings above this block, outermost first, without the article's title."""


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One language version of one article, as a reader (``index/readers``) returns it."""

    path: str
    """Relative to the folder that is ingested, with forward slashes."""
    work_key: str
    """Equal for translations of one article: its translation key, or its path without the language."""
    lang: str
    """BCP 47, for example ``en``, ``nb``, ``zh``, ``pt-BR``; ``und`` when nothing tells."""
    title: str
    text: str
    """Canonical text: NFC, ``\\n`` line ends, the blocks in reading order with white space between them."""
    blocks: tuple[Block, ...]
    """In order of ``start``, not overlapping, never empty."""
    url: str | None = None
    published: str | None = None
    """ISO 8601 at the precision the source gives: ``2022``, ``2022-12`` or ``2022-12-14``."""
    modified: str | None = None
    expires: str | None = None


class Skipped(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was understood and deliberately left out, with the reason an editor can act on."""

    path: str
    reason: str


class Span(msgspec.Struct, frozen=True, array_like=True):
    """Offsets of a slice of the canonical text, end exclusive."""

    start: int
    end: int


class Chunk(msgspec.Struct, frozen=True, kw_only=True):
    """A slice of an article that is embedded and found as one."""

    ordinal: int
    """0, 1, 2, … in order of ``start``."""
    start: int
    end: int
    text: str
    headings: tuple[str, ...]
    """Heading path of the chunk's first block, outermost first, without the article's title."""
    embed_text: str
    """What the encoder sees: title and heading path, then ``text``. Has no offsets."""
    sentences: tuple[Span, ...]
    """The units that can be quoted (a sentence, a list item, a table row, a caption), in order, within the chunk."""


class Filters(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a search is limited to; the empty filter lets everything through."""

    langs: tuple[str, ...] = ()
    """BCP 47; ``pt`` also lets ``pt-BR`` through."""
    published_after: str | None = None
    """ISO 8601 date, inclusive. An article without a date passes no date filter."""
    published_before: str | None = None
    article_ids: tuple[str, ...] = ()


class Hit(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk that a search found, with what is needed to quote and cite it."""

    chunk_id: str
    article_id: str
    work_id: str
    path: str
    url: str | None
    lang: str
    title: str
    headings: tuple[str, ...]
    text: str
    start: int
    end: int
    sentences: tuple[Span, ...]
    published: str | None
    modified: str | None
    content_sha256: str
    """Of the article's canonical text, UTF-8, as lower-case hex."""
    other_langs: tuple[str, ...]
    """Languages in which the same work exists, without this hit's own."""
    score: float
    """Relevance from 0 to 1, comparable within one search only."""
    cosine: float
    """Of question and chunk, less what the chunk's language alone brings: about 0 when unrelated."""
    coverage: float
    """Share of the question's index terms, by weight, that the chunk holds; 0 to 1."""
    late: float = 0.0
    """Late interaction of question and chunk (``index/rescoring.py``)."""
    unit_scores: tuple[float, ...] = ()
    """The same for each of ``sentences``; empty where the encoder gives no token vectors."""
    unit_focus: tuple[float, ...] = ()
    """For each of ``sentences`` how much of it the question is about; empty as ``unit_scores``."""
    tokens: "SideBySide | None" = None
    """The question's tokens and the chunk's; None where the encoder gives no token vectors."""


class PassageVectors(msgspec.Struct, frozen=True):
    """What an encoder makes of passages, in their order."""

    vectors: Vectors
    tokens: list[bytes]
    """Packed token vectors (``index/token_vectors.py``); empty bytes where the encoder gives none."""


class QuestionVectors(msgspec.Struct, frozen=True):
    """What an encoder makes of a question: ``vector [dim]`` of unit norm, and its tokens if the encoder gives them."""

    vector: "NDArray[np.float32]"
    tokens: "QuestionTokens | None"


class Encoder(Protocol):
    """Texts to vectors, and question and text read together by those that can. ``dim`` and ``fingerprint`` tell stored
    vectors of one encoder from those of another."""

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str: ...

    @property
    def max_tokens(self) -> int:
        """Longest input in the encoder's own tokens, special tokens and prompt included."""
        ...

    def count_tokens(self, text: str) -> int:
        """Tokens of ``text`` as a passage, special tokens and prompt included."""
        ...

    def encode_passages(self, texts: list[str]) -> PassageVectors: ...

    def encode_question(self, text: str) -> QuestionVectors: ...

    def encode_questions(self, texts: list[str]) -> list[QuestionVectors]:
        """In order; the same vectors as of each by itself, to the bit but where the processor's products depend on how
        many texts share a pass (page 5 of docs/decisions)."""
        ...

    def read_pairs(self, question: str, texts: list[str]) -> "NDArray[np.float32] | None":
        """``[n, 2]``, question and text read together: what to add to each text's log-odds of holding the answer, up to
        a constant, and the log-odds that it answers. None for an encoder that cannot, and for no texts."""
        ...

    def read_across(self, question: str, texts: list[str]) -> "NDArray[np.float32] | None":
        """The same, by what was fitted to tell passages of other languages than the question's apart."""
        ...

    def surprises(self, words: list[str]) -> list[float]:
        """Of each word minus its log probability in the encoder's vocabulary, in nats; one that it does not hold is
        made of parts. All 0 for a vocabulary without probabilities."""
        ...


ReadPairs = Callable[[str, list[str]], "NDArray[np.float32] | None"]
"""As ``Encoder.read_pairs`` or ``read_across``."""


class VectorStore(Protocol):
    """Nearest neighbours by cosine over chunk ids. Derived from the catalog and rebuildable from it."""

    def upsert(self, chunk_ids: list[str], vectors: Vectors) -> None: ...

    def delete(self, chunk_ids: list[str]) -> None: ...

    def query(self, vector: "NDArray[np.float32]", top_k: int) -> list[tuple[str, float]]:
        """Chunk ids with cosine, best first; at most ``top_k``."""
        ...

    def ids(self) -> set[str]: ...


Outcome = Literal["new", "changed", "moved", "unchanged", "deleted", "skipped", "failed"]


class FileOutcome(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="file"):
    """What became of one file in an ingest run; one JSON line with ``--json``."""

    path: str
    outcome: Outcome
    reason: str | None = None
    """Why a file was skipped or failed; for a moved file the path it had before."""
    article_id: str | None = None
    lang: str | None = None
    chunks: int = 0
    embedded: int = 0
    """Chunks whose vector had to be computed in this run."""


class IngestProgress(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="progress"):
    """Where a run stands; ``remaining_s`` is None until a rate is known."""

    phase: Literal["reading", "embedding", "finishing"]
    done: int
    total: int
    chunks_per_s: float | None = None
    remaining_s: float | None = None


class IngestSummary(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="summary"):
    """The last event of every run that was not cut short."""

    outcomes: dict[Outcome, int]
    chunks: int
    embedded: int
    seconds: float
    dry_run: bool


IngestEvent = FileOutcome | IngestProgress | IngestSummary


class IngestRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One ingest run. Each path is a folder, or a file, absolute."""

    paths: tuple[str, ...]
    site_url: str | None = None
    dry_run: bool = False
    prune: bool = True
    """Remove articles whose file is gone from an ingested folder."""


class ArticleSummary(msgspec.Struct, frozen=True, kw_only=True):
    """One indexed article, as a list shows it."""

    article_id: str
    work_id: str
    path: str
    lang: str
    title: str
    url: str | None
    published: str | None
    modified: str | None
    chunks: int
    other_langs: tuple[str, ...]
    content_sha256: str
    """Of the canonical text, UTF-8, as lower-case hex."""


class ArticleDetail(ArticleSummary, frozen=True, kw_only=True):
    """One indexed article with its canonical text, so that anyone can check a quote."""

    text: str


class Stats(msgspec.Struct, frozen=True, kw_only=True):
    """Figures of the index."""

    articles: int
    works: int
    chunks: int
    articles_by_lang: dict[str, int]
    model: str
    """Fingerprint of model, chunker and normaliser."""
    last_ingest: str | None
    """ISO 8601, UTC."""
