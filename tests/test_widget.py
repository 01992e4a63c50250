"""The widget's files: how they are served, how much they weigh, what is in them and what is not."""

import gzip
import re

import pytest
from fake_backend import FakeBackend
from litestar.testing import TestClient

from rag.api.app import build_app
from rag.api.widget import served_modules, widget_modules, widget_version

MODULES = {name: content.decode() for name, content in widget_modules().items()}
STRINGS = {name: text for name, text in MODULES.items() if name.startswith("strings/")}
CODE = {name: text for name, text in MODULES.items() if name not in STRINGS}
IMPORT = r'^import (?:.* from )?"\./([\w./-]+)"'
SVG_NAMESPACE = "http://www.w3.org/2000/svg"


def words(language: str) -> dict[str, str]:
    """A language's strings by their keys."""
    return dict(re.findall(r'^  (\w+): "(.*)",$', STRINGS[f"strings/{language}.js"], re.MULTILINE))


LANGUAGES = re.findall(r'"(\w\w)"', re.findall(r"LANGUAGES = \[(.*?)\]", CODE["language.js"])[0])


@pytest.mark.parametrize("name", ["widget.js", "strings/ar.js"])
def test_any_page_may_read_the_files_and_keep_them(name: str) -> None:
    with TestClient(build_app(FakeBackend())) as client:
        response = client.get(f"/widget/v1/{name}", headers={"origin": "https://press.example"})
        headers = response.headers
        assert response.content == served_modules()[name]
        assert headers["content-type"] == "text/javascript; charset=utf-8"
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cross-origin-resource-policy"] == "cross-origin"
        assert headers["cache-control"] == "public, max-age=300"
        for known in (headers["etag"], f'"other", W/{headers["etag"]}'):
            again = client.get(f"/widget/v1/{name}", headers={"if-none-match": known})
            assert (again.status_code, again.content) == (304, b"")


def test_what_the_first_file_names_is_kept_for_good() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        names = re.findall(r'from "\./([\w./-]+)"|import "\./([\w./-]+)"', client.get("/widget/v1/widget.js").text)
        for name in {first or second for first, second in names}:
            response = client.get(f"/widget/v1/{name}")
            assert response.text == MODULES[name.removeprefix(f"{widget_version()}/")]
            assert response.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_what_an_older_first_file_names_is_sent_and_not_kept() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        response = client.get("/widget/v1/0123456789abcdef/style.js")
    assert response.text == MODULES["style.js"]
    assert response.headers["cache-control"] == "no-store"


def test_the_first_file_names_every_module_so_that_none_waits_for_another() -> None:
    named = set(re.findall(IMPORT, CODE["widget.js"], re.MULTILINE))
    assert named == CODE.keys() - {"widget.js"} | {"strings/en.js"}


def test_files_are_zipped_for_those_who_take_it() -> None:
    with TestClient(build_app(FakeBackend())) as client:
        zipped = client.get("/widget/v1/style.js", headers={"accept-encoding": "gzip, br"})
        plain = client.get("/widget/v1/style.js", headers={"accept-encoding": "identity"})
    assert zipped.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert zipped.text == plain.text
    assert zipped.headers["etag"] != plain.headers["etag"]
    assert {zipped.headers["vary"], plain.headers["vary"]} == {"accept-encoding"}


@pytest.mark.parametrize("name", ["types.d.ts", "../page/page.js", "strings", "strings/xx.js", "nothing.js", ""])
def test_there_is_nothing_else_below_the_address(name: str) -> None:
    with TestClient(build_app(FakeBackend())) as client:
        assert client.get(f"/widget/v1/{name}").status_code == 404


def test_no_reader_loads_more_than_40_kilobytes() -> None:
    weights = {name: len(gzip.compress(text.encode(), 9)) for name, text in MODULES.items()}
    code = sum(weights[name] for name in CODE) + weights["strings/en.js"]
    assert code + max(weights[name] for name in STRINGS) <= 40 * 1024


def test_every_module_that_is_imported_is_there() -> None:
    imported = {name for text in CODE.values() for name in re.findall(IMPORT, text, re.MULTILINE)}
    assert imported <= MODULES.keys()
    assert MODULES.keys() - imported - {"widget.js"} == STRINGS.keys() - {"strings/en.js"}


def test_text_never_becomes_markup_or_code() -> None:
    unsafe = (
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|eval\(|Function\("
    )
    assert re.findall(unsafe, "".join(MODULES.values())) == []


def test_nothing_is_loaded_from_elsewhere() -> None:
    named = [text.replace(SVG_NAMESPACE, "") for text in MODULES.values()]
    assert [text for text in named if re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text)] == []
    assert re.findall(r"@import url|url\(", CODE["style.js"]) == []


def test_no_style_stands_in_an_attribute() -> None:
    code = "".join(text for name, text in CODE.items() if name != "style.js")
    assert re.findall(r"style:|'style'|\"style\"|\.style\.", code) == []


def test_there_are_at_least_sixteen_languages_two_from_right_to_left() -> None:
    assert {f"strings/{lang}.js" for lang in LANGUAGES} == STRINGS.keys()
    assert len(LANGUAGES) >= 16
    assert {"ar", "he"} <= set(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_has_all_the_words_with_the_same_names_in_them(lang: str) -> None:
    english, other = words("en"), words(lang)
    assert len(english) > 50
    assert list(other) == list(english)
    assert all(other.values())
    names = {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in english.items()}
    assert {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in other.items()} == names


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_language_says_that_an_ai_answers(lang: str) -> None:
    said = r"\bAI(?![A-Za-z])|\bKI\b|\bIA\b|ШІ|ИИ|Tekoäly|yapay zekâ|ذكاء اصطناعي|בינה מלאכותית|人工智能"
    assert re.search(said, words(lang)["disclosure"].replace("は", " "))
