"""Follow-ups against the questions that they stand for: ``python -m evals.benchmarks.followups [--every N]``.

In: XQuAD (``--data``), as articles and as dialogues (``dialogues.py``). Out: hit@5 of each question as it stands alone,
of its follow-up as written, and of what the service makes of that in the conversation; then what a turn to another
subject costs. Asked are the odd articles, or with ``--tuning`` the even ones; ``--every N`` takes every N-th dialogue
of each language; ``--show N`` prints N follow-ups of each language and measures nothing. ``--index FOLDER`` keeps the
index. Refuses data that is not there.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from pathlib import Path

import anyio
import msgspec

from evals.benchmarks.dialogues import Turn, dialogues
from evals.benchmarks.machine import describe
from evals.benchmarks.search_index import SearchIndex, open_index
from evals.benchmarks.table import Row, at_least, markdown
from evals.benchmarks.xquad import XquadQuestion, passage_of, questions, write_articles
from evals.measures.latency import percentile
from index.records import Hit
from index.search import Query
from rag.answer import SEARCHED_HITS, Answering
from rag.composing import Aids
from rag.conversations import Conversations
from rag.errors import InputError
from rag.records import Answer, Question

TUNING, REPORT = 0, 1
FIRST = 5
GOAL = 0.95
CACHED = 4096
Dialogue = tuple[Turn, ...]


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One turn after the first: whether its passage is among the first five."""

    lang: str
    kind: str
    """``follow-up``, ``unchanged`` (shares nothing with the question before), ``change`` (of the subject)."""
    alone: bool
    as_written: bool
    condensed: bool
    carried: bool
    """Whether the service asked something else than was written."""
    turn_ms: float


class Service:
    """The turns of the service over one index, and its searches."""

    def __init__(self, index: SearchIndex, conversations: Conversations) -> None:
        self._index = index
        self.find = lru_cache(CACHED)(self._find)
        aids = Aids(index.encoder.surprises, index.encoder.read_pairs)
        self._answering = Answering(self.find, conversations, langs=lambda: index.searcher.snapshot.langs, aids=aids)

    def ask(self, text: str, conversation_id: str | None) -> Answer:
        return anyio.run(self._answering.answer, Question(question=text, conversation_id=conversation_id))

    def finds(self, text: str, question: XquadQuestion) -> bool:
        """Whether the passage of ``question`` is among the first five, in any language."""
        hits = self.find(Query(text=text, lang=question.lang, top_k=SEARCHED_HITS, group_works=False))
        return question.key[:2] in list(dict.fromkeys(map(passage_of, hits)))[:FIRST]

    def _find(self, query: Query) -> tuple[Hit, ...]:
        return self._index.searcher.search(query)


def main() -> None:
    given = _options()
    xquad = given.data / "xquad"
    asked = list(dialogues(questions(xquad, TUNING if given.tuning else REPORT)))
    if not asked:
        raise InputError(f"There is no XQuAD in {xquad}. Name the folder that holds it with --data.")
    if given.show:
        print("\n".join(_examples(asked, given.show)))
        return
    began = time.perf_counter()
    measured = _measured(xquad, asked, given.every, given.index)
    print(f"{len(measured)} turns on {'even' if given.tuning else 'odd'} articles\n")
    print(markdown([*_rows(measured), Row("the whole run", f"{time.perf_counter() - began:.0f} s")]))
    print(f"\n{describe()}")


def _examples(asked: Sequence[Dialogue], count: int) -> Iterator[str]:
    for lang, of_lang in groupby(asked, key=lambda dialogue: dialogue[0].question.lang):
        pairs = [pair for dialogue in of_lang for pair in pairwise(dialogue) if pair[1].follow_up is not None]
        for before, turn in pairs[:: max(1, len(pairs) // count)][:count]:
            yield f"{lang}: {before.question.text}\n    {turn.question.text}\n    → {turn.follow_up}"


def _measured(xquad: Path, asked: Sequence[Dialogue], every: int, kept: Path | None) -> list[Measured]:
    with tempfile.TemporaryDirectory(prefix="kilde-xquad-") as folder:
        write_articles(xquad, Path(folder))
        conversations = Conversations.open(f"sqlite:///{Path(folder) / 'conversations.db'}")
        with open_index([Path(folder)], kept) as index:
            service = Service(index, conversations)
            found = [one for dialogue, other in _chosen(asked, every) for one in _dialogue(service, dialogue, other)]
        conversations.close()
        return found


def _chosen(asked: Sequence[Dialogue], every: int) -> Iterator[tuple[Dialogue, XquadQuestion]]:
    """Each with a question of another article, to turn to at its end."""
    for _, of_lang in groupby(asked, key=lambda dialogue: dialogue[0].question.lang):
        some = list(of_lang)
        for place in range(0, len(some), every):
            article = some[place][0].question.article
            others = [turn.question for one in some for turn in one if turn.question.article != article]
            yield some[place], others[(37 * place) % len(others)]


def _dialogue(service: Service, dialogue: Dialogue, other: XquadQuestion) -> Iterator[Measured]:
    conversation_id = service.ask(dialogue[0].question.text, None).conversation_id
    for turn in dialogue[1:]:
        kind = "unchanged" if turn.follow_up is None else "follow-up"
        yield _turn(service, turn.question, turn.follow_up or turn.question.text, kind, conversation_id)
    yield _turn(service, other, other.text, "change", conversation_id)


def _turn(service: Service, question: XquadQuestion, text: str, kind: str, conversation_id: str) -> Measured:
    began = time.perf_counter()
    answer = service.ask(text, conversation_id)
    took_ms = 1000 * (time.perf_counter() - began)
    return Measured(
        lang=question.lang,
        kind=kind,
        alone=service.finds(question.text, question),
        as_written=service.finds(text, question),
        condensed=service.finds(answer.standalone_question, question),
        carried=answer.standalone_question != text,
        turn_ms=took_ms,
    )


def _rows(measured: Sequence[Measured]) -> Iterator[Row]:
    by_kind: dict[str, list[Measured]] = defaultdict(list)
    for one in measured:
        by_kind[one.kind].append(one)
    for lang in ("all", *sorted({one.lang for one in measured})):
        some = [one for one in by_kind["follow-up"] if lang in {"all", one.lang}]
        alone, condensed = (_share(some, name) for name in ("alone", "condensed"))
        shares = f"{alone:.3f}, {_share(some, 'as_written'):.3f}, {condensed:.3f}"
        yield Row(f"{lang}, {len(some)} follow-ups, hit@5: the questions they stand for, as written, as asked", shares)
        yield at_least(f"{lang}: as asked, of the questions they stand for", condensed / max(alone, 1e-9), GOAL, "×")
    for kind, what in (("change", "turns to another article"), ("unchanged", "questions that share no word")):
        some = by_kind[kind]
        yield Row(
            f"{len(some)} {what}, hit@5 alone, as asked",
            f"{_share(some, 'alone'):.3f}, {_share(some, 'condensed'):.3f}",
        )
        yield Row("of them with something carried over", f"{_share(some, 'carried'):.3f}")
    worse = [one for one in by_kind["change"] if one.alone and not one.condensed]
    yield Row("turns to another article that lose their passage", str(len(worse)))
    yield Row("median turn, p95", f"{_ms(measured, 0.5):.0f}, {_ms(measured, 0.95):.0f} ms")


def _share(some: Sequence[Measured], name: str) -> float:
    return sum(bool(getattr(one, name)) for one in some) / max(len(some), 1)


def _ms(measured: Sequence[Measured], share: float) -> float:
    return percentile([one.turn_ms for one in measured], share) or 0.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure follow-ups on XQuAD.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds xquad")
    parser.add_argument("--every", type=int, default=1, help="ask every N-th dialogue only")
    parser.add_argument("--tuning", action="store_true", help="the even articles instead of the odd ones")
    parser.add_argument("--index", type=Path, help="folder to keep the index in, for the next run")
    parser.add_argument("--show", type=int, default=0, metavar="N", help="print N follow-ups of each language, no more")
    return parser.parse_args()


if __name__ == "__main__":
    main()
