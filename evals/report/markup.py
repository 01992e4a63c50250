"""HTML elements from values, and their serialisation.

In: tag names, texts, attributes. Out: elements; bytes. Every text given is shown as it is: the serialiser escapes it,
and characters that HTML forbids are replaced. Refuses nothing.
"""

import re
from xml.etree import ElementTree as ET

from index.languages import UNDETERMINED, is_rtl

Child = ET.Element | str | None
"""None is left out."""
Value = str | float | bool | None
"""Of an attribute: None and False leave it out, True gives it without a value."""

_FORBIDDEN = re.compile("[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufdcf\ufdf0-\ufffd\U00010000-\U0010fffd]")
_SPACES = re.compile(r"\s+")


def element(tag: str, *children: Child, **attributes: Value) -> ET.Element:
    """``class_`` stands for ``class`` and ``data_lang`` for ``data-lang``."""
    made = ET.Element(tag, {_name(name): _value(value) for name, value in attributes.items() if _is_given(value)})
    for child in children:
        append(made, child)
    return made


def append(parent: ET.Element, child: Child) -> None:
    """After everything that the parent holds."""
    if isinstance(child, ET.Element):
        parent.append(child)
    elif child and len(parent):
        parent[-1].tail = (parent[-1].tail or "") + clean(child)
    elif child:
        parent.text = (parent.text or "") + clean(child)


def said(tag: str, lang: str | None, *children: Child, **attributes: Value) -> ET.Element:
    """An element whose text is in a language, or in one that nobody knows."""
    if not lang or lang == UNDETERMINED:
        return element(tag, *children, dir="auto", **attributes)
    return element(tag, *children, lang=lang, dir="rtl" if is_rtl(lang) else "ltr", **attributes)


def wide(table: ET.Element, name: str) -> ET.Element:
    """A table that is moved sideways where it does not fit, also with the keyboard."""
    return element("div", table, class_="wide", role="region", tabindex=0, aria_label=name)


def anchor(case_id: str) -> str:
    """The ``id`` of the element that shows a question."""
    return f"q-{_SPACES.sub('_', case_id)}"


def clean(text: str) -> str:
    return _FORBIDDEN.sub("\ufffd", text)


def serialise(document: ET.Element) -> bytes:
    """With the doctype, every article and section on a line of its own."""
    for block in document.iter():
        if block.tag in {"article", "section", "tr", "figure"}:
            block.tail = f"{block.tail or ''}\n"
    written: bytes = ET.tostring(document, encoding="utf-8", method="html")
    return b"<!doctype html>\n" + written + b"\n"


def _is_given(value: Value) -> bool:
    return value is not None and value is not False


def _name(name: str) -> str:
    return name.rstrip("_").replace("_", "-")


def _value(value: Value) -> str:
    if value is True:
        return ""
    return f"{value:g}" if isinstance(value, float) else clean(str(value))
