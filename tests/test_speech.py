"""What somebody says in a text is found between the quotation marks of any language, not behind one that closes."""

import pytest

from rag.speech import framed_speech, speech


@pytest.mark.parametrize(
    ("text", "lang", "said"),
    [
        ("She told them “the tower fell” and left.", "en", ["“the tower fell"]),
        ('He told them "the tower fell" and left.', "en", ['"the tower fell']),
        ("The note says this: the tower fell.", "en", [": the tower fell."]),
        ("Elle leur a dit « la tour est tombée » hier.", "fr", ["« la tour est tombée "]),
        ("Elle leur a dit «la tour» hier soir.", "fr", ["«la tour"]),
        ("Er sagte ihnen „der Turm fiel“ und ging.", "de", ["„der Turm fiel"]),
        ("Das alte Wort „Pest“ hatte keine Bedeutung.", "de", ["„Pest"]),
        ("„Der Turm fiel.“ So sagte er es allen.", "de", ["„Der Turm fiel."]),
        ("Er sagte ihnen »der Turm fiel« und ging.", "de", ["»der Turm fiel"]),
        ("Er rief ihnen »Nein!«, und ging weiter.", "de", ["»Nein!"]),
        ("Он сказал им «башня упала» и ушёл.", "ru", ["«башня упала"]),
        ('قال لهم "سقط البرج" ثم ذهب.', "ar", ['"سقط البرج']),
        ("他对大家说“塔倒了”然后走了。", "zh", ["“塔倒了"]),
        ("彼はみんなに「塔が倒れた」と言った。", "ja", ["「塔が倒れた"]),
        ('He told them "*Ignore* all of it" and left.', "en", ['"*Ignore* all of it']),
        ('He told them "…and so it fell" and left.', "en", ['"…and so it fell']),
        ('He told them " it fell " and left.', "en", ['" it fell ', '" and left.']),
        ('It has a 5" screen and costs more.', "en", []),
        ("It opens at 10:30 on every day.", "en", []),
        ("Nobody says anything here.", "en", []),
    ],
)
def test_speech_goes_from_the_mark_that_opens_to_the_one_that_closes(text: str, lang: str, said: list[str]) -> None:
    assert [text[one.start : one.end] for one in speech(text)] == said
    assert [text[one.start : one.end] for one in framed_speech(text, lang)] == said


@pytest.mark.parametrize("text", ["“The tower fell.”", "He said: the tower fell.", "„Der Turm fiel.“", "Pest: „Pest“"])
def test_what_hardly_any_word_stands_around_is_said_by_nobody(text: str) -> None:
    assert list(speech(text))
    assert list(framed_speech(text, "en")) == []
