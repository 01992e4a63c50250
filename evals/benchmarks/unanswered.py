"""``python -m evals.benchmarks.unanswered [--data FOLDER]``: do questions that mean the same fall together?

In: ``paraphrases.toml`` beside this file, and XQuAD's questions in English and German (in the folder), where a question
and its translation are a group. Out: a Markdown table: pairs of questions rightly put together among those that were
(precision), and among those that should have been (recall), with the threshold in use; and the one that the tuning
halves would choose. Tuned on every second pair of groups and on XQuAD's even articles, reported on the others. The last
row counts the ordinary questions that redaction changes.
"""

import argparse
import tomllib
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from evals.benchmarks.machine import describe, model_dir
from evals.benchmarks.table import Row, markdown
from evals.benchmarks.xquad import languages, questions
from evals.golden import QUESTIONS, load_cases
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED
from index.records import Encoder
from rag.question_groups import SAME, group_questions
from rag.redaction import redact
from rag.unanswered import language_means

PARAPHRASES = Path(__file__).with_name("paraphrases.toml")
THRESHOLDS = tuple(round(0.30 + 0.01 * n, 2) for n in range(56))
XQUAD_LANGS = ("de", "en")
XQUAD_EVERY = 3
TUNE, REPORT = 0, 1


class Question(msgspec.Struct, frozen=True):
    text: str
    lang: str
    group: str
    """Equal for questions that ask the same."""


class Encoded(msgspec.Struct, frozen=True):
    """A list of questions with what grouping needs of them."""

    questions: tuple[Question, ...]
    vectors: NDArray[np.float32]
    means: dict[str, NDArray[np.float32]]


class Pairs(msgspec.Struct, frozen=True):
    """Of questions of a list."""

    together: int
    same: int
    both: int

    @property
    def precision(self) -> float:
        return self.both / max(self.together, 1)

    @property
    def recall(self) -> float:
        return self.both / max(self.same, 1)

    @property
    def f1(self) -> float:
        return 2 * self.both / max(self.together + self.same, 1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    xquad = parser.parse_args().data / "xquad"
    encoder = SentenceEncoder(BUNDLED, model_dir())
    lists = {"paraphrases": [encoded(encoder, paraphrases(half)) for half in (TUNE, REPORT)]}
    if set(XQUAD_LANGS) <= set(languages(xquad)):
        lists["XQuAD, en and de"] = [encoded(encoder, translations(xquad, half)) for half in (TUNE, REPORT)]
    print(markdown([*rows(lists), redaction_row(xquad)]))
    print(f"\n{describe()}")


def rows(lists: dict[str, list[Encoded]]) -> Iterator[Row]:
    best = max(THRESHOLDS, key=lambda threshold: sum(grouped(both[TUNE], threshold).f1 for both in lists.values()))
    yield Row("threshold in use, and the one that the tuning halves choose", f"{SAME:.2f}, {best:.2f}")
    for name, both in lists.items():
        for half, told in ((TUNE, "tuned on"), (REPORT, "reported")):
            pairs = grouped(both[half], SAME)
            count = len({question.group for question in both[half].questions})
            figures = f"precision {pairs.precision:.2f}, recall {pairs.recall:.2f}, F1 {pairs.f1:.2f}"
            yield Row(f"{name}, {told}: {len(both[half].questions)} questions in {count} groups", figures)


def paraphrases(half: int) -> tuple[Question, ...]:
    """Every second pair of groups."""
    groups = tomllib.loads(PARAPHRASES.read_text(encoding="utf-8"))["groups"]
    return tuple(
        Question(text, lang, str(number))
        for number, group in enumerate(groups)
        if number // 2 % 2 == half
        for lang, texts in group.items()
        for text in texts
    )


def translations(xquad: Path, half: int) -> tuple[Question, ...]:
    """Every third question, in both languages."""
    by_lang = defaultdict(list)
    for one in questions(xquad, half):
        by_lang[one.lang].append(Question(one.text, one.lang, str(one.key)))
    return tuple(question for lang in XQUAD_LANGS for question in by_lang[lang][::XQUAD_EVERY])


def encoded(encoder: Encoder, asked: Sequence[Question]) -> Encoded:
    def encode(text: str) -> NDArray[np.float32]:
        return encoder.encode_question(text).vector

    return Encoded(
        tuple(asked),
        np.stack([encode(question.text) for question in asked]),
        language_means({question.lang for question in asked}, encode),
    )


def grouped(asked: Encoded, threshold: float) -> Pairs:
    texts, langs = [one.text for one in asked.questions], [one.lang for one in asked.questions]
    groups = group_questions(texts, langs, asked.vectors, asked.means, threshold)
    label = {row: number for number, group in enumerate(groups) for row in group.rows}
    found = np.array([label[row] for row in range(len(texts))])
    wanted = np.array([one.group for one in asked.questions])
    upper = np.triu_indices(len(texts), 1)
    together = (found[:, None] == found)[upper]
    same = (wanted[:, None] == wanted)[upper]
    return Pairs(int(together.sum()), int(same.sum()), int((together & same).sum()))


def redaction_row(xquad: Path) -> Row:
    texts = [case.question for file in sorted(QUESTIONS.glob("*.jsonl")) for case in load_cases(file)]
    texts += [one.text for half in (TUNE, REPORT) for one in questions(xquad, half)]
    changed = sum(redact(text) != unicodedata.normalize("NFC", text) for text in texts)
    return Row(f"ordinary questions that redaction changes, of {len(texts)}", str(changed))


if __name__ == "__main__":
    main()
