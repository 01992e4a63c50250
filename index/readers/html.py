"""An HTML page in, its article out: the main content, without the site's navigation, header and footer."""

from index.errors import UnreadableFileError
from index.languages import decide, split_path
from index.readers.addresses import page_url, readable_stem
from index.readers.canonical import has_body, lay_out, opening
from index.readers.page_metadata import page_metadata
from index.readers.tree import Element, parse_html
from index.readers.walk import Walker
from index.records import Article, Skipped

_AROUND = ("nav", "header", "footer", "aside")


def read_html(path: str, source: str, *, site_url: str | None) -> Article | Skipped:
    root = parse_html(source)
    if root is None:
        raise UnreadableFileError("The page is empty.")
    main = _main(root)
    page = page_metadata(root, main)
    pieces = opening(page.title, page.description) + Walker(page.title).walk(main)
    if not has_body(pieces):
        return Skipped(path=path, reason="The page has no text beyond its title.")
    text, blocks = lay_out(pieces)
    path_lang, work_key = split_path(path)
    return Article(
        path=path,
        work_key=work_key,
        lang=decide(path_lang=path_lang, declared=page.lang, text=text),
        title=page.title or readable_stem(path),
        text=text,
        blocks=blocks,
        url=page.url or page_url(path, site_url),
        published=page.published,
        modified=page.modified,
    )


def _main(root: Element) -> Element:
    """``main``, else the only ``article``, else the body without what stands around an article."""
    for element in root.iter():
        if element.tag == "main" or element.get("role", "").strip().lower() == "main":
            return element
    articles = list(root.iter("article"))
    if len(articles) == 1:
        return articles[0]
    body = next(root.iter("body"), root)
    for tag in _AROUND:
        for element in list(body.iter(tag)):
            _remove(element)
    return body


def _remove(element: Element) -> None:
    """Takes the element out and leaves the text after it."""
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    if before is not None:
        before.tail = (before.tail or "") + (element.tail or "")
    else:
        parent.text = (parent.text or "") + (element.tail or "")
    parent.remove(element)
