"""What articles and people write reads the same in Slack, and does nothing there."""

from pathlib import Path

import msgspec
import pytest
from fake_backend import ANSWER, CITATION, SOURCE
from hypothesis import given
from hypothesis import strategies as st

from evals.benchmarks.slack_reading import (
    active_in_markdown,
    active_in_mrkdwn,
    mrkdwn_fields,
    read_markdown,
    read_mrkdwn,
    rich_links,
)
from rag.records import TextRange
from rag.slack.escaping import link, markdown, mrkdwn, plain, web_address, without_mention
from rag.slack.rendering import messages

ATTACKS = (Path(__file__).parent.parent / "evals/benchmarks/slack_attacks.txt").read_text("utf-8").splitlines()
MARKDOWN_ATTACKS = [
    line.replace("\u2424", "\n")
    for line in (Path(__file__).parent.parent / "evals/benchmarks/slack_markdown_attacks.txt")
    .read_text("utf-8")
    .splitlines()
]
PAGE = "https://news.example/bridge"


def test_there_are_fifty_attacks() -> None:
    assert len(set(ATTACKS)) == 50


def test_most_attacks_would_do_something_as_they_are() -> None:
    assert sum(bool(active_in_mrkdwn(attack) or active_in_markdown(attack)) for attack in ATTACKS) >= 45


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_read_and_does_nothing_in_mrkdwn(attack: str) -> None:
    assert active_in_mrkdwn(mrkdwn(attack)) == []
    assert read_mrkdwn(mrkdwn(attack)) == attack


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_is_read_and_does_nothing_in_streamed_markdown(attack: str) -> None:
    assert active_in_markdown(markdown(attack)) == []
    assert read_markdown(markdown(attack)) == attack


@pytest.mark.parametrize("attack", MARKDOWN_ATTACKS)
def test_lines_and_bare_links_do_nothing_in_streamed_markdown(attack: str) -> None:
    assert active_in_markdown(attack)
    assert active_in_markdown(markdown(attack)) == []
    assert read_markdown(markdown(attack)) == attack


def test_other_line_ends_begin_no_block_either() -> None:
    assert active_in_markdown(markdown("a\r# b\r\n    c")) == []


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_in_an_article_leaves_its_answer_with_the_articles_link_alone(attack: str) -> None:
    citation = msgspec.structs.replace(
        CITATION,
        quote=attack,
        answer=TextRange(start=4, end=4 + len(attack)),
        source=msgspec.structs.replace(CITATION.source, url=PAGE, title=attack),
    )
    source = msgspec.structs.replace(SOURCE, title=attack)
    answer = msgspec.structs.replace(ANSWER, text=f"Er: {attack} [1]", citations=(citation,), sources=(source,))
    (message,) = messages(answer, with_help=True)
    fields = mrkdwn_fields(message.blocks)
    assert [target for field in fields for target in active_in_mrkdwn(field)] == [PAGE]
    assert set(rich_links(message.blocks)) <= {PAGE}
    assert active_in_mrkdwn(message.text) == []


@given(st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\u2060")), st.integers(0, 200))
def test_streamed_markdown_only_grows(text: str, cut: int) -> None:
    assert markdown(text).startswith(markdown(text[:cut]))


@given(st.text(alphabet="<>&!@#|:/*_~` aU1", max_size=40))
def test_no_text_makes_a_token_in_mrkdwn(text: str) -> None:
    assert "<" not in mrkdwn(text)
    assert read_mrkdwn(mrkdwn(text)) == text


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://a.example/x?y=1&z=2#:~:text=a%20b,c", "https://a.example/x?y=1&z=2#:~:text=a%20b,c"),
        ("https://a.example/|<b>", "https://a.example/%7C%3Cb%3E"),
        ("https://a.example/ü", "https://a.example/%C3%BC"),
        ("javascript:alert(1)", None),
        ("//a.example", None),
        ("http://[", None),
        (None, None),
    ],
)
def test_only_addresses_on_the_web_become_links(url: str | None, address: str | None) -> None:
    assert web_address(url) == address


def test_a_label_cannot_end_its_link() -> None:
    assert link(PAGE, "a|b>\nc") == f"<{PAGE}|a\u2223b&gt; c>"


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("How many &lt; 5 &amp; 6?", "How many < 5 & 6?"),
        ("See <https://a.example|this page> and <https://b.example>", "See this page and https://b.example"),
        ("<@U1|ann> in <#C1|general>, <!here>", "@ann in #general, @here"),
        ("<mailto:a@b.example|a@b.example>", "a@b.example"),
        ("<!subteam^S1|@editors>", "@editors"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_a_question_is_read_as_its_writer_sees_it(written: str, read: str) -> None:
    assert plain(written) == read


def test_the_bots_own_mention_is_no_part_of_the_question() -> None:
    assert plain(without_mention("<@U1> and <@U1|kilde> or <@U12>", "U1")) == "and   or @U12"
