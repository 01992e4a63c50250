"""Turns over hits that a test writes, decided by their late interaction alone."""

import anyio
from small_index import make_hit

from index.records import Hit
from index.search import Query
from rag.answer import Answering
from rag.conversations import Conversations
from rag.evidence import Calibration
from rag.records import Answer, Event, Question

ASKED = "How many cars did the factory build in 2021?"
FACT = "In 2021 the factory built 43,866 cars."
WEIGHTS = {"unit_late": 10.0}
CALIBRATION = Calibration(intercept=-5.0, weights=WEIGHTS, threshold=0.5)
"""So that what is quoted, and whether it is enough, follows from the hits of a test and from no fitted weight."""


class FixedSearch:
    """Finds the same for every query, and remembers the queries."""

    def __init__(self, *hits: Hit) -> None:
        self.hits = hits
        self.queries: list[Query] = []

    def __call__(self, query: Query) -> tuple[Hit, ...]:
        self.queries.append(query)
        return self.hits


def found(*sentences: str, score: float = 0.95, **others: object) -> Hit:
    """A hit that says just what was asked for."""
    sure = {"unit_scores": (score,) * len(sentences), "late": score, "coverage": 1.0, "cosine": 0.5}
    return make_hit(*sentences, **(sure | others))  # type: ignore[arg-type]


def unrelated(article_id: str, **others: object) -> Hit:
    weak = {"unit_scores": (0.05,), "late": 0.05, "coverage": 0.0, "cosine": -0.05}
    return make_hit("Herons eat fish at dawn.", article_id=article_id, **(weak | others))  # type: ignore[arg-type]


UNRELATED = (unrelated("a"), unrelated("b"))


def ask(conversations: Conversations, search: FixedSearch, question: str = ASKED, **others: object) -> Answer:
    asked = Question(question=question, **others)  # type: ignore[arg-type]
    return anyio.run(Answering(search, conversations).answer, asked)


def stream(conversations: Conversations, search: FixedSearch, question: str = ASKED, **others: object) -> list[Event]:
    asked = Question(question=question, **others)  # type: ignore[arg-type]

    async def collected() -> list[Event]:
        return [event async for event in Answering(search, conversations).events(asked)]

    return anyio.run(collected)
