"""Text → the spans of its sentences, by rules per script and language.

In: any text and its BCP 47 tag. Out: spans in order, trimmed, not overlapping, not empty; together they hold every
character that is not white space. Thai, which does not mark sentence ends, is cut into clauses at its spaces.
Refuses nothing. The time is linear in the text's length.
"""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import regex

from index.full_stops import ends_sentence, lacks_space
from index.records import Span

LONG_SENTENCE = 600
"""Characters beyond which a sentence is cut at its weaker marks."""
_ALWAYS = "!?‼⁇⁈⁉؟۔।॥。！？｡։።፧។။"
_EAST_ASIAN = frozenset("。！？｡")
_CLOSING = "”\"'’»›)\\]}）】」』》〉〕］"
_OPENERS = regex.compile(r"[“„‟«»‹›‘‚”\"'(\[{（【「『《〈〔［¿¡–—\-\s]{0,8}")
_NOTE = r"\[\d{1,3}(?:[,–-]\d{1,3})*\]|[¹²³⁰⁴-⁹]|(?<=\p{Ll}{3}[.!?”»]{1,2})\d{1,2}(?=\s+[“„«\"]?\p{Lu})"
"""Number of a footnote behind a full stop."""
_LOW_QUOTES = frozenset({"de", "cs", "sk", "sl", "hr", "sr", "bg", "et", "lt", "lv", "is", "da", "ka", "lb"})
"""Languages that write „…“: there “ closes."""
_EQUAL_QUOTES = frozenset({"sv", "fi"})
"""Languages that write ”…”: there ” behind a space opens."""
_REVERSED_GUILLEMETS = frozenset({"da", "de", "sl", "hr", "cs", "sk", "hu", "sv", "fi"})
"""Languages that write »…«: there » behind a space opens."""
_STARTS_ANEW = regex.compile(
    r"[¿¡]|\p{Lu}[\p{Ll}\p{M}’']*(?:[\s,]|$)|\p{Lu}\p{Ll}|[\p{Lo}--[\p{Latin}]]", regex.VERSION1
)
_CAMEL = regex.compile(r"\p{Ll}(?:\p{Lu}|-\p{Ll})|(?<=['’])[nst] ")
"""What keeps a small letter at a sentence's start: iPhone, e-tron, the Dutch 's Avonds."""
_BEFORE_ASIDE = frozenset("([（")
"""What an aside of one mark follows: ``100 (!) years``."""
_GOES_ON = frozenset(",;:،؛")
_WEAK = regex.compile(r"[;:,،؛](?=\s)|[，；、：]")
_THAI = "\u0e01-\u0e5b"
_THAI_GAP = regex.compile(rf"(?<=[{_THAI})\"”])[ \u00a0]++(?=[{_THAI}(\"“])")
_THAI_GOES_ON = regex.compile("และ|หรือ|ที่|ซึ่ง|ว่า|เพราะ|โดย|จึง|แต่|คือ|เช่น|ๆ|ฯ")
_THAI_CLAUSE, _THAI_LONG_CLAUSE = 40, 120
_SOFT_WRAP = 50
"""A line of at least so many characters without a full stop goes on in the next line."""


def sentence_spans(text: str, lang: str) -> tuple[Span, ...]:
    """The sentences of ``text``, in order; none for a text of white space only."""
    primary = lang.partition("-")[0]
    cuts = {*_line_ends(text), *_stops(text, primary)}
    if primary == "th":
        cuts |= set(_clauses(text, sorted(cuts)))
    spans = _with_words(text, _trimmed(text, sorted(cuts)))
    return tuple(part for span in spans for part in _shortened(text, span))


def _line_ends(text: str) -> Iterator[int]:
    """Ends of paragraphs, and of lines too short to be wrapped ones."""
    line_start = 0
    for match in regex.finditer(r"\n\s*+", text):
        is_short = match.start() - line_start < _SOFT_WRAP
        if match[0].count("\n") > 1 or (is_short and not text[match.end() : match.end() + 1].islower()):
            yield match.end()
        line_start = match.end()


def _stops(text: str, lang: str) -> Iterator[int]:
    start = 0
    for match in _stop_pattern(lang).finditer(text):
        late = _closes_late(text, match, lang)
        end, after = (match.end() + 1, match.end() + 1) if late else (match.end("close"), match.end())
        if _is_end(text, match, after, start, lang):
            yield end
            start = after


@cache
def _stop_pattern(lang: str) -> "regex.Pattern[str]":
    """A run of full stops, the quotes, brackets and notes that close behind it, the white space after."""
    stops = ".…‥．" + _ALWAYS + (";\u037e" if lang == "el" else "")
    closing = _CLOSING + ("“‘" if lang in _LOW_QUOTES else "") + ("«" if lang in _REVERSED_GUILLEMETS else "")
    spaced = "" if lang in _REVERSED_GUILLEMETS else r"|[ \u00a0\u202f]»"
    return regex.compile(
        rf"(?P<stop>[{stops}](?:[ \u00a0\u202f]?[{stops}])*+)(?P<close>(?:[{closing}]|{_NOTE}{spaced})*+)(?P<gap>\s*+)"
    )


def _closes_late(text: str, match: "regex.Match[str]", lang: str) -> bool:
    """Whether a ” behind a space ends a quote that is still open: ``… in Ingolstadt. ”The battery …``."""
    at = match.end()
    if lang in _EQUAL_QUOTES or match["gap"] != " " or text[at : at + 1] != "”" or not text[at + 1 : at + 2].isalnum():
        return False
    before = text[max(0, at - 1000) : at].rpartition("\n")[2]
    return max(before.rfind("“"), before.rfind("„")) > before.rfind("”")


def _is_end(text: str, match: "regex.Match[str]", after: int, sentence_start: int, lang: str) -> bool:
    """``after`` is where the text goes on behind the white space, perhaps with opening marks."""
    opener = _OPENERS.match(text, after)
    first = opener.end() if opener else after
    if first == len(text):
        return True
    if match["stop"][-1] in _EAST_ASIAN:
        return _is_east_asian_end(match, text[after], lang)
    if text[first] in _GOES_ON or text[match.start() - 1 : match.start()] in _BEFORE_ASIDE:
        return False
    if match["stop"] not in (".", "．"):
        return _is_end_behind_mark(text, match, first)
    return _is_end_behind_full_stop(text, match, first, sentence_start, lang)


def _is_end_behind_full_stop(text: str, match: "regex.Match[str]", first: int, sentence_start: int, lang: str) -> bool:
    if not match["gap"] and not match["close"]:
        return lacks_space(text, match.start(), first)
    goes_on = _is_small(text, first) or not (match["gap"] or _STARTS_ANEW.match(text, match.end()))
    return not goes_on and ends_sentence(text, match.start(), first, sentence_start, lang)


def _is_end_behind_mark(text: str, match: "regex.Match[str]", first: int) -> bool:
    if not match["gap"]:
        return bool(_STARTS_ANEW.match(text, match.end()))
    return text.startswith(("¿", "¡"), match.end()) or not _is_small(text, first)


def _is_small(text: str, at: int) -> bool:
    """Whether a small letter carries the sentence on; Georgian has no others, and iPhone may begin a sentence."""
    letter = text[at]
    return letter.islower() and not "ა" <= letter <= "ჿ" and not _CAMEL.match(text, at)


def _is_east_asian_end(match: "regex.Match[str]", following: str, lang: str) -> bool:
    """Behind a closing bracket a Japanese particle, or a comma, carries the sentence on."""
    if following in "，、；：,）":
        return False
    particle = lang == "ja" and "\u3041" <= following <= "\u309f"
    return not (match["close"] and not match["gap"] and particle)


def _clauses(text: str, cuts: list[int]) -> Iterator[int]:
    """Thai: spaces between Thai words, at least a clause's length apart, rather not before a conjunction."""
    edges = iter([*cuts, len(text)])
    start, edge = 0, next(edges)
    for match in _THAI_GAP.finditer(text):
        while match.start() >= edge and edge < len(text):
            start, edge = edge, next(edges)
        length = match.start() - start
        goes_on = _THAI_GOES_ON.match(text, match.end())
        is_clause = length >= (_THAI_LONG_CLAUSE if goes_on else _THAI_CLAUSE)
        if is_clause and edge - match.end() >= _THAI_CLAUSE // 2:
            yield match.end()
            start = match.end()


def _trimmed(text: str, cuts: list[int]) -> Iterator[Span]:
    start = 0
    for end in [*cuts, len(text)]:
        piece = text[start:end]
        lead = len(piece) - len(piece.lstrip())
        if lead < len(piece):
            yield Span(start + lead, start + len(piece.rstrip()))
        start = end


def _with_words(text: str, spans: Iterator[Span]) -> list[Span]:
    """Spans of mere punctuation join the one before, or after at the beginning."""
    merged: list[Span] = []
    for span in spans:
        alone = not any(map(str.isalnum, text[span.start : span.end]))
        if merged and (alone or not any(map(str.isalnum, text[merged[-1].start : merged[-1].end]))):
            merged[-1] = Span(merged[-1].start, span.end)
        else:
            merged.append(span)
    return merged


def _shortened(text: str, span: Span) -> Iterator[Span]:
    if span.end - span.start <= LONG_SENTENCE:
        yield span
        return
    cuts: list[int] = []
    start, mark = span.start, None
    for match in _WEAK.finditer(text, span.start, span.end):
        if mark is not None and match.end() - start > LONG_SENTENCE:
            cuts.append(mark)
            start = mark
        mark = match.end()
    if mark is not None and span.end - start > LONG_SENTENCE:
        cuts.append(mark)
    edges = [span.start, *cuts, span.end]
    for left, right in pairwise(edges):
        yield from (Span(left + s.start, left + s.end) for s in _trimmed(text[left:right], []))
