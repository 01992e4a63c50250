"""The report on unanswered questions as Markdown and as CSV; pure.

In: a report. Out: text that shows what stands in it and does nothing else: no markup of a reader's words is taken as
Markdown or HTML, and no cell of the CSV as a formula. Refuses nothing.
"""

import csv
import io
import re
import unicodedata

from rag.feedback_records import NearArticle, UnansweredGroup, UnansweredReport, UnansweredWeek

COLUMNS = (
    *("week", "question", "lang", "count", "askers", "langs", "not_found", "thumbs_down", "reasons"),
    *("examples", "nearest"),
)
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#+\-.!|~&$:^=\"'@])")
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠−\t\r|%]")
_DIRECTION = re.compile("[\u202a-\u202e\u2066-\u2069]")


def to_markdown(report: UnansweredReport) -> str:
    """One section a week, one item a group."""
    lines = ["# Unanswered questions", ""]
    if report.left_out:
        lines += [f"{report.left_out} older questions are left out.", ""]
    for week in report.weeks:
        lines += [*_week_lines(week), ""]
    return "\n".join(lines)


def to_csv(report: UnansweredReport) -> str:
    """RFC 4180 with a header, one row a group and week; several values in a cell stand in lines of their own."""
    written = io.StringIO(newline="")
    rows = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    rows.writerow(COLUMNS)
    for week in report.weeks:
        rows.writerows(_cells(week, group) for group in week.groups)
    return written.getvalue()


def _week_lines(week: UnansweredWeek) -> list[str]:
    head = f"## {week.week} ({week.first_day} to {week.last_day}): {_counted(week.questions, 'question')}"
    return [head, "", *(line for group in week.groups for line in _group_lines(group))]


def _group_lines(group: UnansweredGroup) -> list[str]:
    figures = [_counted(group.count, "question"), _counted(group.askers, "conversation"), _listed(group.langs)]
    if group.thumbs_down:
        reasons = f" ({_listed(group.reasons)})" if group.reasons else ""
        figures.append(f"{group.thumbs_down} thumbs down{reasons}")
    lines = [f"- **{_escaped(group.label)}** ({_escaped(group.label_lang)}): {', '.join(figures)}"]
    lines += [f"  - also: {_escaped(example)}" for example in group.examples]
    lines += [f"  - near: {_escaped(_article(article))}" for article in group.nearest]
    return lines


def _cells(week: UnansweredWeek, group: UnansweredGroup) -> list[str | int]:
    texts = (week.week, group.label, group.label_lang)
    return [
        *map(_harmless, texts),
        group.count,
        group.askers,
        _harmless(_listed(group.langs)),
        group.not_found,
        group.thumbs_down,
        _harmless(_listed(group.reasons)),
        "\n".join(_harmless(example) for example in group.examples),
        "\n".join(_harmless(_article(article)) for article in group.nearest),
    ]


def _escaped(text: str) -> str:
    return _MARKUP.sub(r"\\\1", _one_line(text))


def _harmless(text: str) -> str:
    """A spreadsheet takes what begins so for a formula, unless an apostrophe goes before it."""
    line = _one_line(text)
    return f"'{line}" if _FORMULA.match(line) else line


def _one_line(text: str) -> str:
    """Also without control characters and changes of direction, which make text look like another."""
    shown = (" " if unicodedata.category(character) == "Cc" else character for character in text)
    return " ".join(_DIRECTION.sub("", "".join(shown)).split())


def _article(article: NearArticle) -> str:
    return f"{article.title} ({article.path})"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())


def _counted(count: int, what: str) -> str:
    return f"1 {what}" if count == 1 else f"{count} {what}s"
