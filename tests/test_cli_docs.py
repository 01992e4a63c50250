"""The pages on settings and on the command line say what the code does."""

import re
from pathlib import Path

import msgspec
import typer

from rag.cli import app
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
    documented = {row[0].split()[1]: set(re.findall(r"--?[a-z-]+", row[0])) for row in rows}
    command = typer.main.get_command(app)
    assert documented.pop("--version") == {"--version"}
    assert documented == {
        name: {
            flag for option in each.params for flag in (*option.opts, *option.secondary_opts) if flag.startswith("-")
        }
        for name, each in command.commands.items()  # type: ignore[attr-defined]
    }
