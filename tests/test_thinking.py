"""What an LLM thinks aloud before its answer is no text, wherever its pieces are cut."""

import pytest

from rag.thinking import Thoughts


def told(pieces: list[str]) -> str:
    thoughts = Thoughts()
    return "".join(thoughts.without(piece) for piece in pieces) + thoughts.end()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is so.", "It is so."),
        ("<think>Is it [1]? Yes.</think>\n\nIt is so.", "\n\nIt is so."),
        ("  <think></think>It is so.", "It is so."),
        ("<think>It is so. And so on.", ""),
        ("<thin", "<thin"),
        ("<b>It", "<b>It"),
        ("It <think>is</think> so.", "It <think>is</think> so."),
        ("", ""),
    ],
)
def test_reasoning_before_the_text_is_left_out(text: str, expected: str) -> None:
    assert told([text]) == expected
    assert told(list(text)) == expected
