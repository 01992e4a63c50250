"""Drift: translations that disagree are found, with the newest named; all else is left alone.

The encoder of these tests gives equal words equal vectors, so that the versions share their words and differ in
figures only.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_index import SmallIndex, small_index
from word_encoder import TokenWordEncoder

from rag.drift import find_drift
from rag.drift_records import DriftReport
from rag.drift_reports import DriftReports

NETWORK = (
    "Boreo network stations {sites} total.\n\nMerenveld office opened {opened} formally.\n\nTariff night unchanged."
)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallIndex]:
    opened = small_index(tmp_path, monkeypatch, TokenWordEncoder())
    yield opened
    opened.close()


def versions(index: SmallIndex, **texts: tuple[str, str]) -> DriftReport:
    """The report over one work; of each language a text and a date."""
    for lang, (text, dated) in texts.items():
        index.write(f"boreo.{lang}.md", text, title="Boreo", date=dated)
    index.ingest()
    return DriftReports(index.catalog).report()


def network(sites: str, opened: str) -> str:
    return NETWORK.format(sites=sites, opened=opened)


def said(report: DriftReport) -> list[list[tuple[str, str]]]:
    return [[(one.lang, one.figure) for one in drift.statements] for drift in report.drifts]


def test_another_figure_in_the_counterpart_is_a_disagreement_and_the_newest_comes_first(index: SmallIndex) -> None:
    report = versions(
        index, en=(network("310", "2016-06-02"), "2023-09-12"), nl=(network("182", "2016-06-02"), "2022-03-15")
    )
    assert said(report) == [[("en", "310"), ("nl", "182")]]
    (drift,) = report.drifts
    newest, oldest = drift.statements
    assert (newest.value, oldest.value) == ("310", "182")
    assert (drift.kind, drift.newest, newest.dated, oldest.dated) == (
        *("number", newest.article_id, "2023-09-12", "2022-03-15"),
    )
    assert report.works == 1


def test_offsets_name_the_figure_in_the_canonical_text(index: SmallIndex) -> None:
    report = versions(
        index, en=(network("310", "2016-06-02"), "2023-09-12"), nl=(network("182", "2016-06-02"), "2022-03-15")
    )
    for statement in report.drifts[0].statements:
        text = index.texts()[statement.path]
        assert text[statement.start : statement.end] == statement.figure
        assert statement.passage == f"Boreo network stations {statement.figure} total."
        assert text[statement.passage_start :].startswith(statement.passage)


def test_another_date_in_the_counterpart_is_a_disagreement(index: SmallIndex) -> None:
    report = versions(
        index, en=(network("310", "2 June 2016"), "2023-09-12"), nl=(network("310", "3 juni 2016"), "2022-03-15")
    )
    assert said(report) == [[("en", "2 June 2016"), ("nl", "3 juni 2016")]]
    assert report.drifts[0].kind == "date"


def test_the_spelling_of_another_language_is_no_disagreement(index: SmallIndex) -> None:
    report = versions(
        index, en=(network("43,866", "2 June 2016"), "2023-09-12"), de=(network("43.866", "2. Juni 2016"), "2022")
    )
    assert report.drifts == ()
    assert report.works == 1


def test_a_figure_that_one_version_leaves_out_is_no_disagreement(index: SmallIndex) -> None:
    report = versions(index, en=(network("310", "2016"), "2023"), nl=(network("many", "once"), "2022"))
    assert report.drifts == ()


def test_a_figure_that_stands_in_the_sentence_beside_is_no_disagreement(index: SmallIndex) -> None:
    one = "Boreo network stations 310 total. Merenveld office employs 41 people."
    other = "Boreo network stations total 41 places. Merenveld office employs 310 people."
    assert versions(index, en=(one, "2023"), nl=(other, "2022")).drifts == ()


def test_what_several_versions_say_against_one_is_one_disagreement(index: SmallIndex) -> None:
    report = versions(
        index,
        en=(network("310", "2016"), "2023-09-12"),
        de=(network("310", "2016"), "2023-09-20"),
        nl=(network("182", "2016"), "2022-03-15"),
    )
    assert said(report) == [[("de", "310"), ("en", "310"), ("nl", "182")]]


@pytest.mark.parametrize(("one", "other"), [("2023", "2023"), ("2023", "2023-05-01")])
def test_none_is_the_newest_of_versions_whose_dates_do_not_tell(index: SmallIndex, one: str, other: str) -> None:
    report = versions(index, en=(network("310", "2016"), one), nl=(network("182", "2016"), other))
    assert [drift.newest for drift in report.drifts] == [None]


def test_different_works_are_not_compared(index: SmallIndex) -> None:
    index.write("one.md", network("310", "2016"))
    index.write("two.md", network("182", "2016"))
    index.ingest()
    assert DriftReports(index.catalog).report() == DriftReport(works=0, drifts=())


def test_rows_of_a_table_are_compared_cell_by_cell(index: SmallIndex) -> None:
    rows = (
        "| Kind | Power | Points |\n| --- | --- | --- |\n| Street post | {} kW | {} |\n| Fast charger | 150 kW | {} |"
    )
    report = versions(index, en=(rows.format(22, 5860, 742), "2023"), nl=(rows.format(11, 3940, 742), "2022"))
    assert said(report) == [[("en", "22 kW"), ("nl", "11 kW")], [("en", "5860"), ("nl", "3940")]]


def test_an_index_without_articles_has_no_works_to_compare(index: SmallIndex) -> None:
    assert find_drift([]) == DriftReports(index.catalog).report() == DriftReport(works=0, drifts=())


def test_a_report_is_made_anew_when_an_article_has_changed(index: SmallIndex) -> None:
    dates = ("2023-09-12", "2022-03-15")
    versions(index, en=(network("310", "2016"), dates[0]), nl=(network("182", "2016"), dates[1]))
    reports = DriftReports(index.catalog)
    first = reports.report()
    assert reports.report() is first
    index.write("boreo.nl.md", network("310", "2016"), title="Boreo", date=dates[1])
    index.ingest()
    assert reports.report().drifts == ()


def test_without_token_vectors_passages_are_compared_by_those_of_their_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = small_index(tmp_path / "plain", monkeypatch)
    text = f"{'battery ' * 40}lasts {{}} km.\n\n{'heron ' * 40}walks.\n\n{'winter ' * 40}ends."
    report = versions(plain, en=(text.format(310), "2023"), nl=(text.format(182), "2022"))
    plain.close()
    assert said(report) == [[("en", "310 km"), ("nl", "182 km")]]
