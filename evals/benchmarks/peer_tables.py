"""What the side-by-side with peers prints.

In: what each contestant took and found, best hit by best hit. Out: Markdown tables, and rows against the goals. Pure.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence

import msgspec

from evals.benchmarks.peer_pipelines.records import Ingested, Searched
from evals.benchmarks.table import Row, at_least, at_most, three_digits

KILDE = "Kilde"
HIT_AT_1 = 0.975


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question and where its answer stands: ``LANG/PASSAGE.txt``, and the same in other languages."""

    text: str
    lang: str
    article: int
    passage: str


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """Of one contestant; ``searched.best`` is in the order of ``asked``."""

    name: str
    dtype: str
    ingested: Ingested
    searched: Searched
    asked: tuple[Asked, ...]

    @property
    def library(self) -> str:
        """The name without how it is set."""
        return self.name.partition(",")[0]

    @property
    def texts_per_s(self) -> float:
        return self.ingested.texts / self.ingested.wall_s

    @property
    def against_bare(self) -> float:
        """Its ingest's rate as a share of the bare encoder's, both in the same process."""
        return self.ingested.bare_wall_s / self.ingested.wall_s

    @property
    def p50_ms(self) -> float:
        return statistics.median(self.searched.times_ms)

    @property
    def p95_ms(self) -> float:
        return statistics.quantiles(self.searched.times_ms, n=20)[18]

    def hit_at_1(self, counts: Callable[[Asked], bool] = lambda _: True) -> float:
        """Share of the questions that ``counts`` whose best hit is of the right passage, in any language."""
        hits = [is_passage(best, one) for best, one in zip(self.searched.best, self.asked, strict=True) if counts(one)]
        return sum(hits) / len(hits)

    def in_own_language(self) -> float:
        """Share of the questions whose best hit is the right passage in the question's language."""
        pairs = list(zip(self.searched.best, self.asked, strict=True))
        return sum(is_passage(best, one) and best.startswith(f"{one.lang}/") for best, one in pairs) / len(pairs)

    def summary(self) -> str:
        """For whoever waits."""
        return f"{self.texts_per_s:.1f} texts/s, p50 {self.p50_ms:.0f} ms, hit@1 {self.hit_at_1():.3f}"


def is_passage(path: str, asked: Asked) -> bool:
    """Whether an article's path names the passage that answers, in whatever language."""
    return path.rpartition("/")[2] == f"{asked.passage}.txt"


def is_reported(asked: Asked) -> bool:
    """Whether nothing of Kilde was tuned on the question: its article's index is odd."""
    return asked.article % 2 == 1


def ingest_table(results: Sequence[Result]) -> str:
    """One line each, in order."""
    return _table(
        (
            "ingest",
            "chunks",
            "texts/s",
            "chunks/s",
            "bare encoder, texts/s",
            "share of it",
            "the same in processor time",
            "peak memory, GB",
        ),
        [_ingest_line(one) for one in results],
    )


def search_table(results: Sequence[Result]) -> str:
    """One line each, in order."""
    return _table(
        (
            "search",
            "launch to first hits, s",
            "p50, ms",
            "p95, ms",
            "processor, ms",
            "hit@1",
            "odd articles",
            "in own language",
            "peak memory, GB",
        ),
        [_search_line(one) for one in results],
    )


def against_goals(results: Sequence[Result]) -> list[Row]:
    """Kilde against its goals: beside the bare encoder, and beside each library as it is set to be quickest."""
    kilde = next(one for one in results if one.library == KILDE)
    return [
        at_least(f"ingest against the bare encoder, {kilde.dtype}", kilde.against_bare, 0.95, "×"),
        *_beside(kilde, [one for one in results if one is not kilde]),
        Row("hit@1", f"{kilde.hit_at_1():.3f}", f"≥ {HIT_AT_1}", kilde.hit_at_1() >= HIT_AT_1),
    ]


def _beside(kilde: Result, others: Sequence[Result]) -> Iterator[Row]:
    for library in dict.fromkeys(one.library for one in others):
        own = [one for one in others if one.library == library]
        ingest = kilde.texts_per_s / max(one.texts_per_s for one in own)
        search = kilde.p50_ms / min(one.p50_ms for one in own)
        yield at_least(f"ingest, texts/s, against {library}", ingest, 3, "×")
        yield at_most(f"search p50 against {library}", search, 0.5, "×")


def _ingest_line(one: Result) -> tuple[str, ...]:
    took = one.ingested
    return (
        one.name,
        str(took.chunks),
        three_digits(one.texts_per_s),
        three_digits(took.chunks / took.wall_s),
        f"{three_digits(took.texts / took.bare_wall_s)} ({one.dtype})",
        f"{one.against_bare:.2f}",
        f"{took.bare_processor_s / took.processor_s:.2f}",
        f"{took.peak_gb:.2f}",
    )


def _search_line(one: Result) -> tuple[str, ...]:
    return (
        one.name,
        f"{one.searched.start_s:.1f}",
        three_digits(one.p50_ms),
        three_digits(one.p95_ms),
        three_digits(one.searched.processor_ms),
        f"{one.hit_at_1():.3f}",
        f"{one.hit_at_1(is_reported):.3f}",
        f"{one.in_own_language():.3f}",
        f"{one.searched.peak_gb:.2f}",
    )


def _table(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (heads, ["---"] * len(heads), *lines))
