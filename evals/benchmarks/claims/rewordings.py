"""Right sentences said in other words, nothing of their meaning changed.

In: a sentence of an article, chance. Out: the sentence reworded and what was changed; None where nothing can be. Lists
come from ``words.toml``; number formats and dates are written here, not with the verifier's code.
"""

import random
import re
from collections.abc import Callable

from evals.benchmarks.claims.cases import Kind, Told
from evals.benchmarks.claims.errors import Changed
from evals.benchmarks.claims.words import words

Rewording = Callable[[Told, random.Random], Changed | None]
_ASIDE = re.compile(r"\s?\([^()\d]{6,}\)|\s?（[^（）\d]{4,}）|\s?\([^()]{6,}\)")
_RELATIVE = re.compile(
    r", (?:which|who|where|although|while|because|including|such as|der|die|das|obwohl|während|wobei|weil|lo que|que|"
    r"aunque|mientras|donde|котор\w+|хотя|потому|где|которая|som|mens|fordi|qui|dont|alors que|bien que) "
    r"[^,;]{12,}(?=, |\.$)"
)
_TAIL = re.compile(r"(?:[,،;](?=\s)|[，；])[^,،，;；]{12,}?(?=[.。]$)")
_GROUPED = re.compile(r"(?<![\d.,])(\d{1,3})[,.](\d{3})(?:([,.])(\d{3}))?(?![\d.,]\d|\d)")
_DECIMAL = re.compile(r"(?<![\d.,])(\d{1,3})([.,])(\d{1,2})(?![\d.,]\d|\d|%)")
_ENGLISH_DATE = re.compile(r"([A-Z][a-z]{2,8}) (\d{1,2}),? (\d{4})")
_DAY_FIRST = re.compile(r"(\d{1,2})\.? (?:de |من )?([^\W\d]{3,12}) (?:de )?(\d{4})")
_CHINESE_DATE = re.compile(r"(\d{4})\s?年\s?(\d{1,2})\s?月\s?(\d{1,2})\s?日")
_SUBJECT = {
    "en": re.compile(r"^(?:He|She|It)(?= (?:was|is|had|has|became|also))"),
    "de": re.compile(r"^(?:Er|Sie|Es)(?= (?:war|ist|hatte|hat|wurde))"),
    "es": re.compile(r"^(?:Él|Ella)(?= )"),
    "ru": re.compile(r"^(?:Он|Она|Оно)(?= )"),
    "zh": re.compile(r"^(?:他|她|它)(?!们)"),
}


def without_clause(told: Told, chance: random.Random) -> Changed | None:
    """A parenthesis, a relative clause or the last part of an enumeration of clauses is left out."""
    found = [
        m
        for pattern in (_ASIDE, _RELATIVE, _TAIL)
        for m in pattern.finditer(told.text)
        if len(m[0]) < 0.6 * len(told.text) and m.start() > 8
    ]
    if not found:
        return None
    match = chance.choice(found)
    return Changed(told.text[: match.start()] + told.text[match.end() :], f"without {match[0].strip()}")


def other_date_format(told: Told, chance: random.Random) -> Changed | None:
    """ISO, or the other order."""
    months = [month.casefold() for month in words().months.get(told.lang, [])]
    for pattern, day, month, year in ((_ENGLISH_DATE, 2, 1, 3), (_DAY_FIRST, 1, 2, 3), (_CHINESE_DATE, 3, 2, 1)):
        for match in pattern.finditer(told.text):
            name = match[month].casefold()
            number = int(name) if name.isdigit() else months.index(name) + 1 if name in months else 0
            if number:
                iso = f"{match[year]}-{number:02}-{int(match[day]):02}"
                forms = [iso, f"{int(match[day])}.{number}.{match[year]}"]
                if told.lang == "en":
                    forms.append(f"{match[day]} {match[month]} {match[year]}")
                new = chance.choice(forms)
                return Changed(_put(told, match, new), f"{match[0]} → {new}")
    return None


def other_number_format(told: Told, chance: random.Random) -> Changed | None:
    """Another locale's separators; a lone group of three stays a thousand."""
    found = [*_GROUPED.finditer(told.text), *_DECIMAL.finditer(told.text)]
    if not found:
        return None
    match = chance.choice(found)
    if len(match[2]) == 3:
        separator = chance.choice([" ", "\u00a0", "."] if "," in match[0] else [" ", "\u00a0", ","])
        new = separator.join(part for part in (match[1], match[2], match[4]) if part)
    else:
        new = f"{match[1]}{',' if match[2] == '.' else '.'}{match[3]}"
    return Changed(_put(told, match, new), f"{match[0]} → {new}")


def spelled_unit(told: Told, chance: random.Random) -> Changed | None:
    pairs = dict(pair.split("|") for pair in words().spelled_units.get(told.lang, []))
    alternatives = "|".join(map(re.escape, sorted(pairs, key=len, reverse=True))) or "(?!)"
    found = list(re.finditer(rf"(?<=\d)(?<!/100)(?<!/100 )[ \u00a0]?(?P<unit>{alternatives})(?![\w²³/])", told.text))
    if not found or told.lang == "zh":
        return None
    match = chance.choice(found)
    new = f" {pairs[match['unit']]}"
    return Changed(_put(told, match, new), f"{match[0]} → {new}")


def digits_for_words(told: Told, chance: random.Random) -> Changed | None:
    """A number word as digits; not the Chinese ones, which are parts of words too."""
    values = {word: n for n, word in enumerate(words().number_words.get(told.lang, []), start=2)}
    if not values or told.lang == "zh":
        return None
    found = list(re.finditer(rf"\b(?:{'|'.join(map(re.escape, values))})\b(?! hundred| mil\b)", told.text))
    if not found:
        return None
    match = chance.choice(found)
    return Changed(_put(told, match, str(values[match[0]])), f"{match[0]} → {values[match[0]]}")


def name_from_title(told: Told, _chance: random.Random) -> Changed | None:
    """The title stands where the sentence begins with a pronoun."""
    pattern = _SUBJECT.get(told.lang)
    match = pattern.search(told.text) if pattern and told.title else None
    return Changed(_put(told, match, told.title), f"{match[0]} → {told.title}") if match else None


def other_word(told: Told, chance: random.Random) -> Changed | None:
    pairs = dict(pair.split("|") for pair in words().synonyms.get(told.lang, []))
    alternatives = "|".join(map(re.escape, sorted(pairs, key=len, reverse=True))) or "(?!)"
    found = list(re.finditer(alternatives if told.lang == "zh" else rf"\b(?:{alternatives})\b", told.text))
    if not found:
        return None
    match = chance.choice(found)
    return Changed(_put(told, match, pairs[match[0]]), f"{match[0]} → {pairs[match[0]]}")


REWORDINGS: dict[Kind, Rewording] = {
    "clause dropped": without_clause,
    "date format": other_date_format,
    "number format": other_number_format,
    "unit spelled out": spelled_unit,
    "number word": digits_for_words,
    "name from title": name_from_title,
    "synonym": other_word,
}


def _put(told: Told, match: re.Match[str], new: str) -> str:
    return told.text[: match.start()] + new + told.text[match.end() :]
