"""Are the numbers, dates and units of a sentence those of the text that it rests on?

In: two texts with their languages. Out: what does not agree, spelled as the sentence has it. Values are compared, in
any language's spelling; a number may stand as a word, in Chinese characters or in Roman numerals in the one and as
digits in the other. A date may be less precise than the text's, never more. Refuses nothing.
"""

from collections.abc import Iterator

import msgspec
import regex

from index.numbers import DateMention, Number, dates, numbers, same_number
from rag.claim_lists import number_word_values, with_multiplier
from rag.claim_units import unit_after
from rag.question_words import normalised, primary

_HAN_DIGITS = {character: value for value, character in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2, "兩": 2}
_HAN_POWERS = {"十": 10, "百": 100, "千": 1000}
_HAN_MYRIADS = {"万": 10**4, "萬": 10**4, "亿": 10**8, "億": 10**8}
_HAN_NUMBER = regex.compile("[〇零一二三四五六七八九两兩十百千万萬亿億]+")
_ROMAN = regex.compile(r"(?<![\p{L}\d])[IVXLХ]{1,7}(?![\p{L}\d])")
_ROMAN_VALUES = {"I": 1, "V": 5, "X": 10, "Х": 10, "L": 50}
_GLUED = regex.compile(r"(?<=\p{L})\d{1,3}(?!\d)|(?<!\d)\d{1,3}(?=\p{L})")
_WORD = regex.compile(r"\p{L}[\p{L}\p{M}'’]*")


class Disagreement(msgspec.Struct, frozen=True):
    """A number, date or unit of a sentence that the text does not have."""

    kind: str
    """``number``, ``date`` or ``unit``."""
    spelling: str


def has_numbers(text: str) -> bool:
    return bool(numbers(text) or dates(text))


def disagreements(sentence: str, lang: str, text: str, text_lang: str) -> tuple[Disagreement, ...]:
    """In the sentence's order within each kind."""
    return tuple(_disagreements(sentence, primary(lang), text, primary(text_lang)))


def _disagreements(sentence: str, lang: str, text: str, text_lang: str) -> Iterator[Disagreement]:
    said, said_dates, claimed_dates = numbers(text), dates(text), dates(sentence)
    for date in claimed_dates:
        if not any(_implies(other, date) for other in said_dates):
            yield Disagreement("date", sentence[date.start : date.end])
    counted = [number for number in said if _is_year(number) or not _is_inside(number, said_dates)]
    years = {reading[:4] for date in said_dates for reading in date.readings}
    spelled = spelled_values(text, text_lang) | years | _decades(said)
    for number in numbers(sentence):
        if _is_inside(number, claimed_dates):
            continue
        spelling = sentence[number.start : number.end]
        same = [other for other in counted if same_number(_bare(number), _bare(other))]
        if not same:
            if set(number.readings).isdisjoint(spelled) or (number.unit and number.value in years):
                yield Disagreement("number", spelling)
        elif not any(_units_agree(number, sentence, lang, other, text, text_lang) for other in same):
            yield Disagreement("unit", spelling)


def _units_agree(number: Number, text: str, lang: str, other: Number, other_text: str, other_lang: str) -> bool:
    """No unit contradicts another; within a language a unit that the other lacks contradicts it too."""
    own, theirs = _unit(number, text, lang), _unit(other, other_text, other_lang)
    if own is None:
        return True
    if theirs is None:
        return lang != other_lang or own == "duration-year"
    return own == theirs


def _bare(number: Number) -> Number:
    """Without unit and sign: a hyphen before a figure is no minus everywhere."""
    plain = tuple(reading.removeprefix("-") for reading in number.readings)
    return msgspec.structs.replace(number, unit=None, readings=plain)


def _unit(number: Number, text: str, lang: str) -> str | None:
    if number.unit:
        return number.unit
    found = unit_after(text, number.end, lang)
    return found[0] if found else None


def _decades(said: tuple[Number, ...]) -> set[str]:
    """The sixties of 1960."""
    return {number.value[2:] for number in said if _is_year(number) and number.value.endswith("0")}


def spelled_values(text: str, lang: str) -> set[str]:
    """Canonical values of what a text has as words, in Chinese characters, in Roman numerals or beside letters."""
    found = set(_worded(normalised(text), lang))
    found |= {str(value) for match in _HAN_NUMBER.finditer(text) for value in _han_values(match[0])}
    found |= {match[0] for match in _GLUED.finditer(text)}
    return found | {str(_roman_value(match[0])) for match in _ROMAN.finditer(text)}


def _worded(text: str, lang: str) -> Iterator[str]:
    """Of number words, with the multiplier behind them: not the three of "three million"."""
    words = number_word_values(lang)
    for match in _WORD.finditer(text):
        if match[0] in words:
            yield from map(str, with_multiplier(words[match[0]], text, match.end())[0])


def _han_values(run: str) -> set[int]:
    """By value, and digit by digit as years are written."""
    if all(character in _HAN_DIGITS for character in run):
        return {int("".join(str(_HAN_DIGITS[character]) for character in run))}
    total = section = digit = 0
    for character in run:
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
        elif power := _HAN_POWERS.get(character):
            section, digit = section + (digit or 1) * power, 0
        else:
            total, section, digit = total + (section + digit or 1) * _HAN_MYRIADS[character], 0, 0
    return {total + section + digit}


def _roman_value(numeral: str) -> int:
    values = [_ROMAN_VALUES[letter] for letter in numeral]
    return sum(-value if value < max(values[at:]) else value for at, value in enumerate(values))


def _implies(said: DateMention, claimed: DateMention) -> bool:
    """The same date or a more precise one: the 14th of December 2022 is in December 2022, and is a 14 December."""
    return any(
        reading.startswith(wanted) or (wanted.startswith("--") and reading.endswith(wanted[1:]))
        for reading in said.readings
        for wanted in claimed.readings
    )


def _is_inside(number: Number, spans: tuple[DateMention, ...]) -> bool:
    return any(span.start <= number.start and number.end <= span.end for span in spans)


def _is_year(number: Number) -> bool:
    return number.unit is None and len(number.value) == 4
