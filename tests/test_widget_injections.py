"""Nothing that a question, an article, a model or an error says becomes a script, a dialog, a request or a link.

Each payload is proved to have reached the page: every field is read there, letter by letter, as text.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import pytest
from browsing import Visit, needs_chromium, visit
from fake_backend import turn
from injections import VECTORS
from playwright.sync_api import Browser, Route, expect
from poisoned import Poisoned, poisoned, shown
from test_widget_reading import needs_node, read

from rag.api.sse import Frames
from rag.records import Notice, StreamError

AT_ONCE = 12
"""Payloads in one turn."""
PARTS = 4
HOST = (
    '<script type="module" src="/widget/v1/widget.js"></script>'
    '<kilde-chat mode="inline" link-hosts="news.example"></kilde-chat>'
)
AS_MARKUP = """
(vectors) => vectors.forEach((vector) => {
  document.body.append(document.createElement("div"));
  document.body.lastChild.innerHTML = vector;
})
"""


@pytest.fixture
def poisoned_page(browser: Browser) -> Iterator[tuple[Visit, list[str]]]:
    ran: list[str] = []
    with visit(browser, Poisoned(), reduced_motion="reduce") as opened:
        opened.page.expose_function("ran", lambda: ran.append("ran"))
        opened.host(HOST)
        yield opened, ran


def test_there_are_more_than_500_payloads_and_each_is_one_of_its_own() -> None:
    assert len(VECTORS) == len(set(VECTORS)) >= 500
    assert all("ran()" in vector or "evil.example" in vector or ":" in vector for vector in VECTORS)


@needs_chromium
def test_the_vectors_would_run_where_markup_is_made_of_them(poisoned_page: tuple[Visit, list[str]]) -> None:
    opened, ran = poisoned_page
    opened.page.evaluate(AS_MARKUP, [vector for vector in VECTORS if "refresh" not in vector])
    for _ in range(100):
        opened.page.wait_for_timeout(100)
        if len(ran) > 50:
            break
    assert len(ran) > 50
    assert any("evil.example" in url for url in opened.requested)


ALL_TEXTS = """
async () => {
  const turn = [...document.querySelector("kilde-chat").shadowRoot.querySelectorAll(".turn")].at(-1);
  const texts = (selector) => [...turn.querySelectorAll(selector)].map((e) => e.textContent);
  let copied = "";
  Object.defineProperty(navigator, "clipboard", {configurable: true, value: {
    writeText: async (text) => { copied = text; },
  }});
  turn.querySelector("[aria-label='Copy with sources']").click();
  while (!copied) await new Promise(requestAnimationFrame);
  return {
    answer: turn.querySelector(".answer").textContent, quotes: texts(".answer .quote"), titles: texts(".title"),
    followups: texts(".suggestions button"), notices: texts(".turn > .notice"), copied,
    labels: [...turn.querySelectorAll(".marker")].map((e) => e.ariaLabel),
  };
}
"""
PASSAGES = """
async () => {
  const root = document.querySelector("kilde-chat").shadowRoot;
  const dialog = root.querySelector("dialog.passage");
  const seen = [];
  for (const marker of [...root.querySelectorAll(".turn")].at(-1).querySelectorAll(".quote + span + .marker")) {
    marker.click();
    while (!dialog.querySelector(".text p mark")) await new Promise(requestAnimationFrame);
    const marked = [...dialog.querySelectorAll("mark")].map((e) => e.textContent).join("\\n");
    seen.push([dialog.querySelector("h2").textContent, marked]);
    dialog.close();
    dialog.querySelector(".text").replaceChildren();
  }
  return seen;
}
"""


@needs_chromium
@pytest.mark.parametrize("part", range(PARTS))
def test_payloads_in_answers_quotes_titles_addresses_and_offers_are_read_as_text(
    part: int, poisoned_page: tuple[Visit, list[str]]
) -> None:
    opened, ran = poisoned_page
    backend = opened.backend
    assert isinstance(backend, Poisoned)
    starts = range(part * AT_ONCE, len(VECTORS), PARTS * AT_ONCE)
    for payloads in (VECTORS[start : start + AT_ONCE] for start in starts):
        backend.poison(payloads)
        opened.answered("Wie?")
        texts = opened.page.evaluate(ALL_TEXTS)
        assert texts["answer"] == shown(payloads)
        assert texts["quotes"] == texts["followups"] == texts["notices"] == payloads
        assert texts["titles"] == payloads * 2
        assert all(payload in texts["copied"] for payload in payloads)
        assert set(texts["labels"]) >= {
            f"Source {n}: {title}. Show the quoted words" for n, title in enumerate(payloads, 1)
        }
        assert opened.page.evaluate(PASSAGES) == [
            [payload, "\n".join(line for line in payload.split("\n") if line)] for payload in payloads
        ]
        assert_harmless(opened, ran)
        opened.forget()
        expect(opened.page.locator(".turn")).to_have_count(0)
        backend.conversations = {"c1": ()}


ASK_ALL = """
async (questions) => {
  const chat = document.querySelector("kilde-chat");
  const seen = [];
  for (const question of questions) {
    await chat.ask(question);
    const turn = [...chat.shadowRoot.querySelectorAll(".turn")].at(-1);
    seen.push([turn.querySelector(".asked").textContent, turn.querySelector(".problem .about").textContent]);
  }
  return seen;
}
"""


@needs_chromium
def test_payloads_in_questions_and_errors_are_read_as_text(poisoned_page: tuple[Visit, list[str]]) -> None:
    opened, ran = poisoned_page
    errors = [*VECTORS[1:], VECTORS[0]]
    told = dict(zip(VECTORS, errors, strict=True))
    asked: list[str] = []

    def refuse(route: Route) -> None:
        asked.append(route.request.post_data_json["question"])
        route.fulfill(status=400, json={"error": {"message": told[asked[-1]]}})

    opened.page.route("**/v1/chat", refuse)
    assert opened.page.evaluate(ASK_ALL, VECTORS) == [list(pair) for pair in told.items()]
    assert asked == VECTORS
    assert_harmless(opened, ran)


TEXTS = {"blockquote", "h2", "h3", "h4", "label", "legend", "li", "mark", "p", "q", "span", "strong", "ul"}
BOXES = {"article", "dialog", "div", "fieldset", "footer", "form", "header", "section"}
ALLOWED = TEXTS | BOXES | {"button", "input", "path", "svg", "textarea"}
MADE_OF = """
() => {
  const all = [...document.querySelector("kilde-chat").shadowRoot.querySelectorAll("*")];
  const attributes = all.flatMap((e) => [...e.attributes].map(({name}) => name));
  return [[...new Set(all.map((e) => e.localName))], [...new Set(attributes)]];
}
"""


def assert_harmless(opened: Visit, ran: Sequence[str]) -> None:
    """No script, no dialog, no request but the service's; only our own elements, no link, no attribute that acts."""
    elements, attributes = opened.page.evaluate(MADE_OF)
    assert set(elements) <= ALLOWED
    assert not [name for name in attributes if name.startswith("on") or name in ("href", "src", "srcdoc", "style")]
    assert (list(ran), opened.dialogs) == ([], [])
    assert {url.split("/")[2] for url in opened.requested} == {opened.address.removeprefix("http://")}


CUT = """
async (answers) => {
  const {AnswerText} = await import("/widget/v1/answer-text.js");
  const wrong = [];
  let cuts = 0;
  for (const {text, citations} of answers) {
    const points = Array.from(text);
    const view = new AnswerText({words: {marker: "{n} {title}"}, showPassage() {}});
    document.body.append(view.node);
    for (let end = 0; end <= points.length; end += 1, cuts += 1) {
      const cut = points.slice(0, end).join("");
      view.show(cut, citations);
      const read = [...view.node.querySelectorAll(".marker")].reduce((all, m) => all.replace(`[${m.textContent}]`,
        m.textContent), cut);
      if (view.node.textContent !== read) wrong.push([cut, view.node.textContent]);
      if (view.node.querySelector("*:not(span, q, strong, button)")) wrong.push([cut, "an element"]);
    }
    if (view.node.querySelector("q").textContent !== citations[0].quote) wrong.push([text, "no quote"]);
    view.node.remove();
  }
  return [cuts, wrong];
}
"""


@needs_chromium
def test_an_answer_cut_anywhere_stays_text(poisoned_page: tuple[Visit, list[str]]) -> None:
    opened, ran = poisoned_page
    answers = [poisoned([vector]) for vector in VECTORS if "[1]" not in vector]
    cuts, wrong = opened.page.evaluate(CUT, json.loads(msgspec.json.encode(answers)))
    assert len(answers) >= 500
    assert cuts == sum(len(answer.text) + 1 for answer in answers)
    assert wrong == []
    assert (ran, opened.dialogs) == ([], [])


BYTES = """
(frames) => frames.flatMap((frame) => {
  const bytes = new TextEncoder().encode(frame);
  const read = (parts) => {
    const reader = new r.EventReader(), decoder = new TextDecoder();
    return JSON.stringify(parts.flatMap((part) => reader.take(decoder.decode(part, {stream: true}))));
  };
  const whole = read([bytes]);
  const cut = (at) => [bytes.subarray(0, at), bytes.subarray(at)];
  const wrong = [...bytes.keys()].filter((at) => read(cut(at)) !== whole);
  const single = read([...bytes.keys()].map((at) => bytes.subarray(at, at + 1)));
  return wrong.length || single !== whole ? [frame] : [];
})
"""


def framed(payload: str) -> list[str]:
    """A frame of every kind, each with the payload in it."""
    answer = poisoned([payload])
    steps = [*turn(answer), Notice(code="x", message=payload), StreamError(code="x", message=payload, retryable=False)]
    frames = Frames()
    return [frames.frame(step).decode() for step in steps]


@needs_node
@pytest.mark.parametrize("part", range(PARTS))
def test_a_frame_of_any_kind_cut_at_every_byte_is_read_the_same(part: int) -> None:
    frames = [frame for payload in VECTORS[part::PARTS] for frame in framed(payload)]
    assert {frame.split("\n")[0].removeprefix("event: ") for frame in frames} == {
        *("message.start", "status", "sources", "text.delta", "citation", "followups", "message.end", "notice", "error")
    }
    assert read(f"({BYTES})({json.dumps(frames)})") == []


@needs_node
def test_what_a_frame_holds_is_what_is_read() -> None:
    """So that equal readings are right readings."""
    kept = {"message.start": "standalone_question", "text.delta": "text", "notice": "message", "error": "message"}
    for payload in VECTORS[::25]:
        events: list[dict[str, Any]] = read(f"new r.EventReader().take({json.dumps(''.join(framed(payload)))})")
        for event in events:
            if event["event"] in kept:
                assert payload in event["data"][kept[event["event"]]]
        by_kind = {event["event"]: event["data"] for event in events}
        assert by_kind["citation"]["quote"] == by_kind["citation"]["source"]["url"] == payload
        assert by_kind["sources"][0]["title"] == by_kind["followups"]["questions"][0] == payload
        assert by_kind["message.end"]["citations"][0]["quote"] == payload


@needs_node
def test_no_vector_is_a_link() -> None:
    linked = read(f"{json.dumps(VECTORS)}.filter((v) => r.allowedLink(v, ['news.example']))")
    assert linked == []
