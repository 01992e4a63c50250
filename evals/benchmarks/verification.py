"""What gets past verification? ``python -m evals.benchmarks.verification [--data FOLDER]``.

In: XQuAD and real pages. Out: Markdown tables: of sentences made wrong, by kind of error, how many were not kept; of
right ones, by kind of rewording, how many were not kept either; the same by language. Right sentences cite themselves
or their translation. Reported on odd articles and every second page; ``--tuning`` reports the others, ``--letters``
leaves the model out. ``verification_streamed`` has an LLM write each sentence. Refuses data that is not there.
"""

import argparse
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec

from evals.benchmarks.claims.cases import Case, Kind
from evals.benchmarks.claims.making import cases
from evals.benchmarks.claims.reading import read
from evals.benchmarks.claims.sentences import page_sentences, xquad_sentences
from evals.benchmarks.claims.streaming import streamed
from evals.benchmarks.machine import describe, model_dir
from evals.benchmarks.table import Row, at_least, at_most, markdown
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED
from rag.claim_lists import claim_words
from rag.claim_meaning import Meaning
from rag.records import Verification
from rag.verify import is_supported, verify

SEED = 5
CAUGHT, CAUGHT_HARD, DROPPED = 97, 70, 2
"""Goals in per cent."""
EASY: tuple[Kind, ...] = ("id", "quote", "number", "date", "unit", "name", "place")
HARD: tuple[Kind, ...] = ("negation", "direction", "relation", "other sentence")
NO_GOAL: frozenset[Kind] = frozenset({"synonym"})
"""A synonym beside words that are quoted is repaired on purpose: letters do not tell it from an opposite."""


class Judged(msgspec.Struct, frozen=True):
    case: Case
    verification: Verification

    @property
    def is_kept(self) -> bool:
        return is_supported(self.verification)


def main(*, is_streamed: bool = False) -> None:
    """``is_streamed``: as an LLM's answers, piece by piece."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--tuning", action="store_true", help="report the half that weights were fitted on")
    parser.add_argument("--letters", action="store_true", help="verify without a model")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="every Nth case")
    given = parser.parse_args()
    made = [one for one in bed(given.data) if one.half == (0 if given.tuning else 1)][:: given.every]
    meaning = (
        None
        if given.letters
        else read(
            (one for one in made if one.is_foreign and one.kind not in {"id", "quote"}),
            SentenceEncoder(BUNDLED, model_dir()),
        )
    )
    judged = judge_streamed if is_streamed else judge
    for line in report([judged(one, meaning) for one in made]):
        print(line)
    print(f"\n{describe()}")


def bed(data: Path) -> list[Case]:
    """Both halves."""
    told = [*xquad_sentences(data / "xquad"), *page_sentences(data / "evkx"), *page_sentences(data / "seeds")]
    return cases(told, SEED)


def judge(case: Case, meaning: Meaning | None) -> Judged:
    return Judged(case, verify(case.claim, case.sources, meaning=meaning))


def judge_streamed(case: Case, meaning: Meaning | None) -> Judged:
    verification = verify(case.claim, case.sources, meaning=meaning)
    return Judged(case, msgspec.structs.replace(verification, verdict=streamed(case, meaning)))


def report(judged: Sequence[Judged]) -> Iterator[str]:
    wrong, right = [one for one in judged if not one.case.is_good], [one for one in judged if one.case.is_good]
    yield f"{len(wrong)} sentences made wrong, {len(right)} right ones.\n"
    yield markdown([*_totals(wrong, right), *_rows_by_kind(wrong)])
    yield ""
    yield from _by_kind(wrong, right)
    yield ""
    yield from _by_language(wrong, right)


def _totals(wrong: Sequence[Judged], right: Sequence[Judged]) -> Iterator[Row]:
    counted = [one for one in right if one.case.kind not in NO_GOAL]
    yield at_most(f"right sentences not kept, of {len(counted)}", _share(counted, is_caught), DROPPED, "%")
    for name, kinds, goal in (
        ("id, quote, figure and name errors caught", EASY, CAUGHT),
        ("negation and paraphrase errors caught", HARD, CAUGHT_HARD),
    ):
        some = [one for one in wrong if one.case.kind in kinds]
        yield at_least(f"{name}, of {len(some)}", _share(some, is_caught), goal, "%")


def _rows_by_kind(wrong: Sequence[Judged]) -> Iterator[Row]:
    for kind in (*EASY, *HARD):
        goal = CAUGHT if kind in EASY else CAUGHT_HARD
        for is_foreign, where in ((False, "quote in its language"), (True, "quote in another")):
            some = [one for one in wrong if one.case.kind == kind and one.case.is_foreign == is_foreign]
            if some:
                yield at_least(f"{kind}, {where}, of {len(some)}", _share(some, is_caught), goal, "%")
    swapped = [one for one in wrong if one.case.kind == "direction"]
    for listed in (True, False):
        some = [one for one in swapped if _is_listed(one.case) == listed]
        words = "words of the verifier's lists" if listed else "other words"
        yield Row(f"direction, with {words}, of {len(some)}", f"{_share(some, is_caught):.1f} %")


def _by_kind(wrong: Sequence[Judged], right: Sequence[Judged]) -> Iterator[str]:
    yield "| | sentences | kept | repaired | dropped |\n| --- | --- | --- | --- | --- |"
    for group in (right, wrong):
        for kind in dict.fromkeys(one.case.kind for one in group):
            some = [one for one in group if one.case.kind == kind]
            verdicts = [one.verification.verdict for one in some]
            shares = (100 * verdicts.count(verdict) / len(some) for verdict in ("keep", "repair", "drop"))
            yield f"| {kind} | {len(some)} | " + " | ".join(f"{share:.1f} %" for share in shares) + " |"


def _by_language(wrong: Sequence[Judged], right: Sequence[Judged]) -> Iterator[str]:
    yield "| language of the sentence | quote in | right, not kept | easy errors caught | hard errors caught |"
    yield "| --- | --- | --- | --- | --- |"
    for lang in sorted({one.case.claim.lang for one in wrong}):
        for is_foreign, where in ((False, "the same"), (True, "another")):
            groups = [
                [one for one in some if one.case.claim.lang == lang and one.case.is_foreign == is_foreign]
                for some in (
                    [one for one in right if one.case.kind not in NO_GOAL],
                    [one for one in wrong if one.case.kind in EASY],
                    [one for one in wrong if one.case.kind in HARD],
                )
            ]
            if all(groups):
                shares = (f"{_share(some, is_caught):.1f} % of {len(some)}" for some in groups)
                yield f"| {lang} | {where} | " + " | ".join(shares) + " |"


def is_caught(one: Judged) -> bool:
    return not one.is_kept


def _share(some: Sequence[Judged], holds: Callable[[Judged], bool]) -> float:
    """In per cent; 0 of none."""
    return 100 * sum(map(holds, some)) / max(len(some), 1)


def _is_listed(case: Case) -> bool:
    """Whether both words of the change stand in the verifier's own lists, by their first letters."""
    lists: dict[str, str] = defaultdict(str)
    for scale in claim_words().opposites.values():
        for lang, forms in scale.items():
            lists[lang] += f"{forms};"
    listed = [form.strip(" *|") for form in lists[case.claim.lang].replace("|", ";").split(";")]
    return all(any(word.casefold().startswith(form) for form in listed if form) for word in case.change.split(" → "))


if __name__ == "__main__":
    main()
