"""Language tags as people read them. In: BCP 47 tags. Out: English names (CLDR), or the tag where there is none."""

from functools import cache
from xml.etree import ElementTree as ET

from babel import Locale, UnknownLocaleError

from evals.report.markup import element


@cache
def language_name(tag: str) -> str:
    try:
        return Locale.parse(tag, sep="-").get_display_name("en") or tag
    except (UnknownLocaleError, ValueError):
        return tag


def abbreviated(tag: str) -> ET.Element:
    """The tag, its name on hovering."""
    return element("abbr", tag, title=language_name(tag))
