"""Made-up articles, the same for the same number and edition, in five languages by turns.

In: a number and an edition. Out: a Markdown file of three sections, no two of which say the same. Refuses nothing.
"""

import random
from pathlib import Path

SECTIONS = 3
_LANGS = ("en", "de", "nl", "fr", "nb")
_NAMES = ("Harbour", "Bridge", "Tram", "Museum", "Library", "Market", "Garden", "Tower", "Canal", "Station", "Ferry")
_PLACES = ("Aarmond", "Belsund", "Corvik", "Dunmere", "Elsholm", "Farwick", "Grenby", "Holmsted", "Ivarsund", "Kelm")
_SENTENCES = {
    "en": "In {year} the {name} of {place} counted {figure} visitors, {other} more than the year before.",
    "de": "Im Jahr {year} zählte {name} in {place} {figure} Besucher, {other} mehr als im Jahr zuvor.",
    "nl": "In {year} telde {name} in {place} {figure} bezoekers, {other} meer dan het jaar daarvoor.",
    "fr": "En {year}, {name} à {place} a compté {figure} visiteurs, {other} de plus que l'année précédente.",
    "nb": "I {year} telte {name} i {place} {figure} besøkende, {other} flere enn året før.",
}


def path_of(number: int) -> str:
    return f"{number % 40:02}/article-{number}.{_LANGS[number % len(_LANGS)]}.md"


def article(number: int, edition: int = 0) -> bytes:
    chance = random.Random(f"{number} {edition}")
    sentence = _SENTENCES[_LANGS[number % len(_LANGS)]]
    title = f"{chance.choice(_NAMES)} {chance.choice(_PLACES)} {number}"
    parts = [f"---\ntitle: {title}\ndate: {1990 + number % 30}-0{1 + number % 9}-11\n---\n"]
    for section in range(SECTIONS):
        said = " ".join(_sentence(sentence, chance) for _ in range(9))
        parts.append(f"## {chance.choice(_NAMES)} {number}.{section}\n\n{said}\n")
    return "\n".join(parts).encode()


def write_articles(folder: Path, numbers: range, edition: int = 0) -> None:
    for number in numbers:
        file = folder / path_of(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(article(number, edition))


def _sentence(pattern: str, chance: random.Random) -> str:
    return pattern.format(
        year=chance.randint(1950, 2020),
        name=chance.choice(_NAMES),
        place=chance.choice(_PLACES),
        figure=chance.randint(1_000, 99_999),
        other=chance.randint(10, 999),
    )
