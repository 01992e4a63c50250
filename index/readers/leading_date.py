"""Plain text in; out the date that stands before it, if one does, and the text without it.

A date counts on a line of its own, after a word such as ``date``, before a dash, or as digits right before a sentence.
A date that belongs to the first sentence ("2022 was a good year") stays where it is.
"""

import re

from index.readers.dates import iso_date

_LABEL_WORDS = (
    "date datum dato data fecha dátum dată datë datums tarih päivämäärä päiväys pvm kuupäev dagsetning dyddiad tanggal"
    " tarikh ngày дата датум ημερομηνία תאריך التاريخ تاريخ تاریخ दिनांक तारीख तिथि তারিখ தேதி తేదీ วันที่ 日期 日付 날짜"
    " published publisert publicerad udgivet veröffentlicht gepubliceerd publié publicado pubblicato"
    " opublikowano опубликовано 发布 公開日 게시일"
)
_LABEL = re.compile(rf"(?:{'|'.join(map(re.escape, _LABEL_WORDS.split()))})(?:\s*[:：]\s*|\s+|(?=\d))", re.IGNORECASE)
_DIGITS = re.compile(r"\d{4}(?:[-/.]\d{1,2}){1,2}(?:[T ]\d{1,2}:\d{2}\S*)?|\d{1,2}([-/.])\d{1,2}\1\d{4}")
_ANY = re.compile(
    rf"{_DIGITS.pattern}|\d{{4}}\s?[年년]\s?(?:\d{{1,2}}\s?[月월]\s?)?(?:\d{{1,2}}\s?[日일])?"
    r"|[^\W\d]+\.?\s+\d{1,2}(?:st|nd|rd|th)?,?\s+\d{4}"
    r"|(?:\d{1,2}(?:\.|er|º|ª|st|nd|rd|th)?\s+(?:de\s+)?)?[^\W\d]+\.?,?\s+(?:del?\s+)?\d{4}|\d{4}"
)
_SEPARATOR = re.compile(r"\s+[-–—|·•]\s+|\s*[—–|:：]\s+")


def split_leading_date(source: str) -> tuple[str | None, str]:
    """``(None, source)`` where the text opens with no date."""
    source = source.lstrip()
    line, _, rest = source.partition("\n")
    label = _LABEL.match(line)
    at = label.end() if label else 0
    whole = iso_date(line[at:].strip().rstrip("."))
    if whole and (label or len(whole) > 4):
        return whole, rest
    for pattern in (_DIGITS, _ANY):
        match = pattern.match(line, at)
        found = iso_date(match[0]) if match else None
        if match and found and _stands_apart(line, match, label):
            separator = _SEPARATOR.match(line, match.end())
            return found, source[separator.end() if separator else match.end() :]
    return None, source


def _stands_apart(line: str, match: re.Match[str], label: re.Match[str] | None) -> bool:
    after = line[match.end() :]
    if after[:1].isalnum() or after[:1] in ("-", "/", "."):
        return False
    is_precise = len(iso_date(match[0]) or "") > 4
    if label:
        return is_precise or label[0].rstrip().endswith((":", "："))
    if _SEPARATOR.match(after):
        return is_precise
    next_word = after.strip()[:1]
    return _DIGITS.fullmatch(match[0]) is not None and next_word.isalpha() and not next_word.islower()
