"""Suites: files that belong together, questions that fit their articles, and articles that stay the same."""

import hashlib
import json
from datetime import date
from pathlib import Path

import msgspec
import pytest
from fake_backend import ARTICLE_TEXT
from small_suite import CARRIES, OWNER, SECOND, small_suite, write_suite

from evals.check import complaints, fingerprint, fingerprint_of, read_articles, texts_of
from evals.golden import Case
from evals.suite import Selection, load_suite, select
from index.records import Article, ArticleSummary, Block
from rag.errors import ConfigurationError, InputError

TODAY = date(2024, 5, 1)


def ids(selected: tuple[Case, ...]) -> list[str]:
    return [case.id for case in selected]


def test_a_suite_has_the_questions_of_all_its_files_in_the_order_of_their_names(tmp_path: Path) -> None:
    file = write_suite(tmp_path, SECOND)
    (tmp_path / "small-0.jsonl").write_text(json.dumps(OWNER) + "\n", encoding="utf-8")
    suite = load_suite(str(file))
    assert (suite.name, ids(suite.cases)) == ("small", ["bridge-owner-en", "bridge-cyclists-2-de"])
    assert suite.corpus == tmp_path / "content"


def test_questions_are_the_same_however_they_are_spread_over_files(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    one, file = small_suite(tmp_path / "one", CARRIES, OWNER), write_suite(tmp_path / "two", CARRIES)
    (tmp_path / "two" / "small-other.jsonl").write_text(json.dumps(OWNER), encoding="utf-8")
    assert load_suite(str(file)).questions_sha256 == one.questions_sha256


def test_an_id_in_two_files_is_refused(tmp_path: Path) -> None:
    file = write_suite(tmp_path)
    (tmp_path / "small-two.jsonl").write_text(json.dumps(OWNER), encoding="utf-8")
    with pytest.raises(InputError, match=r"bridge-owner-en' is used in small-one\.jsonl and in small-two\.jsonl"):
        load_suite(str(file))


def test_a_suite_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(InputError, match="golden"):
        load_suite("nonsense")


@pytest.mark.parametrize("wrong", ['corpus = "x"', "corpus =", 'questions = ["a"]\ncorpus = "b"\ncolour = "c"'])
def test_an_ill_formed_suite_file_is_refused_by_name(wrong: str, tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"own\.toml is no suite"):
        load_suite(str(tmp_path / "own.toml"))


def test_a_pattern_without_files_is_refused(tmp_path: Path) -> None:
    file = write_suite(tmp_path)
    (tmp_path / "small-one.jsonl").unlink()
    with pytest.raises(InputError, match=r"small-\*\.jsonl"):
        load_suite(str(file))


@pytest.mark.parametrize(
    ("selection", "left"),
    [
        (Selection(), ["bridge-cyclists-de", "bridge-owner-en", "bridge-cyclists-2-de"]),
        (Selection(ids=("bridge-cyclists*",)), ["bridge-cyclists-de", "bridge-cyclists-2-de"]),
        (Selection(tags=("number", "table")), ["bridge-cyclists-de"]),
        (Selection(langs=("en",)), ["bridge-owner-en"]),
        (Selection(ids=("*-de",), tags=("crosslingual",)), ["bridge-cyclists-de"]),
    ],
)
def test_questions_are_selected_by_id_tag_and_language(selection: Selection, left: list[str], tmp_path: Path) -> None:
    assert ids(select(small_suite(tmp_path), selection).cases) == left


def test_a_language_lets_its_regions_through(tmp_path: Path) -> None:
    suite = small_suite(tmp_path, OWNER | {"lang": "pt-BR"})
    assert len(select(suite, Selection(langs=("pt",))).cases) == 1
    with pytest.raises(InputError, match="No question"):
        select(suite, Selection(langs=("pt-PT",)))


def article(path: str, text: str) -> Article:
    block = Block(kind="paragraph", start=0, end=len(text))
    return Article(path=path, work_key=path, lang="en", title="", text=text, blocks=(block,))


def test_the_fingerprint_is_of_paths_texts_and_dates_in_any_order() -> None:
    # SHA-256 of "a.md\0<sha of 1>\0002022\0\n" + "b.md\0<sha of 2>\0\0\n", put together by hand.
    files = (("a.md", b"1", "2022"), ("b.md", b"2", ""))
    lines = "".join(f"{path}\0{hashlib.sha256(text).hexdigest()}\0{day}\0\n" for path, text, day in files)
    expected = hashlib.sha256(lines.encode()).hexdigest()
    articles = [article("b.md", "2"), msgspec.structs.replace(article("a.md", "1"), published="2022")]
    assert fingerprint_of(articles) == fingerprint_of(articles[::-1]) == expected


def test_the_fingerprint_changes_with_a_word_a_name_and_a_date() -> None:
    one = article("a.md", "1")
    others = [{"path": "b.md"}, {"text": "2"}, {"published": "2022-12"}, {"modified": "2022-12"}]
    seen = {fingerprint_of([one]), *(fingerprint_of([msgspec.structs.replace(one, **other)]) for other in others)}
    assert len(seen) == 5


def test_indexed_articles_have_the_fingerprint_of_the_files_that_they_came_from(tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    read = read_articles(suite.corpus, TODAY)
    indexed = [
        ArticleSummary(
            article_id="1",
            work_id="1",
            path=one.path,
            lang=one.lang,
            title=one.title,
            url=None,
            published=one.published,
            modified=one.modified,
            chunks=1,
            other_langs=(),
            content_sha256=hashlib.sha256(one.text.encode()).hexdigest(),
        )
        for one in read
    ]
    assert fingerprint(indexed) == fingerprint_of(read)


def test_articles_are_read_as_an_ingest_reads_them(tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    (suite.corpus / "draft.md").write_text("---\ndraft: true\n---\nText.\n", encoding="utf-8")
    (one,) = read_articles(suite.corpus, TODAY)
    assert (one.path, one.text) == ("city/bridge.md", ARTICLE_TEXT)


def test_a_file_that_cannot_be_read_stops_the_check(tmp_path: Path) -> None:
    suite = small_suite(tmp_path)
    (suite.corpus / "broken.md").write_bytes(b"\xff\xfe\x00\xd8")
    with pytest.raises(InputError, match=r"broken\.md could not be read"):
        read_articles(suite.corpus, TODAY)


def found(tmp_path: Path, *cases: dict[str, object]) -> list[str]:
    texts = texts_of(
        [article("city/bridge.nl.md", "Er rijden 4.200 fietsers."), article("city/bridge.md", ARTICLE_TEXT)]
    )
    return list(complaints(small_suite(tmp_path, *cases).cases, texts))


def expecting(**expect: object) -> dict[str, object]:
    return CARRIES | {"expect": {"status": "answered", "works": ["city/bridge.md"], **expect}}


def test_a_suite_in_order_has_no_complaints(tmp_path: Path) -> None:
    assert found(tmp_path, CARRIES, OWNER, SECOND) == []


@pytest.mark.parametrize(
    ("case", "complaint"),
    [
        (expecting(works=["city/tunnel.md"]), "there is no article 'city/tunnel.md', or it is not ingested"),
        (expecting(quotes=["4,200 walkers"]), "the quote '4,200 walkers' stands in none of its works"),
        (expecting(facts=[["4,300", "4.300"]]), "none of '4,300', '4.300' stands in its works"),
        (expecting(facts=[["420"]]), "none of '420' stands in its works"),
        (
            expecting(facts=[["4,200"]], forbidden=["4.200"]),
            "'4.200' is forbidden, and '4,200', which holds it, is expected",
        ),
        (CARRIES | {"lang": "DE"}, "'DE' is no language tag of the form that articles have"),
        (expecting(answer_lang="no"), "'no' is no language tag of the form that articles have"),
        (expecting(as_of="May 2022"), "as_of 'May 2022' is no date of the form 2022, 2022-12 or 2022-12-14"),
        (CARRIES | {"standalone": "How many?"}, "has a standalone question and no turns before it"),
    ],
)
def test_what_does_not_fit_the_articles_is_named(case: dict[str, object], complaint: str, tmp_path: Path) -> None:
    assert found(tmp_path, case) == [f"bridge-cyclists-de: {complaint}"]


def test_a_fact_in_one_language_of_the_work_is_enough(tmp_path: Path) -> None:
    assert found(tmp_path, expecting(facts=[["4200 fietsers"]])) == []


def test_two_questions_that_ask_the_same_are_named(tmp_path: Path) -> None:
    assert found(tmp_path, OWNER, OWNER | {"id": "again"}) == ["again: asks the same as bridge-owner-en"]


def test_the_same_follow_up_to_other_turns_is_another_question(tmp_path: Path) -> None:
    assert found(tmp_path, OWNER, OWNER | {"id": "again", "turns": ["What is it?"]}) == []
