"""Are the right words quoted, and is it known when there are none: ``python -m evals.benchmarks.answers [--every N]``.

In: XQuAD (``--data``), ingested as the product ingests articles; the questions of its odd articles over one pool of all
languages. Out: whether the quotes hold the answer, how well the short answer is marked in them, and how well questions
are told from the same ones with their passage taken away in every language; with intervals, goals, and by language.
``--index FOLDER`` asks an index of XQuAD that was ingested before. Refuses data that is not there.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import numpy as np
from sklearn.metrics import roc_auc_score

from evals.benchmarks.machine import describe
from evals.benchmarks.retrieval import REPORT, sampled
from evals.benchmarks.retrieval_report import Mean, Table, markdown_table
from evals.benchmarks.short_answer_f1 import best_f1
from evals.benchmarks.table import Row, markdown
from evals.benchmarks.xquad import XquadQuestion, answers_it, questions, write_articles
from evals.fresh import open_existing, open_fresh
from evals.statistics import clustered, mean_intervals
from index.search import Query
from rag.answer import SEARCHED_HITS
from rag.candidates import Candidate, candidates
from rag.composing import pick
from rag.errors import InputError
from rag.question import expects
from rag.runtime import Runtime
from rag.settings import load_settings
from rag.short_answer import short_answer
from rag.standalone import Standalone

FALSE_REFUSALS = 0.05
Answers = Mapping[tuple[str, int, int, int], tuple[str, ...]]
"""Right answers by language and question."""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one question; a refused one shows no quote, and a quote without a mark has an F1 of 0."""

    question: XquadQuestion
    sure: float
    """How sure it was of an answer, as ``sure_without`` with the question's passage taken away in every language."""
    sure_without: float
    is_answered: bool
    """As ``is_answered_without`` without it."""
    is_answered_without: bool
    first: float
    """1 where the first quote holds a right answer in the quote's language."""
    any: float
    """1 where one of the quotes does."""
    short: float
    """F1 of the short answer in the first quote."""
    short_in_passage: float
    """The same of the best quote of the right passage, in the question's language where search found that."""
    is_marked: float


Figure = Callable[[Asked], float]


def main() -> None:
    given = _options()
    xquad = given.data / "xquad"
    chosen = sampled(xquad, REPORT, given.every)
    if not chosen:
        raise InputError(f"There is no XQuAD in {xquad}. Name the folder that holds it with --data.")
    began = time.perf_counter()
    asked = tuple(_all_asked(xquad, chosen, given.index))
    took_s = time.perf_counter() - began
    print(f"{len(asked)} questions on odd articles, each with its passage and without\n")
    print(markdown([*goals(asked), Row("the whole run", f"{took_s:.0f} s")]))
    print(f"\n{markdown_table(by_language(asked))}")
    print(f"\n{describe()}")


def ask(runtime: Runtime, question: XquadQuestion, answers: Answers) -> Asked:
    hits = runtime.find(Query(text=question.text, lang=question.lang, top_k=SEARCHED_HITS, group_works=False))
    aids, asked = runtime.aids(), Standalone(text=question.text, lang=question.lang)
    picked = pick(asked, hits, question.lang, aids)
    right = [hit for hit in hits if answers_it(hit, question)]
    own = [hit for hit in right if hit.lang == question.lang] or right
    passage = candidates(own[:1], question.text, question.lang)
    without = pick(asked, tuple(hit for hit in hits if not answers_it(hit, question)), question.lang, aids)
    held = [float(holds(quote, question, answers)) for quote in picked.chosen]
    return Asked(
        question=question,
        sure=picked.sure,
        sure_without=without.sure,
        is_answered=bool(picked.chosen),
        is_answered_without=bool(without.chosen),
        first=held[0] if held else 0.0,
        any=max(held, default=0.0),
        short=_short_f1(picked.chosen[:1], question, answers),
        short_in_passage=_short_f1(passage[:1], question, answers),
        is_marked=float(any(_marked(quote, question) for quote in picked.chosen[:1])),
    )


@contextmanager
def opened(xquad: Path, index: Path | None) -> Iterator[Runtime]:
    """Over all of XQuAD, in a data folder that holds it already or is made for it."""
    if index is not None:
        settings = load_settings()
        kept = msgspec.structs.replace(settings, data_dir=str(index), model_dir=str(settings.model_path))
        with open_existing(kept) as runtime:
            yield runtime
        return
    with tempfile.TemporaryDirectory(prefix="kilde-xquad-") as folder:
        write_articles(xquad, Path(folder))
        with open_fresh([Path(folder)]) as runtime:
            yield runtime


def goals(asked: Sequence[Asked]) -> Iterator[Row]:
    """The figures that must hold."""
    yield _at_least("the first quote holds the answer", mean(asked, lambda one: one.first), 0.86)
    yield _at_least("one of up to three does", mean(asked, lambda one: one.any), 0.96)
    yield _worst("the first quote holds the answer", asked, lambda some: mean(some, lambda one: one.first).value, 0.80)
    yield _worst("one of up to three does", asked, lambda some: mean(some, lambda one: one.any).value, 0.92)
    yield _at_least("short answer, F1, right passage given", mean(asked, lambda one: one.short_in_passage), 0.40)
    yield _at_least("short answer, F1, end to end", mean(asked, lambda one: one.short), 0.40)
    yield Row("first quotes with a short answer marked", str(mean(asked, lambda one: one.is_marked)))
    yield Row("passage there or taken away, AUROC", f"{auroc(asked):.3f}", "≥ 0.945", auroc(asked) >= 0.945)
    yield _worst("AUROC", asked, auroc, 0.92)
    false = false_answers(asked)
    what = f"answered without their passage, where {FALSE_REFUSALS:.0%} are refused with it"
    yield Row(what, f"{false:.3f}", "≤ 0.25", false <= 0.25)
    refused = mean(asked, lambda one: float(not one.is_answered))
    answered = mean(asked, lambda one: float(one.is_answered_without))
    yield Row("at the threshold in use: refused with their passage", str(refused))
    yield Row("at the threshold in use: answered without it", str(answered))


def by_language(asked: Sequence[Asked]) -> Table:
    """Of the question."""
    rows = [["question in", "first", "one of three", "F1, passage given", "F1, end to end", "AUROC", "false answers"]]
    for lang, some in _by_lang(asked).items():
        figures = [
            float(np.mean([value(one) for one in some]))
            for value in (lambda one: one.first, lambda one: one.any, lambda one: one.short_in_passage, _short)
        ]
        rows.append([lang, *(f"{value:.3f}" for value in (*figures, auroc(some), false_answers(some)))])
    return rows


def auroc(asked: Sequence[Asked]) -> float:
    """How often a question with its passage is surer of an answer than one without."""
    there = [1] * len(asked) + [0] * len(asked)
    return float(roc_auc_score(there, [one.sure for one in asked] + [one.sure_without for one in asked]))


def false_answers(asked: Sequence[Asked]) -> float:
    """Share of the questions without their passage that are answered where few of those with it are refused."""
    threshold = np.quantile([one.sure for one in asked], FALSE_REFUSALS)
    return float(np.mean([one.sure_without >= threshold for one in asked]))


def mean(asked: Sequence[Asked], figure: Figure) -> Mean:
    """As ``mean_of``."""
    return mean_of([figure(one) for one in asked], [one.question for one in asked])


def mean_of(figures: Sequence[float], questions: Sequence[XquadQuestion]) -> Mean:
    """With an interval that draws whole articles; one figure for each question, of which there are some."""
    values = np.array(figures)[:, None]
    articles = [f"{one.article:02d}" for one in questions]
    interval = mean_intervals(clustered(values, articles, [range(len(articles))]))
    return Mean(float(values.mean()), float(interval.low[0]), float(interval.high[0]))


def _all_asked(xquad: Path, chosen: Sequence[XquadQuestion], index: Path | None) -> Iterator[Asked]:
    answers = {(one.lang, *one.key): one.answers for one in questions(xquad, REPORT)}
    with opened(xquad, index) as runtime:
        for question in chosen:
            yield ask(runtime, question, answers)


def holds(quote: Candidate, question: XquadQuestion, answers: Answers) -> bool:
    """A right answer in its own language."""
    return any(answer in quote.text for answer in answers[quote.hit.lang, *question.key])


def _short_f1(quotes: Sequence[Candidate], question: XquadQuestion, answers: Answers) -> float:
    """Of the only quote; 0 for none."""
    for quote in quotes:
        return best_f1(_marked(quote, question), answers[quote.hit.lang, *question.key], quote.hit.lang)
    return 0.0


def _marked(quote: Candidate, question: XquadQuestion) -> str:
    place = short_answer(quote, expects(question.text, question.lang))
    return quote.text[place.start : place.end] if place else ""


def _short(one: Asked) -> float:
    return one.short


def _by_lang(asked: Sequence[Asked]) -> dict[str, list[Asked]]:
    langs = sorted({one.question.lang for one in asked})
    return {lang: [one for one in asked if one.question.lang == lang] for lang in langs}


def _at_least(what: str, measured: Mean, goal: float) -> Row:
    return Row(what, str(measured), f"≥ {goal:g}", measured.value >= goal)


def _worst(what: str, asked: Sequence[Asked], figure: Callable[[Sequence[Asked]], float], goal: float) -> Row:
    figures = {lang: figure(some) for lang, some in _by_lang(asked).items()}
    worst = min(figures, key=lambda lang: figures[lang])
    return Row(f"{what}, worst language ({worst})", f"{figures[worst]:.3f}", f"≥ {goal:g}", figures[worst] >= goal)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure quotes, short answers and refusals on XQuAD.")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that holds xquad")
    parser.add_argument("--every", type=int, default=1, help="ask every N-th question only")
    parser.add_argument("--index", type=Path, help="data folder of an index of XQuAD")
    return parser.parse_args()


if __name__ == "__main__":
    main()
