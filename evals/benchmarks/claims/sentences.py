"""Sentences for the test bed: of XQuAD, with their translations, and of real pages.

In: the folder of shared data. Out: sentences with the names in them. XQuAD's names are its short answers whose English
version is written with capitals only; the question word tells places from others. Names of pages are model names, by
pattern. Half 0 (even articles, every second page folder) is for tuning. Refuses nothing.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from evals.benchmarks.claims.cases import Named, Told
from evals.benchmarks.xquad import languages, paragraph_texts, questions
from index.languages import base
from index.readers.read import read_article
from index.records import Article
from index.sentences import sentence_spans

_ENGLISH_NAME = re.compile(r"(?:the )?[A-Z][\w.'’-]+(?: (?:of |de |the |and )?[A-Z][\w.'’-]+){0,3}")
_MONTH_OR_DAY = re.compile("January|February|March|April|May|June|July|August|September|October|November|December|day$")
_PLACE_QUESTION = re.compile(
    r"\b(?:where|(?:what|which) (?:\w+ )?(?:city|country|state|place|region|town|river|continent|county))\b", re.I
)
_MODEL = re.compile(
    r"\b(?:Audi(?: (?:S?Q\d|RS|e-tron|GT|Sportback)\b)*|S?Q\d(?: \d\d)? e-tron|RS e-tron GT|e-tron GT|Porsche|Taycan|"
    r"Tesla|BMW|Mercedes|Nissan|Hyundai|Kia|Toyota|Volkswagen|Electrify America|Tesla Model [3SXY])\b"
)
_SHORTEST, _LONGEST = 25, 400
"""Characters of a sentence; 12 and 200 where a character is a syllable."""


def xquad_sentences(data: Path) -> Iterator[Told]:
    """By language and place; ``names`` are those of all the passage's questions that the sentence holds."""
    names = _answers(data)
    for lang in languages(data):
        for article, paragraph, title, text in paragraph_texts(data, lang):
            spans = sentence_spans(text, lang)
            for place, span in enumerate(spans):
                sentence = text[span.start : span.end]
                yield Told(
                    article=str(article),
                    passage=f"{article}-{paragraph}",
                    half=article % 2,
                    place=place,
                    of=len(spans),
                    lang=lang,
                    text=sentence,
                    context=text,
                    title=title,
                    names=tuple(one for one in names[lang, article, paragraph] if one.text in sentence),
                )


def page_sentences(folder: Path) -> Iterator[Told]:
    """Of Hugo pages and text files below ``folder``; translations lie in one folder and share its half."""
    files = sorted(file for file in folder.rglob("*") if file.suffix in {".md", ".txt"} and file.name != "README.md")
    folders = sorted({file.parent for file in files})
    for file in files:
        article = read_article(file.relative_to(folder).as_posix(), file.read_bytes(), today=datetime.now(UTC).date())
        if isinstance(article, Article):
            yield from _told(article, folders.index(file.parent) % 2)


def is_usable(told: Told) -> bool:
    """Neither a scrap nor a whole list."""
    dense = told.lang in {"zh", "ja", "th"}
    return (_SHORTEST // 2 if dense else _SHORTEST) <= len(told.text) <= (_LONGEST // 2 if dense else _LONGEST)


def _told(article: Article, half: int) -> Iterator[Told]:
    for number, block in enumerate(article.blocks):
        if block.kind not in {"paragraph", "list_item", "description"}:
            continue
        text = article.text[block.start : block.end]
        spans = sentence_spans(text, article.lang)
        for place, span in enumerate(spans):
            sentence = text[span.start : span.end]
            yield Told(
                article=article.path,
                passage=f"{article.path}-{number}",
                half=half,
                place=place,
                of=len(spans),
                lang=base(article.lang),
                text=sentence,
                context=text,
                title=article.title,
                names=tuple(Named(name, "name") for name in dict.fromkeys(_MODEL.findall(sentence))),
            )


def _answers(data: Path) -> defaultdict[tuple[str, int, int], list[Named]]:
    """By language, article and paragraph; longest first."""
    kinds = {
        one.key: Named("", "place" if _PLACE_QUESTION.search(one.text) else "name")
        for half in (0, 1)
        for one in questions(data, half)
        if one.lang == "en" and _ENGLISH_NAME.fullmatch(one.answers[0]) and not _MONTH_OR_DAY.search(one.answers[0])
    }
    found: defaultdict[tuple[str, int, int], list[Named]] = defaultdict(list)
    for half in (0, 1):
        for one in questions(data, half):
            if one.key in kinds:
                name = one.answers[0].removeprefix("the ").strip(" .,،。，")
                found[one.lang, one.article, one.paragraph].append(Named(name, kinds[one.key].kind))
    for names in found.values():
        names[:] = sorted(set(names), key=lambda name: (-len(name.text), name.text))
    return found
