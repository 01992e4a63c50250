"""Answers of any length arrive whole, within what Slack takes."""

import msgspec
import pytest
from fake_backend import ANSWER, CITATION, QUOTE, SOURCE, TEXT
from hypothesis import given, settings
from hypothesis import strategies as st

from evals.benchmarks.slack_reading import RefusedError, check_message
from rag.records import Answer, TextRange
from rag.slack.blocks import shortened
from rag.slack.cutting import slices
from rag.slack.rendering import Message, messages, said, tail, without_actions
from rag.slack.words import all_words, words


def long_answer(
    characters: int, sentence: str = "Die Brücke trägt jeden Tag 4200 Radfahrer über den Hafen. "
) -> Answer:
    text = (sentence * (characters // len(sentence) + 1))[:characters]
    return msgspec.structs.replace(ANSWER, text=text, citations=())


def cited(sources: int, quotes: int) -> Answer:
    citations = tuple(
        msgspec.structs.replace(CITATION, n=n, quote=f"{QUOTE} {n}.{quote} " + "x" * 300)
        for n in range(1, sources + 1)
        for quote in range(quotes)
    )
    listed = tuple(msgspec.structs.replace(SOURCE, n=n) for n in range(1, sources + 1))
    return msgspec.structs.replace(ANSWER, citations=citations, sources=listed)


def text_of(sent: tuple[Message, ...]) -> str:
    rich = [block for message in sent for block in message.blocks if block["type"] == "rich_text"]
    return "".join(one["text"] for block in rich for one in block["elements"][0]["elements"])  # type: ignore[index]


def taken(message: Message) -> bool:
    try:
        check_message({"text": message.text, "blocks": msgspec.to_builtins(message.blocks)})
    except RefusedError:
        return False
    return True


@pytest.mark.parametrize("characters", [1, 2999, 3000, 3001, 13_000, 40_000])
def test_an_answer_of_any_length_is_whole_and_taken(characters: int) -> None:
    sent = messages(long_answer(characters), with_help=True)
    assert text_of(sent) == long_answer(characters).text
    assert all(taken(message) for message in sent)


def test_13000_characters_take_two_messages_with_the_sources_under_the_last() -> None:
    sent = messages(long_answer(13_000), with_help=False)
    assert [len(message.blocks) > 0 for message in sent] == [True, True]
    assert [block["type"] for block in sent[0].blocks] == ["rich_text"] * len(sent[0].blocks)
    assert sent[1].blocks[-1]["type"] == "context_actions"


@pytest.mark.parametrize("text", ["漢字" * 6500, "word " * 2600, "a" * 13_000, "👩‍👩‍👧‍👦" * 1200, "نص عربي. " * 1500])
def test_any_script_is_whole_and_taken(text: str) -> None:
    sent = messages(msgspec.structs.replace(ANSWER, text=text, citations=()), with_help=True)
    assert text_of(sent) == text
    assert all(taken(message) for message in sent)


@pytest.mark.parametrize(("quote", "article_id"), [("x" * 1400, "a1"), ("x" * 60, "a" * 100)])
def test_no_block_alone_is_too_much_for_a_message(quote: str, article_id: str) -> None:
    citations = tuple(
        msgspec.structs.replace(
            CITATION,
            quote=f"{n} {quote}",
            source=msgspec.structs.replace(CITATION.source, article_id=article_id, start=n),
        )
        for n in range(100)
    )
    sent = messages(msgspec.structs.replace(ANSWER, citations=citations), with_help=True)
    assert all(taken(message) for message in sent)
    shown = msgspec.json.encode([message.blocks for message in sent]).decode()
    assert all(f"“{citation.quote}" in shown for citation in citations)


def test_a_long_title_with_a_long_address_is_taken() -> None:
    url = "https://news.example/" + "a" * 1700 + "#:~:text=" + "%20b" * 500
    source = msgspec.structs.replace(SOURCE, title="&" * 4000, url=url)
    citation = msgspec.structs.replace(CITATION, source=msgspec.structs.replace(CITATION.source, url=url))
    sent = messages(msgspec.structs.replace(ANSWER, sources=(source,), citations=(citation,)), with_help=True)
    assert all(taken(message) for message in sent)
    assert f"<{url.partition('#')[0]}|" in str(sent)


@pytest.mark.parametrize(("sources", "quotes"), [(1, 1), (9, 3), (40, 4), (60, 1), (3, 25)])
def test_many_sources_are_all_there_and_taken(sources: int, quotes: int) -> None:
    answer = cited(sources, quotes)
    sent = messages(answer, with_help=True)
    assert all(taken(message) for message in sent)
    shown = msgspec.json.encode([message.blocks for message in sent]).decode()
    assert all(f"“{citation.quote}" in shown for citation in answer.citations)


def test_a_short_answer_in_its_quote_is_bold_and_its_marker_a_link() -> None:
    at = QUOTE.index("4,200")
    citation = msgspec.structs.replace(CITATION, highlight=TextRange(start=at, end=at + 5))
    (message,) = messages(msgspec.structs.replace(ANSWER, citations=(citation,)), with_help=False)
    elements = message.blocks[0]["elements"][0]["elements"]  # type: ignore[index]
    assert {"type": "text", "style": {"bold": True}, "text": "4,200"} in elements
    assert elements[-1] == {"type": "link", "url": CITATION.source.url, "text": "[1]"}
    assert text_of((message,)) == TEXT


def test_a_source_says_its_title_language_and_date_in_the_readers_language() -> None:
    (message,) = messages(ANSWER, with_help=False)
    line, quote = message.blocks[1]["elements"]  # type: ignore[misc]
    assert line["text"] == f"[1] <{CITATION.source.url}|The harbour bridge> · Englisch · Dezember 2022"
    assert (quote["type"], quote["text"]) == ("plain_text", f"“{QUOTE}”")


def test_where_the_articles_do_not_say_the_nearest_stand_below() -> None:
    answer = msgspec.structs.replace(
        ANSWER, status="not_found", text="Nein.", citations=(), sources=(), nearest=(SOURCE,)
    )
    (message,) = messages(answer, with_help=False)
    assert [block["type"] for block in message.blocks] == ["rich_text", "context", "context", "context_actions"]


def test_small_talk_is_only_words() -> None:
    answer = msgspec.structs.replace(ANSWER, status="out_of_scope", text="Hallo!", citations=(), sources=())
    (message,) = messages(answer, with_help=True)
    assert [block["type"] for block in message.blocks] == ["rich_text"]
    assert tail(answer, with_help=True) == ()


def test_a_human_can_be_asked_only_where_there_is_one() -> None:
    def actions(*, with_help: bool) -> list[str]:
        (message,) = messages(ANSWER, with_help=with_help)
        return [e["type"] for block in message.blocks if block["type"] == "actions" for e in block["elements"]]  # type: ignore[attr-defined]

    assert actions(with_help=True) == ["static_select", "button"]
    assert actions(with_help=False) == ["static_select"]


def test_an_answer_goes_without_its_buttons() -> None:
    (message,) = messages(ANSWER, with_help=True)
    assert {block["type"] for block in without_actions(message).blocks} == {"rich_text", "context"}


@settings(max_examples=100)
@given(st.text(max_size=900), st.integers(100, 300))
def test_slices_are_the_text_and_never_longer(text: str, most: int) -> None:
    found = list(slices(text, most))
    assert "".join(text[start:end] for start, end in found) == text
    assert all(0 < end - start <= most for start, end in found)


def test_a_cut_comes_after_a_paragraph_else_a_sentence_else_a_word() -> None:
    text = "One two. " * 8 + "Three four\n\n" + "five six " * 20
    assert next(text[start:end] for start, end in slices(text, 100)) == "One two. " * 8 + "Three four\n\n"
    assert next(slices("a" * 60 + ". " + "b" * 30 + " " + "c" * 60, 100)) == (0, 62)
    assert next(slices("a" * 60 + " " + "b" * 200, 100)) == (0, 61)


def test_a_marker_is_never_parted() -> None:
    assert next(slices("a" * 98 + "[12]" + "b" * 50, 100, [(98, 102)])) == (0, 98)


def test_every_language_has_every_word_within_its_limit() -> None:
    for own in all_words().values():
        assert all(msgspec.structs.asdict(own).values())
        assert max(map(len, (own.why_title, own.send, own.close, own.passage))) <= 24
        assert max(map(len, (own.helpful, own.not_helpful, own.ask_human, own.other))) <= 75
        assert "{user}" in own.human_called
        assert "{group}" in own.human_called


def test_a_language_without_words_gets_english_ones() -> None:
    assert words("de-AT") == all_words()["de"]
    assert words("nn") == all_words()["nb"]
    assert words("xx") == words(None) == all_words()["en"]


def test_what_the_bot_says_is_literal() -> None:
    assert said("<!here>").text == "&lt;!here&gt;"
    assert shortened("abcdef", 4) == "abc…"
