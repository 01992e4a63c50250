"""XQuAD as articles and questions: paragraphs as files for the product's own ingest, questions with their answers.

In: the folder with ``xquad.LANG.json``. Out: a folder of articles, one file per paragraph and language, and the
questions by article, paragraph and place, parallel over languages. Even articles are for tuning, odd ones for reports.
"""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from index.records import Hit


class XquadQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """A question; ``article`` and ``paragraph`` say which passage answers it, ``place`` tells it from its siblings."""

    lang: str
    article: int
    paragraph: int
    place: int
    text: str
    answers: tuple[str, ...]

    @property
    def key(self) -> tuple[int, int, int]:
        """Equal for the translations of one question."""
        return self.article, self.paragraph, self.place


def languages(data: Path) -> tuple[str, ...]:
    """Of the files that are there, sorted."""
    return tuple(sorted(file.suffixes[0][1:] for file in data.glob("xquad.*.json")))


def write_articles(data: Path, folder: Path) -> None:
    """One text file per paragraph: ``LANG/ARTICLE-PARAGRAPH.txt``, so that translations are one work."""
    for lang in languages(data):
        (folder / lang).mkdir(parents=True, exist_ok=True)
        for article, paragraph, text, _questions in _paragraphs(data, lang):
            (folder / lang / f"{article:02d}-{paragraph:02d}.txt").write_text(text, encoding="utf-8")


def questions(data: Path, parity: int) -> Iterator[XquadQuestion]:
    """Those of the articles with an even (0) or odd (1) index, by language."""
    for lang in languages(data):
        for article, paragraph, _text, asked in _paragraphs(data, lang):
            if article % 2 != parity:
                continue
            for place, one in enumerate(asked):
                answers = tuple(answer.text for answer in one.answers)
                yield XquadQuestion(
                    lang=lang,
                    article=article,
                    paragraph=paragraph,
                    place=place,
                    text=one.question,
                    answers=answers,
                )


def passages(data: Path, lang: str, parity: int) -> Iterator[str]:
    """Paragraphs of the articles with an even (0) or odd (1) index."""
    return (text for article, _, text, _ in _paragraphs(data, lang) if article % 2 == parity)


def paragraph_texts(data: Path, lang: str) -> Iterator[tuple[int, int, str, str]]:
    """Article, paragraph, the article's English title and the text of every paragraph."""
    titles = _titles(data, lang)
    return ((article, number, titles[article], text) for article, number, text, _ in _paragraphs(data, lang))


def passage_of(hit: Hit) -> tuple[int, int]:
    """Article and paragraph that a hit comes from."""
    article, paragraph = Path(hit.path).stem.split("-")
    return int(article), int(paragraph)


def answers_it(hit: Hit, question: XquadQuestion) -> bool:
    """Whether the hit is of the question's passage, in any language."""
    return passage_of(hit) == (question.article, question.paragraph)


def _paragraphs(data: Path, lang: str) -> Iterator[tuple[int, int, str, list["_Question"]]]:
    loaded = msgspec.json.decode((data / f"xquad.{lang}.json").read_bytes(), type=_File)
    for article, entry in enumerate(loaded.data):
        for paragraph, one in enumerate(entry.paragraphs):
            yield article, paragraph, one.context.lstrip("\ufeff"), one.qas


def _titles(data: Path, lang: str) -> list[str]:
    loaded = msgspec.json.decode((data / f"xquad.{lang}.json").read_bytes(), type=_File)
    return [entry.title.replace("_", " ") for entry in loaded.data]


class _Text(msgspec.Struct):
    text: str


class _Question(msgspec.Struct):
    question: str
    answers: list[_Text]


class _Paragraph(msgspec.Struct):
    context: str
    qas: list[_Question]


class _Article(msgspec.Struct):
    paragraphs: list[_Paragraph]
    title: str = ""


class _File(msgspec.Struct):
    """SQuAD's layout, as far as it is used."""

    data: list[_Article]
