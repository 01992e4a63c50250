"""The sample articles keep what the golden questions rely on: enough works and languages, and every special case."""

import datetime as dt
import tomllib
import unicodedata
from pathlib import Path

import msgspec
import pytest
import yaml

from index.readers.read import read_article
from index.records import Article, Skipped

CONTENT = Path(__file__).parent.parent / "evals" / "corpus" / "content"
PATHS = sorted(path.relative_to(CONTENT).as_posix() for path in CONTENT.rglob("*") if path.is_file())
WITH_FRONT_MATTER = [path for path in PATHS if path.endswith(".md")]
LANGUAGES = {"en", "nl", "de", "fr", "nb", "es", "uk", "ar", "ja"}
TODAY = dt.date(2026, 1, 15)


class Meta(msgspec.Struct, frozen=True, kw_only=True):
    """What the tests look at in the front matter of one sample article."""

    title: str
    description: str
    date: dt.date
    lastmod: dt.date | None = None
    translation_key: str | None = msgspec.field(name="translationKey", default=None)
    expiry_date: dt.date | None = msgspec.field(name="expiryDate", default=None)
    draft: bool = False
    untranslated: bool = False


def _source(path: str) -> str:
    return (CONTENT / path).read_bytes().decode("utf-8")


def _meta(path: str) -> Meta:
    source = _source(path)
    fence = source[:3]
    _, head, _ = source.split(f"{fence}\n", 2)
    return msgspec.convert(tomllib.loads(head) if fence == "+++" else yaml.safe_load(head), Meta)


def _lang(path: str) -> str:
    parts = path.rsplit("/", 1)[-1].split(".")
    return parts[1] if len(parts) == 3 else "en"


def _work(path: str) -> str:
    key = _meta(path).translation_key if path.endswith(".md") else None
    folder, _, name = path.rpartition("/")
    return key or f"{folder}/{name.split('.')[0]}"


def _read(path: str) -> Article | Skipped:
    return read_article(path, (CONTENT / path).read_bytes(), today=TODAY)


def _kinds_with(path: str, words: str) -> set[str]:
    article = _read(path)
    assert isinstance(article, Article)
    return {block.kind for block in article.blocks if words in article.text[block.start : block.end]}


def test_there_are_enough_files_works_and_languages() -> None:
    assert len(PATHS) >= 45
    assert len({_work(path) for path in PATHS}) >= 14
    assert {_lang(path) for path in PATHS} == LANGUAGES


@pytest.mark.parametrize("path", PATHS)
def test_every_file_is_utf8_nfc_with_plain_line_ends_and_a_lower_case_name(path: str) -> None:
    source = _source(path)
    assert unicodedata.is_normalized("NFC", source)
    assert "\r" not in source
    assert source.endswith("\n")
    assert path == path.lower()
    assert " " not in path


@pytest.mark.parametrize("path", WITH_FRONT_MATTER)
def test_every_article_has_a_title_a_description_and_a_date(path: str) -> None:
    meta = _meta(path)
    assert meta.title
    assert meta.description
    assert meta.lastmod is None or meta.lastmod >= meta.date


def test_every_format_is_there() -> None:
    assert {path.rsplit(".", 1)[-1] for path in PATHS} == {"md", "txt", "html"}
    assert {_source(path)[:3] for path in WITH_FRONT_MATTER} == {"---", "+++"}


@pytest.mark.parametrize("lang", ["nl", "nb", "de", "fr", "uk", "ja", "ar"])
def test_each_of_these_languages_has_a_work_of_its_own(lang: str) -> None:
    langs_by_work: dict[str, set[str]] = {}
    for path in PATHS:
        langs_by_work.setdefault(_work(path), set()).add(_lang(path))
    assert {lang} in langs_by_work.values()


def test_translations_with_different_names_share_a_translation_key() -> None:
    langs = [_lang(path) for path in WITH_FRONT_MATTER if _meta(path).translation_key == "gruenhafen-recycling"]
    assert sorted(langs) == ["de", "en", "fr"]


def test_the_dutch_network_page_is_older_than_the_english_one_and_disagrees() -> None:
    dutch, english = _meta("network/boreo/index.nl.md"), _meta("network/boreo/index.md")
    assert dutch.lastmod is not None
    assert english.lastmod is not None
    assert dutch.lastmod < english.lastmod
    assert "| Straatpaal, AC | 11 kW |" in _source("network/boreo/index.nl.md")
    assert "| Street post, AC | 22 kW |" in _source("network/boreo/index.md")


def test_the_correction_is_newer_than_the_figure_it_corrects() -> None:
    report, correction = _meta("news/zandhaven-2022.md"), _meta("news/zandhaven-2022-correction.md")
    assert report.date < correction.date
    assert "46,870" not in _source("news/zandhaven-2022.md")
    assert "46,870" in correction.title


def test_four_files_are_not_for_readers_and_only_these_are_left_out() -> None:
    assert _meta("guides/wltp/index.es.md").untranslated
    assert _meta("news/heron-coupe.md").draft
    assert _meta("news/boreo-winter-offer.nl.md").expiry_date == dt.date(2023, 2, 1)
    assert _meta("news/zandhaven-museum-2099.md").date == dt.date(2099, 1, 1)
    assert [path for path in PATHS if isinstance(_read(path), Skipped)] == [
        "guides/wltp/index.es.md",
        "news/boreo-winter-offer.nl.md",
        "news/heron-coupe.md",
        "news/zandhaven-museum-2099.md",
    ]


@pytest.mark.parametrize(
    ("path", "day"),
    [
        ("news/heron-production-start.md", "6 September 2022"),
        ("news/heron-production-start.nl.md", "6 september 2022"),
        ("news/heron-production-start.es.md", "6 de septiembre de 2022"),
    ],
)
def test_one_fact_stands_only_in_the_description_and_one_only_in_a_caption(path: str, day: str) -> None:
    assert _kinds_with(path, day) == {"description"}
    assert _kinds_with(path, "000001") == {"caption"}


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("models/q8-55-e-tron/_index.md", "999 km"),
        ("news/recharge-aire-des-trois-chenes.fr.html", "900 kW"),
        ("news/recharge-aire-des-trois-chenes.fr.html", "14 juillet"),
        ("guides/home-charging/index.md", "notice"),
        ("models/e-tron-gt/_index.md", "gT0sea5ummr"),
    ],
)
def test_what_no_reader_sees_is_in_the_file_but_not_in_the_article(path: str, words: str) -> None:
    assert words in _source(path)
    assert _kinds_with(path, words) == set()
