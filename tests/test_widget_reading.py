"""What the widget makes of events, offsets, links, dates and waiting times, run in node."""

import json
import shutil
import subprocess
from importlib.resources import files
from typing import Any

import msgspec
import pytest
from fake_backend import ANSWER, ARTICLE_TEXT, CITATION, QUOTE, TEXT, turn

from rag.api.sse import Frames

WIDGET = files("rag").joinpath("widget")


def read(expression: str) -> Any:
    """The value of an expression over the widget's pure functions, by way of JSON."""
    names = ("reading", "wording", "language")
    imports = "".join(f"import * as {n} from {json.dumps(str(WIDGET.joinpath(f'{n}.js')))};" for n in names)
    script = f"{imports} const r = {{...reading, ...wording, ...language}};" + (
        f"process.stdout.write(JSON.stringify({expression}) ?? 'null')"
    )
    node = [shutil.which("node") or "node", "--no-warnings", "--input-type=module", "-"]
    return json.loads(subprocess.run(node, input=script, capture_output=True, check=True, text=True).stdout)


needs_node = pytest.mark.skipif(
    shutil.which("node") is None, reason="the widget's own code runs in node: apt-get install nodejs"
)


@needs_node
@pytest.mark.parametrize("size", [1, 7, 64, 100_000])
def test_events_are_read_in_any_cut(size: int) -> None:
    frames = Frames()
    stream = ": keep-alive\n\n" + "".join(frames.frame(event).decode() for event in turn())
    parts = [stream[at : at + size] for at in range(0, len(stream), size)]
    events = read(
        f"(() => {{ const e = new r.EventReader(); return {json.dumps(parts)}.flatMap((p) => e.take(p)) }})()"
    )
    assert [event["event"] for event in events] == [event.event for event in turn()]
    assert events[-1]["data"]["text"] == TEXT


@needs_node
def test_quotes_and_markers_are_found_by_code_points() -> None:
    text = "🌉🌉 " + TEXT + " [7]"
    start = CITATION.answer.start + 3
    citation = json.loads(msgspec.json.encode(CITATION))
    citation["answer"] = {"start": start, "end": start + len(QUOTE)}
    pieces = read(f"r.answerPieces({json.dumps(text)}, {json.dumps([citation])})")
    assert "".join(piece.get("text", "[1]") for piece in pieces) == text
    assert [piece["text"] for piece in pieces if "citation" in piece and "text" in piece] == [QUOTE]
    assert [piece["marker"] for piece in pieces if "marker" in piece] == ["1"]


@needs_node
def test_a_sentence_that_a_quote_only_supports_is_no_quote() -> None:
    citation = json.loads(msgspec.json.encode(CITATION)) | {"answer": {"start": 0, "end": 31}}
    pieces = read(f"r.answerPieces('Täglich fahren 4.200 Menschen. [1]', {json.dumps([citation])})")
    assert [("marker" in piece, "citation" in piece) for piece in pieces] == [(False, False), (True, True)]


@needs_node
def test_the_short_answer_is_set_apart_by_code_points() -> None:
    assert read('r.highlightedParts("\U0001f697 545 km.", {start: 2, end: 8})') == ["\U0001f697 ", "545 km", "."]
    assert read('r.highlightedParts("545 km.", null)') == ["", "", "545 km."]


@needs_node
def test_a_marker_stands_for_the_quote_before_it() -> None:
    text = "aa [1] bb [1]"
    citations = [
        {"n": 1, "quote": "aa", "answer": {"start": 0, "end": 2}},
        {"n": 1, "quote": "bb", "answer": {"start": 7, "end": 9}},
    ]
    pieces = read(f"r.answerPieces({json.dumps(text)}, {json.dumps(citations)})")
    assert [piece["citation"]["answer"]["start"] for piece in pieces if "marker" in piece] == [0, 7]


@needs_node
def test_the_quote_is_marked_in_its_paragraph() -> None:
    citation = msgspec.json.encode(CITATION).decode()
    shown = read(f"r.articleParagraphs({json.dumps(ARTICLE_TEXT)}, [{citation}])")
    assert shown["exact"] is True
    assert shown["paragraphs"] == [
        [{"text": "The harbour bridge 🌉", "marked": False}],
        [
            {"text": "The harbour bridge opened in May 1931. ", "marked": False},
            {"text": QUOTE, "marked": True},
        ],
        [{"text": "Repairs began in 2019 and took eleven months.", "marked": False}],
    ]


@needs_node
def test_all_quotes_are_marked_in_the_order_of_the_text_and_what_two_share_once() -> None:
    places = [(6, 9, "ggh"), (0, 2, "aa"), (1, 4, "abb")]
    citations = [{"source": {"start": start, "end": end}, "quote": quote} for start, end, quote in places]
    shown = read(f"r.articleParagraphs('aabb\\ncggh', {json.dumps(citations)})")
    assert shown["exact"] is True
    marked = [[("*" if run["marked"] else "") + run["text"] for run in paragraph] for paragraph in shown["paragraphs"]]
    assert marked == [["*aa", "*bb"], ["c", "*ggh"]]


@needs_node
def test_nothing_is_marked_where_the_article_says_something_else_now() -> None:
    moved = json.dumps({"source": {"start": 0, "end": len(QUOTE)}, "quote": QUOTE})
    citation = msgspec.json.encode(CITATION).decode()
    shown = read(f"r.articleParagraphs({json.dumps(ARTICLE_TEXT)}, [{citation}, {moved}])")
    assert shown["exact"] is False
    assert not any(run["marked"] for paragraph in shown["paragraphs"] for run in paragraph)


@needs_node
@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://news.example/a#:~:text=b", "https://news.example/a#:~:text=b"),
        ("http://news.example/", "http://news.example/"),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("/relative", None),
        ("", None),
        (None, None),
    ],
)
def test_only_web_addresses_become_links(url: str | None, link: str | None) -> None:
    assert read(f"r.safeLink({json.dumps(url)})") == link


@needs_node
@pytest.mark.parametrize(
    ("date", "words"),
    [("2022", "2022"), ("2022-12", "December 2022"), ("2022-12-14", "December 14, 2022"), (None, None)],
)
def test_a_date_is_told_as_exactly_as_it_is_known(date: str | None, words: str | None) -> None:
    assert read(f"r.dateInWords({json.dumps(date)}, 'en')") == words


@needs_node
def test_arabic_and_hebrew_run_from_right_to_left() -> None:
    assert read("['ar', 'he-IL', 'de', 'zh'].map(r.directionOf)") == ["rtl", "rtl", "ltr", "ltr"]


@needs_node
@pytest.mark.parametrize(
    ("url", "link"),
    [
        ("https://news.example/a", "https://news.example/a"),
        ("https://sub.press.example/a", "https://sub.press.example/a"),
        ("https://press.example/a", "https://press.example/a"),
        ("https://sub.news.example/a", None),
        ("https://notpress.example/a", None),
        ("https://news.example.evil.example/a", None),
        ("https://news.example@evil.example/a", None),
        ("javascript://news.example/%0aalert(1)", None),
    ],
)
def test_only_hosts_of_the_list_are_linked_to(url: str, link: str | None) -> None:
    assert read(f"r.allowedLink({json.dumps(url)}, ['news.example', '.press.example'])") == link


@needs_node
@pytest.mark.parametrize(
    ("wanted", "language"),
    [
        (["de-AT"], "de"),
        ([None, "pt-BR", "en"], "pt"),
        (["auto", "xx", "no"], "nb"),
        (["iw"], "he"),
        (["zh-Hant-TW"], "zh"),
        (["vi", ""], "en"),
        ([], "en"),
    ],
)
def test_the_first_language_that_it_speaks_is_chosen(wanted: list[str | None], language: str) -> None:
    assert read(f"r.chosenLanguage({json.dumps(wanted)})") == language


@needs_node
def test_only_finished_sentences_are_announced_while_more_is_to_come() -> None:
    text = json.dumps("It opened in 1931. [1] It carries 4,200 cyclists")
    assert read(f"r.sentences({text}, 'en', false)") == ["It opened in 1931."]
    assert read(f"r.sentences({text}, 'en', true)") == ["It opened in 1931.", "It carries 4,200 cyclists"]


@needs_node
@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "in 20 seconds"), (90, "in 2 minutes"), (301, "in 6 minutes"), (5400, "in 2 hours"), (86400, "in 24 hours")],
)
def test_a_wait_is_never_told_too_short(seconds: int, words: str) -> None:
    assert read(f"r.waitInWords({seconds}, 'en')") == words


@needs_node
def test_a_copied_answer_carries_its_sources() -> None:
    answer = msgspec.json.encode(ANSWER).decode()
    assert read(f"r.copyText({answer}, 'de')") == (
        f"{TEXT}\n\n[1] The harbour bridge · Englisch · Dezember 2022 · "
        "https://news.example/bridge#:~:text=It%20carries,a%20day."
    )
