"""Whether every quote of an answer is what it claims to be.

In: an answer and the canonical texts of the articles that it cites. Out: the quotes that are not the slice of their
article, not the slice of the answer, or not marked there with the number of the work that they are from. An LLM's
answer need not contain its quotes, only their markers.
"""

import re
from collections.abc import Mapping

from index.languages import split_path
from rag.records import Answer, Citation

MARKER = re.compile(r"\[(\d+)\]")


def false_quotes(answer: Answer, texts: Mapping[str, str]) -> tuple[str, ...]:
    """In the order of the citations; ``texts`` by article id."""
    return tuple(
        citation.quote
        for citation in answer.citations
        if not (_is_in_article(citation, texts) and _is_in_answer(citation, answer) and _is_listed(citation, answer))
    )


def _is_in_article(citation: Citation, texts: Mapping[str, str]) -> bool:
    source = citation.source
    return texts.get(source.article_id, "")[source.start : source.end] == citation.quote


def _is_in_answer(citation: Citation, answer: Answer) -> bool:
    shown = citation.answer
    if answer.composer == "llm":
        return f"[{citation.n}]" in answer.text
    marker = MARKER.search(answer.text, shown.end)
    is_marked = marker is not None and int(marker[1]) == citation.n
    return is_marked and answer.text[shown.start : shown.end] == citation.quote


def _is_listed(citation: Citation, answer: Answer) -> bool:
    """Whether the source of that number is the cited article, or another version of it."""
    cited = citation.source
    numbered = [source for source in answer.sources if source.n == citation.n]
    return any(
        source.article_id == cited.article_id or split_path(source.path)[1] == split_path(cited.path)[1]
        for source in numbered
    )
