"""A Hugo content file in, its article out; or the reason why the site does not show it (yet, or any more)."""

from collections.abc import Sequence
from datetime import date

import msgspec

from index.languages import decide, split_path
from index.readers.addresses import hugo_url, readable_stem
from index.readers.canonical import has_body, lay_out, opening
from index.readers.cleaning import clean, squeeze
from index.readers.dates import first_day, iso_date
from index.readers.front_matter import Fields
from index.readers.markdown import markdown_tree
from index.readers.shortcodes import lift_shortcodes
from index.readers.tree import Element, parse_html
from index.readers.walk import Walker
from index.records import Article, Skipped


class _Dates(msgspec.Struct, frozen=True, kw_only=True):
    published: str | None
    modified: str | None
    expires: str | None
    goes_live: str | None


def read_hugo(path: str, fields: Fields, body: str, *, today: date, site_url: str | None) -> Article | Skipped:
    """``body``: Markdown, or HTML if ``path`` ends in ``.html`` or ``.htm``."""
    dates = _dates(fields)
    reason = _reason_to_skip(fields, dates, today)
    if reason:
        return Skipped(path=path, reason=reason)
    source, captions = lift_shortcodes(body)
    tree = parse_html(source) if path.lower().endswith((".html", ".htm")) else markdown_tree(source)
    title = _text(fields, "title", "linktitle") or _first_heading(tree)
    pieces = opening(title, _text(fields, "description", "summary"))
    pieces += Walker(title, captions).walk(tree) if tree is not None else []
    if not has_body(pieces):
        return Skipped(path=path, reason="The file has no text beyond its title.")
    path_lang, plain_path = split_path(path)
    key = _text(fields, "translationkey")
    text, blocks = lay_out(pieces)
    return Article(
        path=path,
        work_key=f"key:{key}" if key else plain_path,
        lang=decide(path_lang=path_lang, declared=_text(fields, "lang", "language") or None, text=text),
        title=title or readable_stem(path),
        text=text,
        blocks=blocks,
        url=hugo_url(path, url=_text(fields, "url"), slug=_text(fields, "slug"), site_url=site_url),
        published=dates.published,
        modified=dates.modified,
        expires=dates.expires,
    )


def _dates(fields: Fields) -> _Dates:
    found = {key: iso_date(fields.get(key)) for key in ("date", "publishdate", "pubdate", "lastmod", "expirydate")}
    live = found["publishdate"] or found["pubdate"]
    return _Dates(
        published=found["date"] or live,
        modified=found["lastmod"],
        expires=found["expirydate"],
        goes_live=max(filter(None, (found["date"], live)), default=None),
    )


def _reason_to_skip(fields: Fields, dates: _Dates, today: date) -> str | None:
    if _is_true(fields.get("draft")):
        return "It is a draft (draft: true in its front matter)."
    if _is_true(fields.get("untranslated")):
        return "It is not translated yet (untranslated: true in its front matter)."
    if dates.expires and first_day(dates.expires) <= today:
        return f"It expired on {dates.expires} (expiryDate in its front matter)."
    if dates.goes_live and first_day(dates.goes_live) > today:
        return f"It is not published before {dates.goes_live} (date or publishDate in its front matter)."
    if _is_true(fields.get("headless")) or _is_never_rendered(fields):
        return "The site makes no page of it (headless, or build.render: never, in its front matter)."
    return None


def _is_true(value: object) -> bool:
    return str(value).strip().lower() == "true"


def _is_never_rendered(fields: Fields) -> bool:
    build = fields.get("build") or fields.get("_build")
    return isinstance(build, dict) and str(build.get("render")).lower() in ("never", "false")


def _text(fields: Fields, *keys: str) -> str:
    """The first of the keys that has a text, on one line."""
    for text in (_plain(fields.get(key)) for key in keys):
        if text:
            return text
    return ""


def _plain(value: object) -> str:
    text = squeeze(clean(str(value))) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
    return "" if text in ("~", "null") else text


def _first_heading(tree: Element | None) -> str:
    headings: Sequence[Element] = list(tree.iter("h1")) if tree is not None else []
    return next((text for text in (squeeze("".join(h.itertext())) for h in headings) if text), "")
