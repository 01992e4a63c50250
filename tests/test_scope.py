"""Small talk: the whole message or nothing, in whichever language it is written."""

import pytest

from evals.golden import QUESTIONS, load_cases
from rag.framing import SmallTalk, supported_languages
from rag.phrasebook import phrases
from rag.scope import opens_with_thanks, small_talk, small_talk_language

LANGUAGES = sorted(supported_languages())


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_listed_phrase_is_recognised_by_readers_of_its_language(lang: str) -> None:
    own = phrases(lang)
    missed = [
        phrase
        for kind, listed in (
            ("greeting", own.greetings),
            ("thanks", own.thanks_words),
            ("goodbye", own.goodbyes),
            ("about", own.about_questions),
            ("about", own.chatter),
        )
        for phrase in listed
        if small_talk(f"{phrase.upper()}!", lang) != kind
    ]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "lang", "kind"),
    [
        ("Hi", "en", "greeting"),
        ("¡Hola!", "es", "greeting"),
        ("Grüß Gott", "de", "greeting"),
        ("GRUSS GOTT", "de", "greeting"),
        ("thanks", "en", "thanks"),
        ("Thanks 🙏🏽", "en", "thanks"),
        ("dekuji", "cs", "thanks"),
        ("شكرًا", "ar", "thanks"),
        ("谢谢！", "zh", "thanks"),
        ("Goodbye!", "en", "goodbye"),
        ("Auf Wiedersehen", "de", "goodbye"),
        ("拜拜", "zh", "goodbye"),
        ("до свидания!", "ru", "goodbye"),
        ("Wer bist du?", "de", "about"),
        ("What’s your name?", "en", "about"),
        ("あなたは誰ですか？", "ja", "about"),
        ("hiiiii", "en", "greeting"),
        ("你好谢谢", "zh", "thanks"),
        ("สวัสดีครับขอบคุณครับ", "th", "thanks"),
        ("du bist dumm!", "de", "about"),
        ("Hahahahaha", "de", "about"),
        ("расскажи анекдот", "ru", "about"),
        ("اخرس", "ar", "about"),
        ("ㅋㅋㅋㅋ", "ko", "about"),
    ],
)
def test_case_accents_punctuation_and_emoji_do_not_matter(text: str, lang: str, kind: SmallTalk) -> None:
    assert small_talk(text, lang) == kind


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Hi, how far does the Q8 go?", "en"),
        ("Hello world", "en"),
        ("Thanks to whom was the plant built?", "en"),
        ("Wer bist du, Audi?", "de"),
        ("Danke Brüssel", "de"),
        ("Q8", "en"),
        ("2021?", "en"),
        ("Brüssel", "de"),
        ("hi hi hi hi hi hi hi", "en"),
    ],
)
def test_a_message_that_says_more_is_a_question(text: str, lang: str) -> None:
    assert small_talk(text, lang) is None


@pytest.mark.parametrize("text", ["???", "🙂", "👍🏽", "❤️", "…", " ", ""])
def test_a_message_without_letters_and_digits_is_told_what_can_be_asked(text: str) -> None:
    assert small_talk(text, "de") == "about"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hello! Who are you?", "about"),
        ("Hi, thanks", "thanks"),
        ("Thanks, bye", "goodbye"),
        ("Good morning, hello", "greeting"),
    ],
)
def test_of_several_the_one_that_wants_the_fullest_reply_counts(text: str, kind: SmallTalk) -> None:
    assert small_talk(text, "en") == kind


def test_a_longer_phrase_does_not_hide_a_shorter_beginning() -> None:
    assert small_talk("hi there hi", "en") == "greeting"
    assert small_talk("thanks so much thanks", "en") == "thanks"


@pytest.mark.parametrize(
    ("text", "detected", "lang"),
    [
        ("Hola", "lv", "es"),
        ("merci", "pl", "fr"),
        ("hello", "nn", "en"),
        ("grazie", "pl", "it"),
        ("Привет", "sr", "ru"),
        ("Merci", "ca", "ca"),
        ("Hallo", "de-AT", "de-AT"),
        ("你好", "zh-Hant", "zh-Hant"),
        ("Q8", "pl", "pl"),
        ("???", "da", "da"),
    ],
)
def test_the_language_is_that_of_the_words(text: str, detected: str, lang: str) -> None:
    assert small_talk_language(text, detected) == lang


@pytest.mark.parametrize(("text", "own"), [("bok", "hr"), ("Hai", "id"), ("selva", "fi"), ("dag", "nl"), ("tak", "da")])
def test_a_word_that_means_something_else_elsewhere_counts_for_its_own_readers_only(text: str, own: str) -> None:
    assert small_talk(text, own) is not None
    assert small_talk(text, "en") is None


@pytest.mark.parametrize("suite", ["development", "tempting", "sample", "seeds"])
def test_no_question_to_articles_is_small_talk(suite: str) -> None:
    cases = load_cases(QUESTIONS / f"{suite}.jsonl")
    assert [case.question for case in cases if small_talk(case.question, case.lang)] == []


@pytest.mark.parametrize(
    ("question", "lang"),
    [
        ("Hi, how far does the Heron go?", "en"),
        ("Hallo! Wie weit fährt der Heron?", "de"),
        ("你好，Heron能跑多远？", "zh"),
        ("สวัสดีครับ Heron วิ่งได้ไกลแค่ไหน", "th"),
        ("مرحبا، كم مدى Heron؟", "ar"),
        ("テストは何分かかりますか", "ja"),
        ("Test WLTP", "fr"),
        ("Wie funktioniert der Test?", "de"),
    ],
)
def test_a_question_after_a_greeting_is_a_question(question: str, lang: str) -> None:
    assert small_talk(question, lang) is None


@pytest.mark.parametrize(
    ("text", "lang"), [("Thanks, that helps a lot!", "en"), ("Danke, das war alles", "de"), ("谢谢，很有帮助", "zh")]
)
def test_thanks_with_more_words_are_known_by_their_front(text: str, lang: str) -> None:
    assert small_talk(text, lang) is None
    assert opens_with_thanks(text, lang) == "thanks"


@pytest.mark.parametrize(
    ("text", "lang"),
    [
        ("Thanks, how far does it go", "en"),
        ("Thanks, and the Tern?", "en"),
        ("OK, the price of the Heron then", "en"),
        ("Hello, the price of the Heron", "en"),
        ("Great, show me the range", "en"),
        ("Great Wall sales in Belgium", "en"),
        ("Merci de me donner le prix de la Zoé", "fr"),
        ("Thanks, does the Puffin have a heat pump and a hook", "en"),
        ("Thanks", "en"),
        ("!", "en"),
    ],
)
def test_what_goes_on_with_a_question_or_is_small_talk_alone_opens_with_no_thanks(text: str, lang: str) -> None:
    assert opens_with_thanks(text, lang) is None
