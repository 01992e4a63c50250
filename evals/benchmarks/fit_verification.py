"""Fit the doubts of ``rag/claim_doubt.py``: ``python -m evals.benchmarks.fit_verification [--data ../shared/data]``.

Translations of XQuAD's even articles as right sentences, the same made wrong as wrong ones; errors in figures are left
out, for they are judged by value. Writes ``rag/data/verification.json`` and prints what each kind's share of doubt is,
cross-validated by article. The odd articles are left for the report.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evals.benchmarks.claims.cases import Case, Told
from evals.benchmarks.claims.making import translated
from evals.benchmarks.claims.reading import read, read_texts
from evals.benchmarks.claims.sentences import xquad_sentences
from evals.benchmarks.machine import model_dir
from evals.benchmarks.verification import SEED, bed
from index.encoder import SentenceEncoder
from index.model_identity import BUNDLED
from rag.claim_doubt import FROM_LETTERS, BothDoubts, Doubts
from rag.claim_meaning import Alignment, Meaning, align
from rag.claim_signals import Signals, against

FALSE_DOUBTS, FALSE_ERRORS, FALSE_APART = 0.04, 0.01, 0.02
"""Shares of right sentences that may be doubted, dropped, and taken for such that say something else."""
PAIRS = 1500
"""Translations that the last of these is counted over."""
JUDGED_ELSEWHERE = frozenset({"id", "quote", "number", "unit", "date"})
OUT = Path("rag/data/verification.json")


def main() -> None:
    """Make, read, fit, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    data = parser.parse_args().data
    made = bed(data)
    used = [one for one in made if one.half == 0 and one.is_foreign and one.kind not in JUDGED_ELSEWHERE]
    encoder = SentenceEncoder(BUNDLED, model_dir())
    meaning = read(used, encoder)
    signals = [_signals(one, meaning) for one in used]
    fitted = BothDoubts(
        with_meaning=_fit(used, signals, Signals.__struct_fields__),
        from_letters=_fit(used, signals, FROM_LETTERS),
        apart=_apart(data, encoder),
    )
    OUT.write_bytes(msgspec.json.format(msgspec.json.encode(fitted), indent=2) + b"\n")


def _signals(case: Case, meaning: Meaning) -> dict[str, float]:
    sentence, source = (case.claim.sentence, case.claim.lang), case.sources[0]
    quote = (case.claim.cited[0].quote, source.lang)
    return msgspec.structs.asdict(against(sentence, quote, source.title, align(meaning, sentence, quote)).signals)


def _fit(used: Sequence[Case], signals: Sequence[dict[str, float]], names: Sequence[str]) -> Doubts:
    seen = np.array([[one[name] for name in names] for one in signals])
    wrong = np.array([not one.is_good for one in used])
    articles = [one.sources[0].title for one in used]
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced", max_iter=1000))
    held_out = cross_val_predict(model, seen, wrong, groups=articles, cv=GroupKFold(6), method="predict_proba")[:, 1]
    doubtful, dropped = (float(np.quantile(held_out[~wrong], 1 - share)) for share in (FALSE_DOUBTS, FALSE_ERRORS))
    _print_shares(used, held_out >= doubtful)
    model.fit(seen, wrong)
    scaler, logistic = model[0], model[1]
    weights = logistic.coef_[0] / scaler.scale_
    return Doubts(
        intercept=round(float(logistic.intercept_[0] - weights @ scaler.mean_), 4),
        weights={name: round(float(weight), 4) for name, weight in zip(names, weights, strict=True)},
        usual={name: round(float(mean), 4) for name, mean in zip(names, seen[~wrong].mean(axis=0), strict=True)},
        doubtful=round(doubtful, 4),
        wrong=round(dropped, 4),
    )


def _apart(data: Path, encoder: SentenceEncoder) -> float:
    """The distance that so few translations have between them."""
    told = [one for one in xquad_sentences(data / "xquad") if one.half == 0]
    pairs = translated(told, SEED)[:PAIRS]
    meaning = read_texts({one.text for pair in pairs for one in pair}, encoder)
    far = [
        against((one.text, one.lang), (other.text, other.lang), "", _aligned(one, other, meaning)).clause
        for one, other in pairs
    ]
    return round(float(np.quantile(far, 1 - FALSE_APART)), 4)


def _aligned(one: Told, other: Told, meaning: Meaning) -> Alignment | None:
    return align(meaning, (one.text, one.lang), (other.text, other.lang))


def _print_shares(used: Sequence[Case], doubted: NDArray[np.bool_]) -> None:
    for kind in sorted({one.kind for one in used}):
        of_kind = np.array([one.kind == kind for one in used])
        print(f"{kind}: {doubted[of_kind].mean():.2f} of {of_kind.sum()}")


if __name__ == "__main__":
    main()
