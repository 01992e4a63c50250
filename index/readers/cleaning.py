"""Bytes in, clean text out: decoded, NFC, ``\\n`` line ends, no invisible characters.

Refuses what is not text. A file is UTF-8 (or UTF-16 with a byte order mark); else it is taken for Windows-1252.
"""

import codecs
import unicodedata

import regex

from index.errors import UnreadableFileError

_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_CONTROLS = bytes(range(0x00, 0x09)) + b"\x0b" + bytes(range(0x0E, 0x20)) + b"\x7f"
_JOINED_SCRIPTS = (
    r"\p{Arabic}\p{Syriac}\p{Nko}\p{Mongolian}\p{Devanagari}\p{Bengali}\p{Gurmukhi}\p{Gujarati}\p{Oriya}\p{Tamil}"
    r"\p{Telugu}\p{Kannada}\p{Malayalam}\p{Sinhala}\p{Khmer}\p{Myanmar}\p{Tibetan}"
)
_VISIBLE_FORMATS = "\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd"
_SELECTORS = r"\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINERS = "\u200c\u200d"
_INVISIBLE = regex.compile(
    # Joiners stay where they shape a letter (Persian, Hindi) or an emoji sequence.
    rf"(?<![{_JOINED_SCRIPTS}])\u200c"
    rf"|(?<![{_JOINED_SCRIPTS}]|[\p{{Extended_Pictographic}}\ufe0f\p{{Emoji_Modifier}}](?=.\p{{Extended_Pictographic}}))"
    r"\u200d"
    r"|[[\p{Cf}\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\u034f\u115f\u1160\u3164\uffa0]"
    rf"--[{_VISIBLE_FORMATS}{_JOINERS}\n\t]]"
    # One variation selector chooses a glyph; a run of them only hides data.
    rf"|(?<=[{_SELECTORS}])[{_SELECTORS}]+",
    regex.VERSION1,
)
_LINE_END = regex.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")


def decode(data: bytes) -> str:
    """The text of a file, cleaned."""
    return clean(_decode(data))


def clean(text: str) -> str:
    """NFC with ``\\n`` line ends, without what no reader can see: zero width, soft hyphen, bidi and other controls."""
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", _LINE_END.sub("\n", text)))


def squeeze(text: str) -> str:
    """``clean`` text on one line, each run of white space as one space."""
    return " ".join(clean(text).split())


def _decode(data: bytes) -> str:
    if data.startswith(_UTF16):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as exc:
            raise UnreadableFileError(
                "The file has a UTF-16 byte order mark but is not UTF-16; save it as UTF-8."
            ) from exc
    if b"\0" in data or 20 * sum(map(data.count, (bytes([byte]) for byte in _CONTROLS))) > len(data):
        raise UnreadableFileError("The file looks binary, not like text; save it as UTF-8 text.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return _decode_damaged(data)


def _decode_damaged(data: bytes) -> str:
    """UTF-8 with a few bad bytes, as of a file cut inside a character; else Windows-1252, its unused codes dropped."""
    text = data.decode("utf-8-sig", errors="replace")
    bad = text.count("\ufffd")
    good = sum(not char.isascii() for char in text) - bad
    if good > 10 * bad or (bad == 1 and text.endswith("\ufffd")):
        return text.removesuffix("\ufffd")
    return data.decode("cp1252", errors="ignore")
