"""Relative dates of a question get the date behind them, counted from the day that is passed in."""

from datetime import date

import pytest

from index.dates import years
from rag.question_words import question_words
from rag.relative_dates import dated_phrases, with_dates

MID_JANUARY = date(2026, 1, 15)
LAST_YEAR = {
    "ar": "كم سيارة صُنعت العام الماضي؟",
    "bg": "Колко коли бяха произведени миналата година?",
    "ca": "Quants cotxes es van fabricar l'any passat?",
    "cs": "Kolik aut se loni vyrobilo?",
    "da": "Hvor mange biler blev der bygget sidste år?",
    "de": "Wie viele Autos wurden letztes Jahr gebaut?",
    "el": "Πόσα αυτοκίνητα κατασκευάστηκαν πέρυσι;",
    "en": "How many cars were built last year?",
    "es": "¿Cuántos coches se fabricaron el año pasado?",
    "fa": "پارسال چند خودرو ساخته شد؟",
    "fi": "Montako autoa valmistettiin viime vuonna?",
    "fr": "Combien de voitures ont été construites l’an dernier ?",
    "he": "כמה מכוניות נבנו בשנה שעברה?",
    "hi": "पिछले साल कितनी कारें बनीं?",
    "hr": "Koliko je automobila proizvedeno prošle godine?",
    "hu": "Hány autó készült tavaly?",
    "id": "Berapa mobil yang dibuat tahun lalu?",
    "is": "Hvað voru margir bílar smíðaðir í fyrra?",
    "it": "Quante auto sono state prodotte l'anno scorso?",
    "ja": "昨年は何台の車が作られましたか。",
    "ko": "작년에 자동차를 몇 대 만들었나요?",
    "nb": "Hvor mange biler ble bygget i fjor?",
    "nl": "Hoeveel auto's zijn er vorig jaar gebouwd?",
    "nn": "Kor mange bilar vart bygde i fjor?",
    "pl": "Ile samochodów zbudowano w zeszłym roku?",
    "pt": "Quantos carros foram fabricados no ano passado?",
    "ro": "Câte mașini au fost construite anul trecut?",
    "ru": "Сколько машин построили в прошлом году?",
    "sk": "Koľko áut sa vyrobilo minulý rok?",
    "sr": "Колико је аутомобила направљено прошле године?",
    "sv": "Hur många bilar byggdes förra året?",
    "th": "ปีที่แล้วผลิตรถได้กี่คัน",
    "tr": "Geçen yıl kaç araba üretildi?",
    "uk": "Скільки авто збудували торік?",
    "vi": "Năm ngoái sản xuất bao nhiêu xe?",
    "zh": "去年造了多少辆车？",
}


@pytest.mark.parametrize("lang", sorted(question_words().languages))
def test_last_year_is_known_in_every_language_whose_questions_are(lang: str) -> None:
    assert years(with_dates(LAST_YEAR[lang], lang, MID_JANUARY)) == {"2025"}


@pytest.mark.parametrize(
    ("question", "lang", "dated"),
    [
        ("What changed this year?", "en", "What changed this year (2026)?"),
        ("What were last year’s sales?", "en", "What were last year’s (2025) sales?"),
        ("And the year before last?", "en", "And the year before last (2024)?"),
        ("Wer gewann im letzten Monat?", "de", "Wer gewann im letzten Monat (Dezember 2025)?"),
        ("Hva skjedde i går?", "nb", "Hva skjedde i går (14. januar 2026)?"),
        ("今年は何台ですか", "ja", "今年（2026年）は何台ですか"),
        ("Better last year or this year?", "en", "Better last year (2025) or this year (2026)?"),
    ],
)
def test_the_date_stands_behind_the_phrase(question: str, lang: str, dated: str) -> None:
    assert with_dates(question, lang, MID_JANUARY) == dated


@pytest.mark.parametrize(
    ("question", "lang"),
    [
        ("What was the last year of the war?", "en"),
        ("How many cars were built in 2021?", "en"),
        ("Who sailed last yearling?", "en"),
        ("What was built last year (2025)?", "en"),
        ("Apa yang terjadi 3 tahun lalu?", "id"),
        ("What was built last year?", "de"),
        ("What was built last year?", "xx"),
    ],
)
def test_what_names_no_distance_from_today_stays(question: str, lang: str) -> None:
    assert with_dates(question, lang, MID_JANUARY) == question


def test_written_dates_are_found_with_their_phrase() -> None:
    assert [*dated_phrases("Built last year (2025), or in 2021 (May)?", "en")] == [(6, 22)]
