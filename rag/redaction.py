"""What may lead to a person → placeholders; pure.

In: text as a reader typed it, in any language. Out: the same text in NFC, with ``[e-mail]``, ``[link]``, ``[handle]``,
``[IBAN]``, ``[card]``, ``[phone]``, ``[number]`` and ``[address]`` in place of what was recognised. Refuses nothing.

Recognised are: e-mail addresses; web addresses, whole; @handles; account and card numbers; every string of seven or
more digits, however it is cut by spaces, dots, hyphens or brackets, and long codes of letters and digits; street
addresses with a house number in the usual notations of some twenty languages; coordinates and IP addresses. Kept are
years, dates, and figures of up to eight digits in groups of three (1,250,000). Not recognised are names, towns, birth
dates, and numbers in words: docs/privacy.md says so.
"""

import unicodedata
from collections.abc import Callable

import regex

PRIVATE_DIGITS = 7
CARD_DIGITS = range(13, 20)
FIGURE_DIGITS = 8
CODE_LENGTH = 15
CODE_DIGITS = 6
IBAN_DIGITS = 10

_HYPHENS = r"\-‐‑‒–—―−－"
_SEPARATORS = rf"\s.·・/()（）{_HYPHENS}"
_INVISIBLE = regex.compile(r"\p{Cf}+(?=[\d@＠+＋])|(?<=[@＠])\p{Cf}+")
_EMAIL = regex.compile(
    r"[@＠]?[\w.+:%#$&'*/=?^`{|}~!-]{1,80}+[@＠]+[\w-]+(?:\.[\w-]+)*(?::\d+)?(?:/\S*)?"
    r"|[\w.+-]{1,80}+\s?[(\[]\s?(?:at|ät|arroba|chez|собака)\s?[)\]]\s?[\w.-]+(?:\s?[(\[]\s?(?:dot|punkt)\s?[)\]]\s?\w+)*",
    regex.IGNORECASE,
)
_LINK = regex.compile(r"\b(?:[a-z][a-z0-9+.-]{1,20}+:[/／]{2}|www\.)[^\s<>\"“”«»]+", regex.IGNORECASE)
_HANDLE = regex.compile(r"[@＠]+\w[\w.-]*")
_IBAN = regex.compile(
    r"(?<!\w)[A-Z]{2}[ -]?\d{2}(?:[ -]?[A-Z0-9]{4})"
    r"(?:[ -]?(?=[A-Z]{0,3}\d)[A-Z0-9]{4}){1,6}(?:[ -]?\d[A-Z0-9]{0,2})?(?!\w)",
    regex.IGNORECASE,
)
_CODE = regex.compile(rf"(?<!\w)[\p{{Latin}}\d](?:-?[\p{{Latin}}\d]){{{CODE_LENGTH - 1},}}(?!\w)")
_COORDINATES = regex.compile(
    r"(?<![\d.])[-−]?\d{1,3}\.\d{4,}°?\s?[NSns]?[,;\s]\s?[-−]?\d{1,3}\.\d{4,}°?(?:\s?[EWOew]\b)?"
)
_IP = regex.compile(
    r"(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
    r"|(?<![\w:])(?=[0-9a-f:]*[0-9a-f]:)(?:[0-9a-f]{0,4}:){3,7}[0-9a-f]{0,4}(?![\w:])",
    regex.IGNORECASE,
)
_DIGITS = regex.compile(rf"[+＋]?[(（]?(?<!\d)(?!(?<=\p{{Latin}}\.?)\d\d?\s)\d(?:[{_SEPARATORS}]{{0,3}}\d)*")
_DATE = regex.compile(
    rf"(?:\d{{4}}([{_HYPHENS}./])\d{{1,2}}\1\d{{1,2}}|\d{{1,2}}([{_HYPHENS}./])\s?\d{{1,2}}\2\s?\d{{4}})(?!\d)"
)
_YEARS = regex.compile(rf"(?:1[5-9]|20)\d\d(?:(?:\s?[{_HYPHENS}/]\s?|\s)(?:1[5-9]|20)\d\d)*")
_YEAR_AND_FIGURE = regex.compile(r"(?:19|20)\d\d\s\d{1,4}|\d{1,4}\s(?:19|20)\d\d")
_FIGURE = regex.compile(r"[1-9]\d{0,2}([.\s\u202f\u00a0])\d{3}(?:\1\d{3})*")
_RANGE = regex.compile(rf"\s?[{_HYPHENS}/]\s?")
_PHONE = regex.compile(r"[+＋(（0０٠]")

_NO = r"(?!(?:19|20)\d\d)\d{1,4}(?:[a-zA-Z]|\s[A-H])?(?!\w)"
_NUMBER_AFTER = rf",?\s{{1,3}}(?:nr\.?|no\.?|n[°º]|№|д\.|буд\.|дом)?\s?{_NO}"
_TOWN = r"(?:\s?,?\s?(?:[A-Z]{1,2}-)?\d{4,5}\s\p{Lu}[\p{L}-]+)?"
_NAME = r"\p{Lu}[\p{L}\p{M}'’.-]*"
_NAMES = rf"(?:(?:de|del|da|do|dos|di|la|le|les|du|des|of|van|den)\s|{_NAME}\s){{0,4}}"
_ADDRESSES = tuple(
    regex.compile(pattern)
    for pattern in (
        # 221B Baker Street
        rf"(?<!\w)\d{{1,5}}[a-zA-Z]?,?\s(?:{_NAME}\s){{1,3}}(?i:street|st\.?|road|rd\.?|avenue|ave\.?|lane|ln\.?|drive"
        rf"|boulevard|blvd\.?|court|crescent|terrace|close)(?!\w)",
        # Lindenstraße 5, Kerkstraat 12b, Havnegata 7, Storgatan 3, Mannerheimintie 4
        rf"(?<!\w)(?:{_NAME}[\s-]){{0,2}}\p{{Lu}}[\p{{L}}-]*(?i:stra(?:ß|ss)e|str\.|weg|allee|platz|gasse|damm|ufer|ring"
        rf"|straat|laan|plein|gracht|kade|dijk|gata|gate|gaten|vei|veien|vej|gade|gatan|vägen|torget|plass|katu|tie"
        rf"|utca|út){_NUMBER_AFTER}{_TOWN}",
        # Karl Johans gate 22
        rf"(?<!\w)(?:{_NAME}\s){{1,3}}(?:gate|gata|gt\.|vei|veg|vej|plass|plads|väg|gränd|straße|str\.|platz|straat|laan)"
        rf"{_NUMBER_AFTER}{_TOWN}",
        # 12, rue de la Paix
        rf"(?<!\w){_NO},?\s(?:bis\s|ter\s)?(?i:rue|avenue|boulevard|place|chemin|impasse|quai|allée)\s{_NAMES}{_NAME}",
        # Calle Mayor 5; Via Roma, 10; Rua Augusta 20; ul. Długa 4; ул. Ленина, д. 5; вул. Хрещатик 22
        rf"(?<!\w)(?i:calle|c/|avenida|avda\.?|plaza|paseo|carrer|via|viale|piazza|corso|rua|travessa|praça|ul\.|ulica|al\."
        rf"|os\.|ул\.|улица|проспект|пр\.|вул\.|вулиця|бул\.|οδός|str\.|strada)\s?{_NAMES}{_NAME}{_NUMBER_AFTER}",
        # Atatürk Caddesi No: 5
        rf"(?<!\w)(?:{_NAME}\s){{1,3}}(?i:caddesi|cad\.|sokak|sokağı|sk\.|bulvarı)\s?(?i:no[:.]?\s?)?{_NO}",
        # شارع الملك 12
        rf"(?<!\w)(?:شارع|خیابان|רחוב)\s(?:\p{{L}}+\s){{1,3}}{_NO}",
        # 建国路88号; 3丁目2番1号; 테헤란로 152
        r"[\p{Han}]{1,8}[路街道巷弄]\s?\d{1,4}\s?[号號弄]",
        r"\d{1,3}\s?丁目(?:\s?\d{1,4}\s?(?:番地?|号|[-−－]))*\d{0,4}",
        r"[\p{Hangul}]{2,8}(?:로|길)\s\d{1,4}(?:번길\s\d{1,4})?(?!\d|\p{L})",
    )
)


def redact(text: str) -> str:
    """In NFC. No ``@`` with a name behind it is left, no ``://`` between two words, and no nine digits in a row."""
    redacted = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    for pattern, replacement in _RULES:
        redacted = pattern.sub(replacement, redacted)
    return redacted


def _iban_or_kept(found: regex.Match[str]) -> str:
    return "[IBAN]" if _digits(found[0]) >= IBAN_DIGITS else found[0]


def _code_or_kept(found: regex.Match[str]) -> str:
    letters = any(character.isalpha() for character in found[0])
    return "[number]" if letters and _digits(found[0]) >= CODE_DIGITS else found[0]


def _number_or_kept(found: regex.Match[str]) -> str:
    """A string of digits with what separates them; dates in it are looked at apart from what stands around them."""
    string = found[0]
    if _digits(string) < PRIVATE_DIGITS or _is_public(string):
        return string
    if date := _DATE.match(string):
        rest = _DIGITS.sub(_number_or_kept, string[date.end() :])
        return date[0] + rest
    if _digits(string) in CARD_DIGITS and _PHONE.match(string) is None:
        return "[card]"
    return "[phone]" if _PHONE.match(string) else "[number]"


def _is_public(string: str) -> bool:
    if _YEARS.fullmatch(string) or _YEAR_AND_FIGURE.fullmatch(string):
        return True
    parts = _RANGE.split(string)
    return len(parts) <= 2 and all(_FIGURE.fullmatch(part) and _digits(part) <= FIGURE_DIGITS for part in parts)


def _digits(string: str) -> int:
    return sum(character.isdecimal() for character in string)


_RULES: tuple[tuple[regex.Pattern[str], str | Callable[[regex.Match[str]], str]], ...] = (
    (_LINK, "[link]"),
    (_EMAIL, "[e-mail]"),
    (_HANDLE, "[handle]"),
    *((pattern, "[address]") for pattern in _ADDRESSES),
    (_COORDINATES, "[address]"),
    (_IBAN, _iban_or_kept),
    (_IP, "[number]"),
    (_CODE, _code_or_kept),
    (_DIGITS, _number_or_kept),
)
