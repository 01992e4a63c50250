"""Records as text for a reader: answers with their sources, hits, articles, figures, checks.

In: records. Out: styled text, without control characters. Prints nothing.
"""

import re
from collections.abc import Iterable

from rich.text import Text

from index.records import ArticleSummary, Stats
from rag.cli_output import clean
from rag.doctor import Check
from rag.records import Answer, Citation, SearchHit, Source, TextRange

EXCERPT_CHARS = 240
_SPACE = re.compile(r"\s+")


def answer_text(answer: Answer) -> Text:
    """The answer, then its sources with their quotes, or the nearest articles."""
    return Text("\n").join([Text(clean(answer.text)), *evidence(answer)])


def evidence(answer: Answer) -> list[Text]:
    """What stands under an answer; empty for small talk."""
    blocks: list[Text] = []
    if answer.sources:
        blocks += [Text("\nSources", style="bold"), *(_source(s, answer.citations) for s in answer.sources)]
    if answer.nearest:
        blocks += [Text("\nNearest articles", style="bold"), *(_source(s, ()) for s in answer.nearest)]
    if answer.followups:
        blocks += [Text("\nYou could also ask", style="bold"), *(Text(f"  {clean(q)}") for q in answer.followups)]
    return blocks


def hits_text(hits: Iterable[SearchHit]) -> Text:
    """Numbered hits, best first."""
    return Text("\n\n").join(_hit(n, hit) for n, hit in enumerate(hits, start=1))


def articles_text(articles: Iterable[ArticleSummary]) -> Text:
    """One line an article: path, language, date, chunks, title; parted by tabs."""
    rows = ((a.path, a.lang, a.published or "", str(a.chunks), a.title) for a in articles)
    return Text("\n").join(Text("\t".join(_one_line(cell) for cell in row)) for row in rows)


def stats_text(stats: Stats) -> Text:
    """One figure a line."""
    langs = ", ".join(f"{lang} {n}" for lang, n in sorted(stats.articles_by_lang.items(), key=lambda item: -item[1]))
    rows = (
        ("articles", str(stats.articles)),
        ("works", str(stats.works)),
        ("chunks", str(stats.chunks)),
        ("languages", langs),
        ("model", stats.model),
        ("last ingest", stats.last_ingest or "never"),
    )
    return Text("\n").join(Text.assemble((f"{name:<12}", "dim"), clean(value)) for name, value in rows)


def checks_text(checks: Iterable[Check]) -> Text:
    """One check a line: state, name, what was found."""
    styles = {"ok": "green", "warn": "yellow", "fail": "bold red"}
    lines = (
        Text.assemble((f"{check.state:<5}", styles[check.state]), (f"{check.name:<9}", "bold"), clean(check.message))
        for check in checks
    )
    return Text("\n").join(lines)


def _source(source: Source, citations: Iterable[Citation]) -> Text:
    about = ", ".join(part for part in (source.lang, source.published) if part)
    lines = [
        Text.assemble((f"[{source.n}] {_one_line(source.title)}", "bold"), (f"  {about}", "dim")),
        Text(f"    {_one_line(source.url or source.path)}", style="dim"),
    ]
    quotes = {c.quote: _quote(c, source.lang) for c in citations if c.n == source.n}
    return Text("\n").join([*lines, *quotes.values()])


def _quote(citation: Citation, source_lang: str) -> Text:
    """With the short answer in bold."""
    lang = "" if citation.source.lang == source_lang else f" ({citation.source.lang})"
    at = citation.highlight or TextRange(start=0, end=0)
    cut = (citation.quote[: at.start], citation.quote[at.start : at.end], citation.quote[at.end :])
    before, short, after = (clean(_SPACE.sub(" ", part)) for part in cut)
    return Text.assemble(f"    “{before}", (short, "bold"), f"{after}”{lang}")


def _hit(n: int, hit: SearchHit) -> Text:
    place = " › ".join(_one_line(part) for part in (hit.title, hit.heading) if part)
    return Text.assemble(
        (f"{n}. {place}", "bold"),
        (f"  {hit.lang}, {hit.score:.2f}\n    {_one_line(hit.path)}\n", "dim"),
        f"    {_excerpt(hit.text)}",
    )


def _excerpt(text: str) -> str:
    line = _one_line(text)
    return line if len(line) <= EXCERPT_CHARS else line[: EXCERPT_CHARS - 1].rstrip() + "…"


def _one_line(text: str) -> str:
    return clean(" ".join(text.split()))
