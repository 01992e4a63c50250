"""What the command line writes: results on stdout, one-line messages on stderr.

In: text, records, messages. Styled on a terminal only, and without colours where ``NO_COLOR`` is set. Control
characters that an article or a file name carries never reach the terminal.
"""

import io
import sys
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from rich.text import Text

_CONTROL = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\n\t"}


def tolerate_unprintable() -> None:
    """A terminal that cannot show a character shows a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def clean(text: str) -> str:
    """``text`` of the same length, with control characters other than line end and tab made visible."""
    return text.translate(_CONTROL)


def report(message: str) -> None:
    """One line on stderr."""
    sys.stderr.write(f"kilde: {clean(message)}\n")
    sys.stderr.flush()


def show(text: "Text") -> None:
    """One block of text on stdout."""
    if sys.stdout.isatty():
        from rich.console import Console

        Console(highlight=False).print(text)
    else:
        sys.stdout.write(text.plain + "\n")
    sys.stdout.flush()


def show_json(record: object) -> None:
    """One line of JSON on stdout, UTF-8 whatever the terminal speaks."""
    sys.stdout.flush()
    sys.stdout.buffer.write(msgspec.json.encode(record) + b"\n")
    sys.stdout.buffer.flush()
