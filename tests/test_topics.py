"""The quoted article is asked about by the labels of its rows, its headings and its own questions."""

import msgspec
from small_candidates import make_candidate
from small_index import make_hit

from index.records import Hit
from rag.candidates import Candidate
from rag.topics import topics

ROWS = ("Figure: Range | Value: 582 km", "Figure: Top speed | Value: 200 km/h", "Figure: 5 | Value: 6")


def quoted(text: str, *headings: str) -> Candidate:
    one = make_candidate(text, 9.0, article="a")
    return msgspec.structs.replace(one, hit=msgspec.structs.replace(one.hit, headings=headings))


def asked(*hits: Hit, lang: str = "en", quote: Candidate | None = None) -> list[str]:
    return [one.question for one in topics(hits, (quote or quoted("It is new."),), lang)]


def test_rows_are_asked_about_by_their_first_cells_nearest_first() -> None:
    hit = make_hit(*ROWS, title="Heron: a portrait", unit_scores=(0.2, 0.9, 0.5))
    assert asked(hit) == [
        "What do the articles say about “Heron: Top speed”?",
        "What do the articles say about “Heron: Range”?",
    ]


def test_what_was_quoted_is_not_asked_about() -> None:
    hit = make_hit(*ROWS, title="Heron")
    assert asked(hit, quote=quoted(ROWS[0])) == ["What do the articles say about “Heron: Top speed”?"]
    under = make_hit("It is new.", headings=("Heron", "Safety"))
    assert asked(under, quote=quoted("It is new.", "Heron", "Safety")) == []


def test_a_heading_is_asked_about_and_one_that_asks_stays_as_it_is() -> None:
    hits = [make_hit("Yes.", headings=("Lading",), lang="nb", title="Hegre")]
    hits += [make_hit("Ja.", headings=("Hvor langt kommer den?",), lang="nb", title="Hegre")]
    assert asked(*hits, lang="nb") == ["Hva står det i artiklene om «Hegre: Lading»?", "Hvor langt kommer den?"]


def test_labels_in_another_language_or_of_another_work_are_not_asked_about() -> None:
    assert asked(make_hit(*ROWS, lang="de")) == []
    assert asked(make_hit(*ROWS, article_id="b")) == []
