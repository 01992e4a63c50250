"""The head of an HTML page in, what it says about the page out: title, description, dates, language, address."""

import json
from collections.abc import Iterator

import msgspec

from index.readers.cleaning import squeeze
from index.readers.dates import iso_date
from index.readers.tree import Element


class PageMetadata(msgspec.Struct, frozen=True, kw_only=True):
    title: str
    description: str
    published: str | None
    modified: str | None
    lang: str | None
    url: str | None


def page_metadata(root: Element, main: Element) -> PageMetadata:
    """``main``: the part of the page that is the article."""
    metas = _metas(root)
    linked = list(_linked_data(root))
    return PageMetadata(
        title=_title(root, main, metas, linked),
        description=metas.get("description") or metas.get("og:description", ""),
        published=_first_date(
            metas.get("article:published_time"),
            _linked(linked, "datePublished"),
            metas.get("date"),
            metas.get("dc.date"),
            next((time.get("datetime") for time in main.iter("time") if time.get("datetime")), None),
        ),
        modified=_first_date(metas.get("article:modified_time"), _linked(linked, "dateModified")),
        lang=main.get("lang") or root.get("lang") or None,
        url=_canonical_link(root),
    )


def text_of(element: Element | None) -> str:
    return squeeze("".join(element.itertext())) if element is not None else ""


def _title(root: Element, main: Element, metas: dict[str, str], linked: list[dict[str, object]]) -> str:
    """The heading of the article where another title only adds the site's name to it."""
    heading = text_of(next(main.iter("h1"), None)) or text_of(next(root.iter("h1"), None))
    named = metas.get("og:title") or heading or _linked(linked, "headline") or text_of(next(root.iter("title"), None))
    return heading if heading and named.startswith(heading) else squeeze(named)


def _metas(root: Element) -> dict[str, str]:
    metas: dict[str, str] = {}
    for meta in root.iter("meta"):
        key = (meta.get("name") or meta.get("property") or "").strip().lower()
        content = squeeze(meta.get("content", ""))
        if key and content:
            metas.setdefault(key, content)
    return metas


def _canonical_link(root: Element) -> str | None:
    for link in root.iter("link"):
        href = squeeze(link.get("href", ""))
        if "canonical" in link.get("rel", "").lower().split() and href.startswith(("https://", "http://")):
            return href
    return None


def _linked_data(root: Element) -> Iterator[dict[str, object]]:
    """The objects of all JSON-LD scripts, their ``@graph`` included."""
    for script in root.iter("script"):
        if script.get("type", "").strip().lower() != "application/ld+json":
            continue
        try:
            value = json.loads(script.text or "")
        except (ValueError, RecursionError):
            continue
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                yield item
                graph = item.get("@graph")
                yield from (node for node in graph if isinstance(node, dict)) if isinstance(graph, list) else ()


def _linked(linked: list[dict[str, object]], key: str) -> str:
    return next((value for item in linked if isinstance(value := item.get(key), str) and value.strip()), "")


def _first_date(*values: str | None) -> str | None:
    return next((found for found in map(iso_date, values) if found), None)
