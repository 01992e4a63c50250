"""Hugo files become articles, or are skipped with a reason."""

from datetime import date
from pathlib import Path

import pytest

from index.errors import UnreadableFileError
from index.readers.read import read_article
from index.records import Article, Skipped

TODAY = date(2025, 1, 15)
FIXTURES = Path(__file__).parent / "readers"


def read(source: str, path: str = "news/bread.md", site_url: str | None = None) -> Article:
    found = read_article(path, source.encode(), today=TODAY, site_url=site_url)
    assert isinstance(found, Article), found
    return found


def blocks(article: Article) -> list[tuple[str, str]]:
    return [(block.kind, article.text[block.start : block.end]) for block in article.blocks]


def body(markdown: str) -> list[tuple[str, str]]:
    """Blocks of a file without front matter, its invented title not among them."""
    return blocks(read(markdown))


def skipped(source: str) -> str:
    found = read_article("a.md", source.encode(), today=TODAY)
    assert isinstance(found, Skipped), found
    return found.reason


def test_a_whole_article_reads_as_its_page_shows_it() -> None:
    article = read((FIXTURES / "factory.md").read_text(encoding="utf-8"))
    assert blocks(article) == [
        ("title", "A bakery opens in Tromsø"),
        ("description", "The first oven was lit on March 3."),
        ("paragraph", "The bakery has baked since 2019. It sells rye bread and rolls."),
        ("caption", "Oven lit march 3. 2024"),
        ("heading", "Ovens"),
        ("caption", "The big oven > the small one"),
        ("table_row", "Loaves, per day | Morning: 120 | Evening: 80"),
        ("table_row", "Rolls | Evening: 300"),
        ("paragraph", "Only three bakers work here."),
        ("paragraph", "They start at four."),
        ("paragraph", "Closed on Sundays."),
    ]


def test_dates_and_title_come_from_the_front_matter() -> None:
    article = read((FIXTURES / "factory.md").read_text(encoding="utf-8"))
    assert (article.title, article.published, article.modified) == (
        "A bakery opens in Tromsø",
        "2024-03-05",
        "2024-03-06",
    )


@pytest.mark.parametrize(
    "front_matter",
    [
        '---\nTitle: "Bread: a story"\nDate: 2022-12\n---\n',
        '+++\ntitle = "Bread: a story"\ndate = "2022-12"\n+++\n',
        '{"title": "Bread: a story", "date": "2022-12"}\n',
    ],
)
def test_yaml_toml_and_json_front_matter_say_the_same(front_matter: str) -> None:
    article = read(front_matter + "Text.", path="story.txt")
    assert (article.title, article.published, article.text) == ("Bread: a story", "2022-12", "Bread: a story\n\nText.")


def test_a_toml_date_is_a_date() -> None:
    assert read("+++\ntitle = 'T'\ndate = 2022-12-14T10:00:00Z\n+++\nText.").published == "2022-12-14"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("draft: true", "draft"),
        ("untranslated: true", "translated"),
        ("expiryDate: 2025-01-15", "expired on 2025-01-15"),
        ("date: 2025-01-16", "2025-01-16"),
        ("publishDate: 2025-02", "2025-02"),
        ("headless: true", "headless"),
        ("build:\n  render: never", "render"),
    ],
)
def test_what_the_site_does_not_show_is_skipped_with_its_reason(line: str, word: str) -> None:
    assert word in skipped(f"---\ntitle: T\n{line}\n---\nText.")


def test_a_file_with_nothing_but_a_title_is_skipped() -> None:
    assert "no text" in skipped("---\ntitle: T\ndescription: t\n---\n<!-- later -->\n")


def test_what_expires_tomorrow_is_read() -> None:
    assert read("---\ntitle: T\nexpiryDate: 2025-01-16\n---\nText.").expires == "2025-01-16"


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ("---\na: &x 1\nb: *x\n---\nText.", "anchor"),
        ("---\na: !!python/object:os.system 1\n---\nText.", "tag"),
        ("---\ntitle: T\nText.", "never closed"),
        ("---\ntitle: a: b\n---\nText.", "line 2"),
        ("+++\ntitle = \n+++\nText.", "TOML"),
        ('{"title": \nText.', "JSON"),
        ("---\ntitle: " + "x" * 70_000 + "\n---\nText.", "64 KB"),
    ],
)
def test_bad_front_matter_is_refused_with_the_reason(source: str, word: str) -> None:
    with pytest.raises(UnreadableFileError, match=word):
        read_article("a.md", source.encode(), today=TODAY)


def test_a_rule_at_the_top_is_not_front_matter() -> None:
    assert body("---\nJust a text between rules.\n\n---\n")[0] == ("paragraph", "Just a text between rules.")


@pytest.mark.parametrize(
    ("path", "front_matter", "url"),
    [
        ("guides/wltp/_index.nb.md", "", "https://site.example/nb/guides/wltp/"),
        ("guides/WLTP test/index.md", "", "https://site.example/guides/wltp-test/"),
        ("content/de/guides/range.md", "", "https://site.example/de/guides/range/"),
        ("guides/range.md", "slug: how-far", "https://site.example/guides/how-far/"),
        ("guides/range.md", "url: /far/", "https://site.example/far/"),
        ("guides/range.md", "url: https://other.example/far/", "https://other.example/far/"),
        ("guides/größe.md", "", "https://site.example/guides/gr%C3%B6%C3%9Fe/"),
    ],
)
def test_the_address_is_made_as_hugo_makes_it(path: str, front_matter: str, url: str) -> None:
    assert read(f"---\ntitle: T\n{front_matter}\n---\nText.", path=path, site_url="https://site.example/").url == url


def test_without_a_site_there_is_no_address() -> None:
    assert read("---\ntitle: T\n---\nText.").url is None


def test_translations_share_their_work_key() -> None:
    keys = {read("Text.", path=path).work_key for path in ("a/_index.md", "a/_index.nb.md")}
    assert len(keys) == 1


def test_a_translation_key_wins_over_the_path() -> None:
    assert read("---\ntranslationKey: bread\n---\nText.", path="x.de.md").work_key == "key:bread"


def test_the_path_names_the_language() -> None:
    assert read("Brød.", path="bread.nb.md").lang == "nb"


def test_without_a_title_the_first_heading_is_one() -> None:
    article = read("# Bread\n\nText.")
    assert (article.title, article.text) == ("Bread", "Bread\n\nText.")


def test_without_any_title_the_file_name_is_one_but_no_text() -> None:
    article = read("Text.", path="how-to/rye_bread.md")
    assert (article.title, article.text) == ("Rye bread", "Text.")


def test_a_heading_equal_to_the_title_is_not_repeated() -> None:
    assert blocks(read("---\ntitle: Bread\n---\n# bread\n\nText.")) == [("title", "Bread"), ("paragraph", "Text.")]


def test_blocks_know_the_headings_above_them() -> None:
    article = read("---\ntitle: T\n---\n## A\n\none\n\n### B\n\ntwo\n\n## C\n\nthree")
    paths = {article.text[b.start : b.end]: b.headings for b in article.blocks}
    assert (paths["two"], paths["B"], paths["three"]) == (("A", "B"), ("A",), ("C",))


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ('![bilde](a.png "Buffer size")', [("caption", "Buffer size")]),
        ("![oven.jpg](oven.jpg)\n\nx", [("paragraph", "x")]),
        ('![Curve](a.svg "Charging")\n[Full](a)', [("caption", "Charging | Curve"), ("paragraph", "Full")]),
        ("See ![the oven](o.png) here.", [("paragraph", "See here."), ("caption", "the oven")]),
        ('{{< fig src="a" alt="An oven" >}}', [("caption", "An oven")]),
        ('Before {{< fig title="Oven" >}} after.', [("paragraph", "Before after."), ("caption", "Oven")]),
        ("{{< fig title=`raw > \"text\"` >}}", [("caption", 'raw > "text"')]),
        ("{{< note >}}Kept.{{< /note >}}", [("paragraph", "Kept.")]),
        ("[rye]({{< ref \"rye bread.md\" >}}) bread", [("paragraph", "rye bread")]),
        ("{{</* fig title=\"x\" */>}}", [("paragraph", '{{< fig title="x" >}}')]),
        ("```\na = 1\n{{< x title=\"T\" >}}\nb = 2\n```", [("code", "a = 1\n\nb = 2"), ("caption", "T")]),
        ("A claim.[^1]\n\n[^1]: The source.", [("paragraph", "A claim."), ("paragraph", "The source.")]),
        ("> Wise words.\n\nx", [("quote", "Wise words."), ("paragraph", "x")]),
        ("- one\n  - two\n- three", [("list_item", "one"), ("list_item", "two"), ("list_item", "three")]),
        ("Range\n: 582 km", [("list_item", "Range: 582 km")]),
        ("- [x] done", [("list_item", "done")]),
        ("# T {#anchor .big}\n\nx", [("title", "T"), ("paragraph", "x")]),
        ("~~old~~ new", [("paragraph", "new")]),
        ("[a file](https://x.example/a b.pdf)", [("paragraph", "a file")]),
        ("Just a <5 % chance & more", [("paragraph", "Just a <5 % chance & more")]),
        ("<div>\nAll <b>here</b>\n<ul>\n<li>a</li>\n</ul>\n</div>", [("paragraph", "All here"), ("list_item", "a")]),
        ("area 5 m<sup>2</sup>, 10<sup>6</sup>", [("paragraph", "area 5 m², 10⁶")]),
        ("| a | b |\n|---|---|---|\n| 1 | 2 |", [("table_row", "a: 1 | b: 2")]),
        ("| a |\n|---|\n| 1 |\n{.table}\n\nx", [("table_row", "a: 1"), ("paragraph", "x")]),
    ],
)  # fmt: skip
def test_markdown_leaves_only_what_a_reader_sees(markdown: str, expected: list[tuple[str, str]]) -> None:
    assert body(markdown) == expected


def test_each_figure_keeps_its_caption() -> None:
    figure = '<figure><img src="a" alt="Oven" title="Oven"><figcaption>Oven</figcaption></figure>\n\n'
    assert body(figure * 2) == [("caption", "Oven"), ("caption", "Oven")]


def test_items_of_a_list_stand_on_lines_and_paragraphs_apart() -> None:
    assert read("x\n\n- a\n- b\n\ny").text == "x\n\na\nb\n\ny"


def test_markdown_nested_without_end_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match="deep"):
        read_article("a.md", b"> " * 5000 + b"x", today=TODAY)


def test_html_with_front_matter_is_a_hugo_page() -> None:
    article = read("---\ntitle: T\n---\n<p>One *star*.</p>", path="a.html")
    assert blocks(article) == [("title", "T"), ("paragraph", "One *star*.")]
