"""The bytes of one file in, an article out, or the reason for leaving it out. The one way into the readers.

Raises ``UnreadableFileError`` for what is no text, no valid front matter or page, or longer than any article, and
nothing else.
"""

from datetime import date
from pathlib import PurePosixPath

from index.errors import UnreadableFileError
from index.readers.cleaning import decode
from index.readers.front_matter import split_front_matter
from index.readers.html import read_html
from index.readers.hugo import read_hugo
from index.readers.suffixes import HTML, MARKDOWN, SUFFIXES
from index.readers.text import read_text
from index.records import Article, Skipped

LONGEST_TEXT = 250_000
"""Characters: a book of 125 pages. Cutting into chunks takes a few seconds for so many."""
MOST_BLOCKS = 25_000


def read_article(path: str, data: bytes, *, today: date, site_url: str | None = None) -> Article | Skipped:
    """``path``: relative to the ingested folder, with forward slashes. ``today`` decides what is due or expired."""
    found = _read(path, data, today=today, site_url=site_url)
    if isinstance(found, Article) and len(found.text) > LONGEST_TEXT:
        raise UnreadableFileError(f"The text is longer than {LONGEST_TEXT:,} characters; split it.")
    if isinstance(found, Article) and len(found.blocks) > MOST_BLOCKS:
        raise UnreadableFileError(f"The text has more than {MOST_BLOCKS:,} paragraphs, items or headings; split it.")
    return found


def _read(path: str, data: bytes, *, today: date, site_url: str | None) -> Article | Skipped:
    suffix = PurePosixPath(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise UnreadableFileError(
            f"Files of type {suffix or 'unknown'} are not read; use one of {', '.join(SUFFIXES)}."
        )
    source = decode(data)
    hugo = split_front_matter(source)
    if hugo is not None:
        return read_hugo(path, *hugo, today=today, site_url=site_url)
    if suffix in MARKDOWN:
        return read_hugo(path, {}, source, today=today, site_url=site_url)
    return read_html(path, source, site_url=site_url) if suffix in HTML else read_text(path, source)
