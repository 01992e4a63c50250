"""HTML text in, a tree of elements out. Refuses pages that cannot be parsed or are nested too deep to walk."""

from collections.abc import Iterator, Mapping
from typing import Protocol

from lxml import etree  # type: ignore[import-untyped]

from index.errors import UnreadableFileError

DEEPEST = 200
"""Elements inside each other; libxml2 itself drops what is deeper than 256 without a word."""


class Element(Protocol):
    """The part of lxml's element that the readers use. ``tail`` is the text after the element, up to the next one."""

    tag: str
    text: str | None
    tail: str | None

    @property
    def attrib(self) -> Mapping[str, str]: ...
    def get(self, key: str, default: str = "") -> str: ...
    def getparent(self) -> "Element | None": ...
    def getprevious(self) -> "Element | None": ...
    def iter(self, *tags: str) -> Iterator["Element"]: ...
    def itertext(self) -> Iterator[str]: ...
    def remove(self, element: "Element") -> None: ...
    def __iter__(self) -> Iterator["Element"]: ...
    def __len__(self) -> int: ...


def parse_html(source: str) -> Element | None:
    """The root element, without comments; None for a page without elements or text."""
    if not source.strip():
        return None
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=False)
    try:
        root: Element | None = etree.fromstring(source.encode("utf-8"), parser=parser)
    except etree.XMLSyntaxError as exc:
        raise UnreadableFileError(f"The page's HTML cannot be parsed: {exc}") from exc
    if root is not None:
        _check_depth(root)
    return root


def _check_depth(root: Element) -> None:
    level = [root]
    for _ in range(DEEPEST):
        level = [child for element in level for child in element]
        if not level:
            return
    raise UnreadableFileError(f"The page nests elements more than {DEEPEST} deep; simplify its HTML.")
