"""A turn whose every text is a payload, and what of it has to be read on the page.

In: payloads. Out: a backend that answers with them: as plain text, quotes, titles, addresses, follow-ups and notices,
its text in pieces of one code point, whatever they cut.
"""

import re

import msgspec
from fake_backend import ANSWER, ARTICLE, CITATION, FakeBackend, turn

from index.records import ArticleDetail
from rag.records import Answer, Citation, Followups, MessageEnd, Notice, TextDelta, TextRange

_CITED = re.compile(r"\[(\d+)\]")


class Poisoned(FakeBackend):
    """Its articles ``a1``, ``a2``… hold one quote each, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.payloads: list[str] = []

    def poison(self, payloads: list[str]) -> Answer:
        self.payloads = payloads
        answer = poisoned(payloads)
        start, *_ = turn(answer)
        self.script = (
            start,
            *(Notice(code="x", message=payload) for payload in payloads),
            *(TextDelta(text=point) for point in answer.text),
            *turn(answer)[5:-2],
            Followups(followups=answer.followups),
            MessageEnd(answer=answer),
        )
        return answer

    async def article(self, article_id: str) -> ArticleDetail:
        quote = self.payloads[int(article_id[1:]) - 1]
        return msgspec.structs.replace(ARTICLE, article_id=article_id, text=f"{quote}\n\n{quote}")


def poisoned(payloads: list[str]) -> Answer:
    text, citations = "", []
    for n, payload in enumerate(payloads, 1):
        text += f"a{payload}b “"
        citations.append(_cited(n, payload, len(text)))
        text += f"{payload}” [{n}] "
    sources = tuple(
        msgspec.structs.replace(ANSWER.sources[0], n=n, article_id=f"a{n}", title=payload, url=payload)
        for n, payload in enumerate(payloads, 1)
    )
    return msgspec.structs.replace(
        ANSWER,
        standalone_question=payloads[0],
        text=text,
        citations=tuple(citations),
        sources=sources,
        nearest=sources,
        followups=tuple(payloads),
    )


def shown(payloads: list[str]) -> str:
    """The text of the answer as it is read: of what is cited, the number alone, but never inside a quote."""
    cited = {str(n) for n, _ in enumerate(payloads, 1)}

    def numbered(plain: str) -> str:
        return _CITED.sub(lambda found: found[1] if found[1] in cited else found[0], plain)

    return "".join(
        numbered(f"a{payload}b “") + payload + numbered(f"” [{n}] ") for n, payload in enumerate(payloads, 1)
    )


def _cited(n: int, quote: str, start: int) -> Citation:
    """Its quote is cut by the short answer in it."""
    source = msgspec.structs.replace(
        CITATION.source, article_id=f"a{n}", title=quote, url=quote, start=0, end=len(quote), published=None
    )
    return msgspec.structs.replace(
        CITATION,
        n=n,
        answer=TextRange(start=start, end=start + len(quote)),
        source=source,
        quote=quote,
        highlight=TextRange(start=len(quote) // 2, end=len(quote)),
    )
