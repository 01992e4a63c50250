"""The pages on settings and on the command line say what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import typer

from evals.cli import app
from rag.settings import PREFIX, Settings

DOCS = Path(__file__).parent.parent / "docs"


def table(page: str) -> list[list[str]]:
    """The cells of the page's table rows, without code marks."""
    rows = re.findall(r"^\| `(.*) \|$", (DOCS / page).read_text(encoding="utf-8"), flags=re.MULTILINE)
    return [[cell.replace("`", "") for cell in row.split(" | ")] for row in rows]


def test_the_settings_table_is_the_settings_record() -> None:
    documented = [(name, default) for name, default, _ in table("settings.md")]
    assert documented == [
        (PREFIX + field.name.upper(), "unset" if field.default is None else str(field.default))
        for field in msgspec.structs.fields(Settings)
    ]


def test_every_setting_has_a_meaning() -> None:
    assert all(meaning.endswith(".") and len(meaning) > 20 for _, _, meaning in table("settings.md"))


def test_every_command_is_documented_with_its_options() -> None:
    rows = table("cli.md")
    documented = {_name(row[0]): set(re.findall(r"--?[a-z-]+", row[0])) for row in rows}
    assert documented.pop("") == {"--version"}
    assert documented == dict(_commands(typer.main.get_command(app)))


def _name(usage: str) -> str:
    """``kilde eval run [SUITE] …`` is ``eval run``."""
    found = re.match(r"kilde((?: [a-z]+(?!\S))*)", usage)
    return found[1].strip() if found else ""


def _commands(command: Any, *names: str) -> Iterator[tuple[str, set[str]]]:
    """Those of all groups, by their names one after another, with their options."""
    for name, each in getattr(command, "commands", {}).items():
        yield from _commands(each, *names, name)
    if not hasattr(command, "commands"):
        flags = (flag for option in command.params for flag in (*option.opts, *option.secondary_opts))
        yield " ".join(names), {flag for flag in flags if flag.startswith("-")}
