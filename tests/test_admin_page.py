"""The editors' page: what it may load, what it shows, and that its key opens it and nothing else does."""

import re
import threading
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from editors_page import Editor, editor, needs_axe, needs_chromium, open_browser
from fake_backend import ARTICLE, DRIFT, FEEDBACK, RUN, FakeBackend
from litestar.testing import TestClient
from msgspec.structs import replace
from playwright.sync_api import Browser, expect

from index.records import ArticleSummary, IngestEvent, IngestProgress, IngestRequest
from rag.admin_records import IndexOverview
from rag.api.admin_page import NAMES
from rag.api.app import build_app
from rag.drift_records import DriftReport
from rag.feedback_records import FeedbackList
from rag.settings import Settings

PAGE = files("rag").joinpath("admin_page")
OPEN = Settings(admin_key="let-me-in")
MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """For one module only: its event loop would stop others from having one."""
    with open_browser() as opened:
        yield opened


@pytest.fixture
def at(chromium: Browser, backend: FakeBackend) -> Iterator[Editor]:
    """Past the key; nothing else than the service was asked, and nothing failed."""
    with editor(chromium, backend) as opened:
        opened.enter()
        expect(opened.page.get_by_role("heading", name="Articles", level=1)).to_be_visible()
        yield opened
        assert [url for url in opened.requested if not url.startswith(opened.address)] == []
        assert opened.errors == []


# Files


def test_its_files_are_served_under_a_strict_policy_and_no_others() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        for path in ("/admin", *(f"/admin/{name}" for name in NAMES)):
            policy = client.get(path).headers["content-security-policy"]
            assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'")
            assert "unsafe" not in policy
        assert client.get("/admin/index.html").status_code == 404
        assert client.get("/admin/..%2fapi.py").status_code == 404


def test_every_file_is_served_and_every_named_one_is_there() -> None:
    lying = {file.name for file in PAGE.iterdir()}
    assert lying == {*NAMES, "index.html"}
    sources = {name: PAGE.joinpath(name).read_text("utf-8") for name in lying}
    imported = {name for text in sources.values() for name in re.findall(r'from "\./([^"]+)"', text)}
    named = set(re.findall(r'(?:href|src)="/admin/([^"]+)"', sources["index.html"]))
    assert imported | named == NAMES


def test_text_never_becomes_markup() -> None:
    code = "".join(file.read_text("utf-8") for file in PAGE.iterdir())
    assert re.findall(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", code) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=\"|<script(?![^>]*\ssrc=)", code) == []


# The key


@needs_chromium
def test_a_wrong_key_opens_nothing_and_says_why(chromium: Browser, backend: FakeBackend) -> None:
    with editor(chromium, backend) as opened:
        opened.enter("wrong")
        expect(opened.page.get_by_role("alert")).to_contain_text("does not take this key")
        expect(opened.page.get_by_role("navigation")).to_be_hidden()
        assert opened.page.evaluate("sessionStorage.length") == 0


@needs_chromium
def test_the_key_stays_in_the_tab_until_signing_out(at: Editor) -> None:
    assert at.page.evaluate("[sessionStorage.length, localStorage.length, document.cookie]") == [1, 0, ""]
    at.page.reload()
    expect(at.page.get_by_role("heading", name="Articles")).to_be_visible()
    at.page.get_by_role("button", name="Sign out").click()
    expect(at.page.get_by_label("Admin key")).to_be_focused()
    assert at.page.evaluate("sessionStorage.length") == 0
    assert ARTICLE.title not in at.page.inner_text("body")


@needs_chromium
def test_the_key_is_never_part_of_an_address(at: Editor) -> None:
    at.open("Unanswered")
    expect(at.page.get_by_role("heading", name="Unanswered questions")).to_be_visible()
    assert not any("let-me-in" in url for url in at.requested)


# Articles


@needs_chromium
def test_the_index_and_what_was_left_out_are_shown(at: Editor) -> None:
    expect(at.page.locator(".figures")).to_contain_text("Ready")
    expect(at.page.locator(".figures")).to_contain_text("2 Jan 2024")
    left = at.page.locator("details.card li")
    expect(left).to_have_count(2)
    expect(left.first).to_contain_text("The front matter is no YAML.")
    expect(left.first).to_contain_text("The version before it stays indexed.")


@needs_chromium
def test_a_work_opens_to_its_versions_with_dates_and_passages(at: Editor) -> None:
    at.page.locator(".work summary").press("Enter")
    version = at.page.locator(".versions li")
    expect(version).to_contain_text("English")
    expect(version).to_contain_text("published Dec 2022")
    expect(version).to_contain_text("1 passage")
    expect(version.get_by_role("link")).to_have_attribute("href", ARTICLE.url or "")


@needs_chromium
def test_works_are_found_by_words_and_language(at: Editor) -> None:
    at.page.get_by_label("Find").fill("harbour nowhere")
    expect(at.page.locator(".work")).to_have_count(0)
    expect(at.page.get_by_text("0 of 1 work")).to_be_visible()
    at.page.get_by_label("Find").fill("BRIDGE harbour")
    expect(at.page.locator(".work")).to_have_count(1)


class GatedBackend(FakeBackend):
    """Its run goes on when it is told to."""

    def __init__(self) -> None:
        super().__init__(settings=OPEN)
        self.gate = threading.Event()

    def ingest(self, request: IngestRequest) -> Iterator[IngestEvent]:
        self.calls.append(request)
        yield IngestProgress(phase="embedding", done=3, total=8, chunks_per_s=21.6, remaining_s=75.0)
        self.gate.wait(30)
        yield from RUN


@needs_chromium
def test_a_run_shows_how_far_it_is_and_what_came_of_it(chromium: Browser) -> None:
    backend = GatedBackend()
    with editor(chromium, backend) as opened:
        opened.enter()
        opened.page.get_by_role("button", name="Ingest again").click()
        expect(opened.page.locator(".phase")).to_have_text(
            "Computing vectors · 3 of 8 files · 22 passages a second · 1 min 15 s left"
        )
        assert opened.page.locator("progress").evaluate("(bar) => [bar.value, bar.max]") == [3, 8]
        backend.gate.set()
        expect(opened.page.locator(".run")).to_have_text("Done in 1 s: 1 new · 1 passage, of which 1 computed anew.")
        expect(opened.page.get_by_role("button", name="Ingest again")).to_be_enabled()
    assert backend.calls == [IngestRequest(paths=("/articles",))]


class ElsewhereBackend(FakeBackend):
    """Another process ingests."""

    async def overview(self) -> IndexOverview:
        progress = IngestProgress(phase="embedding", done=3, total=8)
        return replace(await super().overview(), ingesting=True, progress=progress)


@needs_chromium
def test_a_run_of_another_process_shows_how_far_it_is_and_can_be_waited_for(chromium: Browser) -> None:
    with editor(chromium, ElsewhereBackend(settings=OPEN)) as opened:
        opened.enter()
        expect(opened.page.locator(".run")).to_have_text("Another run is under way: 3 of 8 files.")
        expect(opened.page.get_by_role("button", name="Ingest again")).to_be_disabled()


@needs_chromium
def test_a_stopped_run_says_so(chromium: Browser) -> None:
    backend = GatedBackend()
    with editor(chromium, backend) as opened:
        opened.enter()
        opened.page.get_by_role("button", name="Ingest again").click()
        opened.page.get_by_role("button", name="Stop").click()
        expect(opened.page.locator(".run")).to_have_text("Stopped. What was done is kept.")
        backend.gate.set()


@needs_chromium
def test_a_run_that_fails_says_why(at: Editor, backend: FakeBackend) -> None:
    backend.run = (RUN[0], OSError("disk full"))
    at.page.get_by_role("button", name="Ingest again").click()
    expect(at.page.locator(".run .problem")).not_to_be_empty()
    expect(at.page.get_by_role("button", name="Ingest again")).to_be_enabled()


# Readers


@needs_chromium
def test_unanswered_questions_stand_by_week_and_can_be_taken_along(at: Editor) -> None:
    at.open("Unanswered")
    expect(at.page.get_by_role("heading", name="Week 7 12 Feb 2024 – 18 Feb 2024 · 1 question")).to_be_visible()
    question = at.page.get_by_role("heading", name="=Was kostet *das*?")
    expect(question).to_have_attribute("lang", "de")
    for kind, name, start in (("Markdown", "unanswered.md", "# Unanswered"), ("CSV", "unanswered.csv", '"week"')):
        with at.page.expect_download() as download:
            at.page.get_by_role("button", name=f"Download {kind}").click()
        assert download.value.suggested_filename == name
        assert download.value.path().read_text("utf-8").startswith(start)


@needs_chromium
def test_feedback_shows_the_comment_as_text_and_can_be_narrowed(at: Editor) -> None:
    at.open("Feedback")
    expect(at.page.locator("blockquote")).to_have_text("<b>Veraltet</b>, fragt [e-mail]")
    expect(at.page.locator(".entries li")).to_contain_text("It is out of date · 13 Feb 2024")
    at.page.get_by_role("button", name="Helpful 0", exact=True).click()
    expect(at.page.locator(".entries li")).to_have_count(0)
    at.page.get_by_role("button", name="Not helpful 1").click()
    expect(at.page.locator(".entries li")).to_have_count(1)


# Translations


@needs_chromium
def test_a_disagreement_names_the_newest_and_marks_what_differs(at: Editor) -> None:
    at.open("Translations")
    expect(at.page.locator(".drift li")).to_have_count(2)
    newest, other = at.page.locator(".drift li").all()
    expect(newest.locator("mark")).to_have_text("4,200")
    expect(newest).to_contain_text("English · Dec 2022 · newest · city/bridge.md")
    expect(other).to_contain_text("Zij draagt er 3.100 per dag.")
    expect(other).to_contain_text("Dutch · 2019 · differs · city/bridge.nl.md")
    assert other.locator("p[lang=nl]").count() == 2


class QuietBackend(FakeBackend):
    """Nothing is indexed, nothing was said."""

    async def articles(self) -> tuple[ArticleSummary, ...]:
        return ()

    async def feedback(self, limit: int) -> FeedbackList:
        return FeedbackList(total=0, feedback=())

    async def drift(self) -> DriftReport:
        return DriftReport(works=0, drifts=())


@needs_chromium
@pytest.mark.parametrize(
    ("page", "words"),
    [("articles", "Nothing is indexed yet"), ("feedback", "No feedback yet"), ("drift", "All versions agree")],
)
def test_where_there_is_nothing_the_page_says_what_that_means(chromium: Browser, page: str, words: str) -> None:
    with editor(chromium, QuietBackend(settings=OPEN)) as opened:
        opened.enter(page=f"#{page}")
        expect(opened.page.get_by_text(words)).to_be_visible()


class HostileBackend(FakeBackend):
    """Every text is markup, every address a script."""

    async def articles(self) -> tuple[ArticleSummary, ...]:
        (article,) = await super().articles()
        return (replace(article, title=MARKUP, path=MARKUP, url="javascript:alert(1)", lang='"><b>'),)

    async def feedback(self, limit: int) -> FeedbackList:
        (one,) = FEEDBACK.feedback
        source = replace(one.sources[0], title=MARKUP, url="javascript:alert(1)")
        return FeedbackList(total=1, feedback=(replace(one, question=MARKUP, comment=MARKUP, sources=(source,)),))

    async def drift(self) -> DriftReport:
        (drift,) = DRIFT.drifts
        said = [replace(one, title=MARKUP, passage=MARKUP, figure=MARKUP, start=0, end=3, passage_start=0,
                        url="javascript:alert(1)") for one in drift.statements]  # fmt: skip
        return DriftReport(works=1, drifts=(replace(drift, statements=tuple(said)),))


@needs_chromium
@pytest.mark.parametrize("page", ["articles", "feedback", "drift"])
def test_markup_in_what_it_shows_stays_text(chromium: Browser, page: str) -> None:
    with editor(chromium, HostileBackend(settings=OPEN)) as opened:
        opened.enter(page=f"#{page}")
        expect(opened.page.get_by_text(MARKUP).first).to_be_visible()
        assert opened.page.locator("img, [href^=javascript]").count() == 0
        assert opened.errors == []


# Access


@needs_chromium
def test_it_can_be_used_with_the_keyboard_alone(at: Editor) -> None:
    at.page.reload()
    expect(at.page.get_by_role("heading", name="Articles")).to_be_visible()
    at.page.keyboard.press("Tab")
    expect(at.page.get_by_role("link", name="Skip to the content")).to_be_focused()
    for _ in range(4):
        at.page.keyboard.press("Tab")
    expect(at.page.get_by_role("link", name="Translations")).to_be_focused()
    at.page.keyboard.press("Enter")
    expect(at.page.get_by_role("heading", name="Translations that disagree")).to_be_focused()
    assert at.page.title() == "Translations · Kilde"


@needs_chromium
def test_a_service_that_is_gone_is_told_and_asked_again(at: Editor) -> None:
    at.page.route("**/v1/admin/feedback*", lambda route: route.abort())
    at.open("Feedback")
    expect(at.page.get_by_role("alert").filter(has_text="does not answer")).to_be_visible()
    at.page.unroute("**/v1/admin/feedback*")
    at.page.get_by_role("button", name="Try again").click()
    expect(at.page.locator("blockquote")).to_be_visible()
    at.errors.clear()


LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": {"width": 1200, "height": 900}},
    "dark": {"viewport": {"width": 1200, "height": 900}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 320, "height": 640}},
    "forced colours": {"forced_colors": "active"},
}


@needs_chromium
@needs_axe
@pytest.mark.parametrize("look", LOOKS)
def test_axe_finds_nothing_in_any_view(chromium: Browser, backend: FakeBackend, look: str) -> None:
    found: dict[str, list[str]] = {}
    with editor(chromium, backend, **LOOKS[look]) as opened:
        opened.enter("wrong")
        expect(opened.page.get_by_role("alert")).to_contain_text("does not take this key")
        found["key"] = opened.violations()
        opened.enter()
        opened.page.get_by_text(ARTICLE.title).first.click()
        found["articles"] = opened.violations()
        for link, shown in (("Unanswered", ".week"), ("Feedback", "blockquote"), ("Translations", ".drift")):
            opened.open(link)
            expect(opened.page.locator(shown)).to_be_visible()
            found[link] = opened.violations()
            assert not opened.overflows()
    assert found == {"key": [], "articles": [], "Unanswered": [], "Feedback": [], "Translations": []}


@needs_chromium
@needs_axe
def test_axe_finds_nothing_while_a_run_goes_on_and_where_there_is_nothing(chromium: Browser) -> None:
    backend = GatedBackend()
    with editor(chromium, backend) as opened:
        opened.enter()
        opened.page.get_by_role("button", name="Ingest again").click()
        expect(opened.page.locator("progress")).to_be_visible()
        assert opened.violations() == []
        backend.gate.set()
        expect(opened.page.locator(".done")).to_be_visible()
        assert opened.violations() == []
    with editor(chromium, QuietBackend(settings=OPEN)) as opened:
        for page in ("articles", "feedback", "drift"):
            opened.enter(page=f"#{page}")
            expect(opened.page.locator(".empty")).to_be_visible()
            assert opened.violations() == []
            opened.page.get_by_role("button", name="Sign out").click()
