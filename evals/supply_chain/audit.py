"""``python -m evals.supply_chain.audit``: does anyone warn of a version that ``constraints.txt`` pins?

In: the pins, and ``audit.toml`` with the warnings that do not reach Kilde, each until a day. Out: one line for each
warning, and the exit code: 0 none that counts, 1 some, 2 where the advisories cannot be reached, so that nothing is
known. Asks the network; needs ``pip-audit``, which is no part of the environment: ``pipx install pip-audit``.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import msgspec

from evals.supply_chain.components import REPOSITORY

EXCEPTIONS = Path(__file__).with_name("audit.toml")
MISSING = "pip-audit is not installed: pipx install pip-audit"


class Exempt(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A warning that does not count until a day."""

    id: str
    why: str
    until: date


class Warned(msgspec.Struct, frozen=True):
    id: str
    aliases: tuple[str, ...] = ()


class Audited(msgspec.Struct, frozen=True):
    """One pin, as pip-audit tells of it."""

    name: str
    vulns: tuple[Warned, ...] = ()
    skip_reason: str | None = None


class Report(msgspec.Struct, frozen=True):
    dependencies: tuple[Audited, ...]


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    exception: tuple[Exempt, ...] = ()


def main() -> int:
    tool = shutil.which("pip-audit")
    if tool is None:
        print(MISSING, file=sys.stderr)
        return 2
    command = [tool, "-r", str(REPOSITORY / "constraints.txt"), "--no-deps", "--disable-pip", "--format", "json"]
    done = subprocess.run(command, capture_output=True, check=False)
    try:
        report = msgspec.json.decode(done.stdout, type=Report)
    except msgspec.DecodeError:
        print("The advisories could not be reached; nothing is known.", file=sys.stderr)
        return 2
    code, lines = judged(report, exceptions(), datetime.now(UTC).date())
    print("\n".join(lines))
    return code


def exceptions(file: Path = EXCEPTIONS) -> tuple[Exempt, ...]:
    return msgspec.toml.decode(file.read_bytes(), type=_File).exception


def judged(report: Report, exempt: Sequence[Exempt], today: date) -> tuple[int, list[str]]:
    """The exit code, and what to print."""
    known = {one.id: one for one in exempt if today <= one.until}
    warned = [(one.name, warning) for one in report.dependencies for warning in one.vulns]
    skipped = [one.name for one in report.dependencies if one.skip_reason]
    lines, counts = [], False
    for name, warning in warned:
        found = next((known[label] for label in (warning.id, *warning.aliases) if label in known), None)
        counts |= found is None
        lines.append(f"{name}: {warning.id}" + (f" (exempt until {found.until}: {found.why})" if found else ""))
    lines.append(f"{len(report.dependencies)} pins, {len(warned)} warnings, {len(skipped)} that nobody could look up")
    return (1 if counts else 2 if skipped else 0), lines


if __name__ == "__main__":
    sys.exit(main())
