"""Text between Slack's two ways to write and plain text; pure.

In: any text. Out: the same text as Slack shows it literally: no mention, no link, no channel-wide ping and no
formatting comes out of it. Also the way back, from what a person wrote in Slack. Refuses nothing.
"""

import re
from urllib.parse import quote, urlsplit

ADDRESS = 1800
"""Characters of an address; a text with one has 3,000 in all."""

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_MARKDOWN = re.compile(r"[\\`*_~\[\]|]")
_LINE_START = re.compile(r"^([ \t]*(?:\d+)?)([#+.)=-])", re.MULTILINE)
"""What begins a heading, underlines one, or begins a list or a rule in Markdown."""
_INDENTED = re.compile(r"^(?=[ \t])", re.MULTILINE)
"""Before what would be code for its indentation alone."""
_MARKDOWN_STARTS = re.compile(r"(?<=[:@])(?=[\w+/-])|(?<=\w\.)(?=[^\W\d_])")
"""Behind what begins an emoji, a mention or a link that is written bare, also without ``https://``."""
_LINE_END = re.compile(r"\r\n?")
_MRKDWN_STARTS = re.compile(r"(?<=[*_~`:@])(?=\S)")
"""Behind what begins formatting, an emoji or a mention."""
_TOKEN = re.compile(r"<([^<>|]*)(?:\|([^<>]*))?>")
_SAFE_IN_URL = "/:?#@!$&'()*+,;=%~-._"
_BREAK = "\u2060"
"""Word joiner: invisible, and keeps what it parts from being read as one."""


def mrkdwn(text: str) -> str:
    """For a mrkdwn field that is shown ``verbatim``, and for notifications."""
    return _MRKDWN_STARTS.sub(_BREAK, _entities(_CONTROL.sub("\ufffd", text)))


def markdown(text: str) -> str:
    """For ``markdown_text``, which knows the backslash. The beginning of a text becomes the beginning of the result."""
    lines = _LINE_END.sub("\n", _CONTROL.sub("\ufffd", text))
    literal = _INDENTED.sub(_BREAK, _LINE_START.sub(r"\1\\\2", _MARKDOWN.sub(r"\\\g<0>", lines)))
    return _MARKDOWN_STARTS.sub(_BREAK, _entities(literal))


def link(url: str | None, label: str) -> str:
    """The label, linked where ``url`` is an address on the web that Slack can take as one."""
    address = web_address(url)
    shown = mrkdwn(" ".join(label.split())).replace("|", "\u2223")
    return f"<{_entities(address)}|{shown}>" if address else shown


def web_address(url: str | None) -> str | None:
    """``url`` with all that could end a link encoded, without its fragment where Slack would not take one so long; None
    for what is no http address, or too long."""
    try:
        parts = urlsplit(url or "")
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.netloc or url is None:
        return None
    whole = quote(url, safe=_SAFE_IN_URL)
    return next((one for one in (whole, whole.partition("#")[0]) if len(_entities(one)) <= ADDRESS), None)


def plain(text: str) -> str:
    """What a person wrote, as it reads: labels for links, names for mentions."""
    shown = _TOKEN.sub(_shown, text)
    return shown.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def without_mention(text: str, user_id: str) -> str:
    """The text without the mentions of one user."""
    return re.sub(rf"<@{re.escape(user_id)}(?:\|[^<>]*)?>", " ", text)


def _entities(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _shown(token: re.Match[str]) -> str:
    target, label = token[1], token[2]
    if target[:1] == "!":
        return f"@{(label or target[1:].partition('^')[0]).removeprefix('@')}"
    if target[:1] in ("@", "#"):
        return f"{target[0]}{(label or target[1:]).removeprefix('@')}"
    return label or target.removeprefix("mailto:")
