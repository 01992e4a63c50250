"""What may lead to a person → placeholders; pure.

In: text as a reader typed it, in any language. Out: the same text in NFC, with ``[e-mail]``, ``[link]``, ``[handle]``,
``[IBAN]``, ``[card]``, ``[phone]``, ``[number]`` and ``[address]`` in place of what was recognised. Refuses nothing.

Recognised are: e-mail addresses, also spelled out; web addresses, whole; @handles; account and card numbers; every
string of seven or more digits, however it is cut by spaces, dots, hyphens or brackets, shorter ones behind the word for
a customer's or an order's number, and long codes of letters and digits; street addresses with a house number
(``rag.street_addresses``); coordinates and IP addresses. Kept are years from 1500 to 2059, also beside one another or a
figure of up to three digits, dates, and figures of up to eight digits in groups of three (1,250,000). Not recognised
are names, towns, birth dates, and numbers in words: docs/privacy.md says so.
"""

import unicodedata
from collections.abc import Callable

import regex

from rag.street_addresses import ADDRESSES

PRIVATE_DIGITS = 7
CARD_DIGITS = range(13, 20)
FIGURE_DIGITS = 8
CODE_LENGTH = 15
CODE_DIGITS = 6
IBAN_DIGITS = 10

_HYPHENS = r"\-‐‑‒–—―−－"
_SEPARATORS = rf"\s.·・/()（）{_HYPHENS}"
_INVISIBLE = regex.compile(r"\p{Cf}+(?=[\d@＠+＋])|(?<=[@＠])\p{Cf}+")
_AT = r"(?:at|ät|arroba|chez|собака)"
_DOT = r"(?:dot|punkt|punto|point|punt|ponto|точка)"
_MAIL_HOST = r"(?:gmail|googlemail|hotmail|outlook|yahoo|icloud|gmx|proton(?:mail)?|yandex)"
_EMAIL = regex.compile(
    r"[@＠]?[\w.+:%#$&'*/=?^`{|}~!-]{1,80}+[@＠]+[\w-]+(?:\.[\w-]+)*(?::\d+)?(?:/\S*)?"
    rf"|[\w.+-]{{1,80}}+\s?[(\[]\s?{_AT}\s?[)\]]\s?[\w.-]+(?:\s?[(\[]\s?{_DOT}\s?[)\]]\s?\w+)*"
    # jane @ mail . example; a full stop that ends a sentence has no space before it
    r"|[\w.+-]{1,80}+\s{0,2}[@＠]\s{0,2}[\w-]+(?:(?:\s\.\s|\.)[\w-]+)*(?:\s\.\s|\.)\p{L}{2,}(?!\w)"
    # jane at mail dot example; jane.doe at gmail.com
    rf"|(?:(?<!\w)[\w+-]{{1,40}}\s{_DOT}\s)?[\w.+-]{{1,80}}+\s{_AT}\s"
    rf"(?:[\w-]+(?:\s{_DOT}\s[\w-]+)+|{_MAIL_HOST}\.\w+)(?!\w)",
    regex.IGNORECASE,
)
_LINK = regex.compile(
    r"\b(?:(?i:[a-z][a-z0-9+.-]{1,20}+:[/／]{2}|www\.)|(?<![\w.@＠-])(?:[\w-]{1,63}\.){1,4}(?:[a-z]{2,10}|[A-Z]{2,10})/)"
    r"[^\s<>\"“”«»]+"
)
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
_YEAR = r"(?:1[5-9]\d\d|20[0-5]\d)"
_YEARS = regex.compile(rf"{_YEAR}(?:(?:\s?[{_HYPHENS}/]\s?|\s){_YEAR})*")
_YEAR_AND_FIGURE = regex.compile(rf"{_YEAR}\s\d{{1,3}}|\d{{1,3}}\s{_YEAR}")
_REFERENCE = regex.compile(
    # Kundennummer 123456, customer no. 4711, номер клиента 123456
    r"(?<!\w)(?:(?:kunden?|customer|client|klant(?:en)?|order|bestell|auftrags|member(?:ship)?|mitglieds?|konto|account"
    r"|policy|vertrags|contract|booking|invoice|rechnungs|faktura|medlems|ordre)[\s-]?(?:nummer|numret|number|nr|no|id)"
    r"|(?:num[ée]ro|número) (?:de )?(?:cliente?|commande|pedido|cuenta|compte|contrat|contrato|ordine|conto)"
    r"|номер (?:клиента|заказа|договора|клієнта|замовлення)|(?:顧客|会員|注文|客户|订单)(?:番号|号码|号)"
    r"|(?:고객|주문|회원)\s?번호"
    r"|رقم (?:العميل|الطلب))(?:\s?[.:#№]|\s(?:is|ist|er|är|est|es))?\s{0,2}(?:は|为|是)?\K\d[\d-]{2,}",
    regex.IGNORECASE,
)
_FIGURE = regex.compile(r"[1-9]\d{0,2}([.\s\u202f\u00a0])\d{3}(?:\1\d{3})*")
_RANGE = regex.compile(rf"\s?[{_HYPHENS}/]\s?")
_PHONE = regex.compile(r"[+＋(（0０٠]")


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
    *((pattern, "[address]") for pattern in ADDRESSES),
    (_COORDINATES, "[address]"),
    (_IBAN, _iban_or_kept),
    (_IP, "[number]"),
    (_CODE, _code_or_kept),
    (_REFERENCE, "[number]"),
    (_DIGITS, _number_or_kept),
)
