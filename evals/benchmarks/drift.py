"""``python -m evals.benchmarks.drift``: how many altered figures of the sample articles ``kilde drift`` names.

In: the sample articles, ingested afresh. Three figures of each version that has a translation are altered by one digit,
one at a time, all else as it is. Out: a table with the share that is named, and what is named of the articles as they
are. Vectors stay those of the text before: another digit moves a sentence's mean vector little.
"""

import random
from collections.abc import Iterator, Sequence

import msgspec

from evals.benchmarks.machine import ARTICLES, model_dir
from evals.benchmarks.table import Row, markdown
from evals.fresh import built
from index.catalog import Catalog
from index.passages import Version, translated_works
from rag.drift import find_drift
from rag.mentions import mentions
from rag.settings import Settings

OF_EACH_VERSION = 3
SEEDS = (11, 12)
"""Never 7: what its alterations left unnamed showed what was to be repaired."""
Work = tuple[str, tuple[Version, ...]]


def main() -> None:
    with built([ARTICLES], Settings(model_dir=str(model_dir()))) as runtime:
        catalog = Catalog.open(runtime.settings.catalog_url)
        works = list(translated_works(catalog))
        catalog.close()
    report = find_drift(works)
    rows = [Row(f"disagreements named in {report.works} works as they are", str(len(report.drifts)))]
    print(markdown([*rows, *(_row(works, seed) for seed in SEEDS)]))


def _row(works: Sequence[Work], seed: int) -> Row:
    chance = random.Random(seed)
    named = [
        _is_named(work_id, versions, place, *change)
        for work_id, versions in works
        for place, version in enumerate(versions)
        for change in _changes(version, chance)
    ]
    return Row(f"altered figures that are named, seed {seed}", f"{sum(named)} of {len(named)}")


def _changes(version: Version, chance: random.Random) -> Iterator[tuple[int, str]]:
    """Offset of a digit in the canonical text, and the digit in its place."""
    stated = [
        (passage.start, mention)
        for place, passage in enumerate(version.passages)
        for mention in mentions(version.text_of(place), version.article.lang).listed
    ]
    chance.shuffle(stated)
    for start, mention in stated[:OF_EACH_VERSION]:
        text = version.article.text
        digits = [at for at in range(start + mention.start, start + mention.end) if text[at].isdigit()]
        at = digits[-1] if mention.kind == "date" else chance.choice(digits)
        yield at, chance.choice([digit for digit in "123456789" if digit != text[at]])


def _is_named(work_id: str, versions: Sequence[Version], place: int, at: int, digit: str) -> bool:
    version = versions[place]
    text = version.article.text
    article = msgspec.structs.replace(version.article, text=text[:at] + digit + text[at + 1 :])
    changed = msgspec.structs.replace(version, article=article)
    report = find_drift([(work_id, [*versions[:place], changed, *versions[place + 1 :]])])
    return any(
        said.article_id == version.article_id and said.start <= at < said.end
        for drift in report.drifts
        for said in drift.statements
    )


if __name__ == "__main__":
    main()
