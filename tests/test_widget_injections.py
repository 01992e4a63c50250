"""Nothing that a question, an article, a model or an error says becomes a script, a dialog, a request or a link."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from browsing import Visit, needs_chromium, visit
from fake_backend import ANSWER, ARTICLE, CITATION, FakeBackend, turn
from injections import PLACES, VECTORS
from playwright.sync_api import Browser, Route, expect
from test_widget_reading import needs_node, read

from index.records import ArticleDetail
from rag.api.sse import Frames
from rag.records import Answer, Event, Followups, MessageEnd, Notice, StreamError, TextDelta, TextRange

AS_MARKUP = """
(vectors) => vectors.forEach((vector) => {
  document.body.append(document.createElement("div"));
  document.body.lastChild.innerHTML = vector;
})
"""


def poisoned(question: str, answer: str, title: str, url: str, quote: str) -> Answer:
    """An answer that carries them in all its texts, the quote cut by its highlight."""
    text = f"{answer} “{quote}” [1] {answer}"
    start = text.index(f"“{quote}” [1]") + 1
    source = msgspec.structs.replace(
        CITATION.source, title=title, url=url, start=0, end=len(quote), published=None, lang="en"
    )
    citation = msgspec.structs.replace(
        CITATION,
        answer=TextRange(start=start, end=start + len(quote)),
        source=source,
        quote=quote,
        highlight=TextRange(start=len(quote) // 2, end=len(quote)),
    )
    near = msgspec.structs.replace(ANSWER.sources[0], title=title, url=url)
    return msgspec.structs.replace(
        ANSWER,
        question=question,
        standalone_question=answer,
        text=text,
        citations=(citation,),
        sources=(near,),
        nearest=(near,),
        followups=(question,),
    )


class Poisoned(FakeBackend):
    """Its one article begins with the quote, whatever that is."""

    quote = ""

    async def article(self, article_id: str) -> ArticleDetail:
        return msgspec.structs.replace(ARTICLE, article_id=article_id, text=f"{self.quote}\n\n{self.quote}")


@pytest.fixture
def poisoned_page(browser: Browser) -> Iterator[tuple[Visit, list[str]]]:
    ran: list[str] = []
    with visit(browser, Poisoned(), reduced_motion="reduce") as opened:
        opened.page.expose_function("ran", lambda: ran.append("ran"))
        opened.pages["/inert.html"] = ("<!doctype html><title>x</title>", "")
        opened.host(
            '<script type="module" src="/widget/v1/widget.js"></script>'
            '<kilde-chat mode="inline" link-hosts="news.example"></kilde-chat>'
        )
        yield opened, ran


def test_there_are_more_than_500_payloads() -> None:
    assert len(set(VECTORS)) == len(VECTORS)
    assert len(VECTORS) * len(PLACES) >= 500


@needs_chromium
def test_the_vectors_would_run_where_markup_is_made_of_them(poisoned_page: tuple[Visit, list[str]]) -> None:
    opened, ran = poisoned_page
    opened.page.evaluate(AS_MARKUP, [vector for vector in VECTORS if "refresh" not in vector])
    opened.page.wait_for_timeout(500)
    assert len(ran) > 10
    assert any("evil.example" in url for url in opened.requested)


@needs_chromium
@pytest.mark.parametrize("part", range(6))
def test_payloads_in_every_field_do_nothing(part: int, poisoned_page: tuple[Visit, list[str]]) -> None:
    """In turn n, field k carries vector n + k: after all turns every field carried every vector."""
    opened, ran = poisoned_page
    backend = opened.backend
    assert isinstance(backend, Poisoned)
    carried: Counter[str] = Counter()
    for n in range(part, len(VECTORS), 6):
        question, answer, title, url, quote, error = (VECTORS[(n + k) % len(VECTORS)] for k in range(6))
        backend.quote = quote
        backend.script = whole_and_torn(poisoned(question, answer, title, url, quote))
        opened.ask(question)
        expect(opened.page.locator(".turn").last.locator(".actions")).to_be_visible()
        opened.page.locator(".marker").first.click()
        expect(opened.page.locator("dialog.passage mark").first).to_be_visible()
        opened.page.keyboard.press("Escape")
        backend.script = (
            *turn()[:2],
            Notice(code="x", message=error),
            StreamError(code="x", message=error, retryable=False),
        )
        opened.ask(question)
        expect(opened.page.locator(".turn").last.locator(".problem")).to_be_visible()
        opened.page.route("**/v1/chat", refusal(error))
        opened.ask(question)
        expect(opened.page.locator(".turn").last.locator(".problem .about")).to_be_visible()
        opened.page.unroute("**/v1/chat")
        assert links(opened) == set()
        opened.page.get_by_role("button", name="Forget this conversation").click()
        backend.conversations = {"c1": (ANSWER,)}
        carried.update(PLACES)
    assert min(carried.values()) >= len(VECTORS) // 6
    assert ran == []
    assert opened.dialogs == []
    assert {url.split("/")[2] for url in opened.requested} == {opened.address.removeprefix("http://")}
    assert names(opened) <= ALLOWED


def refusal(message: str) -> Callable[[Route], None]:
    return lambda route: route.fulfill(status=400, json={"error": {"message": message}})


def whole_and_torn(answer: Answer) -> tuple[Event, ...]:
    """The turn with its text in pieces of one code point, whatever they cut."""
    start, *_ = turn(answer)
    return (
        start,
        *(TextDelta(text=point) for point in answer.text),
        *turn(answer)[5:-2],
        Followups(followups=answer.followups),
        MessageEnd(answer=answer),
    )


def links(opened: Visit) -> set[str]:
    """Every address that the widget offers; each vector has one that is not allowed."""
    return set(opened.page.locator("kilde-chat [href]").evaluate_all("found => found.map((e) => e.href)"))


TEXTS = {"blockquote", "h2", "h3", "h4", "label", "legend", "li", "mark", "p", "q", "span", "strong", "ul"}
BOXES = {"article", "dialog", "div", "fieldset", "footer", "form", "header", "section"}
ALLOWED = TEXTS | BOXES | {"button", "input", "path", "svg", "textarea"}


def names(opened: Visit) -> set[str]:
    """The elements that the widget is made of now."""
    found = opened.page.evaluate(
        "[...document.querySelector('kilde-chat').shadowRoot.querySelectorAll('*')].map((e) => e.localName)"
    )
    return set(found)


CUT = """
async ([vectors, citation]) => {
  const {AnswerText} = await import("/widget/v1/answer-text.js");
  const words = {marker: "{n} {title}"};
  const wrong = [];
  let cuts = 0;
  for (const vector of vectors) {
    const points = Array.from(vector);
    const view = new AnswerText({words, showPassage() {}});
    document.body.append(view.node);
    for (let end = 0; end <= points.length; end += 1, cuts += 1) {
      view.show(points.slice(0, end).join(""), []);
      if (view.node.textContent !== points.slice(0, end).join("")) wrong.push([vector, end]);
      if (view.node.querySelector("*:not(span)")) wrong.push([vector, end]);
    }
    view.node.remove();
  }
  return [cuts, wrong];
}
"""


@needs_chromium
def test_text_cut_anywhere_stays_text(poisoned_page: tuple[Visit, list[str]]) -> None:
    opened, ran = poisoned_page
    cuts, wrong = opened.page.evaluate(CUT, [VECTORS, None])
    assert cuts == sum(len(vector) + 1 for vector in VECTORS)
    assert wrong == []
    assert (ran, opened.dialogs) == ([], [])


BYTES = """
(streams) => streams.flatMap((text, n) => {
  const bytes = new TextEncoder().encode(text);
  const whole = JSON.stringify(new r.EventReader().take(text));
  const wrong = [];
  for (let at = 0; at <= bytes.length; at += 1) {
    const reader = new r.EventReader(), decoder = new TextDecoder();
    const parts = [bytes.slice(0, at), bytes.slice(at)].map((part) => decoder.decode(part, {stream: true}));
    if (JSON.stringify(parts.flatMap((part) => reader.take(part))) !== whole) wrong.push([n, at]);
  }
  return wrong;
})
"""


@needs_node
def test_a_stream_cut_at_every_byte_is_read_the_same() -> None:
    streams = []
    for few in (VECTORS[at : at + 10] for at in range(0, len(VECTORS), 10)):
        frames = Frames()
        deltas: list[Any] = [TextDelta(text=vector) for vector in few]
        deltas += [StreamError(code="x", message=vector, retryable=False) for vector in few]
        streams.append("".join(frames.frame(delta).decode() for delta in deltas))
    told = read(
        f"{json.dumps(streams)}.map((s) => new r.EventReader().take(s).map((e) => e.data.text ?? e.data.message))"
    )
    assert [text for stream in told for text in stream[: len(stream) // 2]] == VECTORS
    assert read(f"({BYTES})({json.dumps(streams)})") == []


@needs_node
def test_no_vector_is_a_link() -> None:
    linked = read(f"{json.dumps(VECTORS)}.filter((v) => r.allowedLink(v, ['news.example']))")
    assert linked == []
