"""``python -m evals.benchmarks [NAME…]``: runs benchmarks one after another, all but the fits without a name.

In: names of benchmarks. Out: what each of them prints, its figures in the table of ``README.md``; one that fails is
named at the end, after all others have run, and keeps its earlier figures. Refuses a name that is no benchmark. A
benchmark is a module beside this file with a ``main()``; one named ``fit_…`` writes numbers that Kilde uses, and runs
only when named.
"""

import importlib
import io
import pkgutil
import sys
import traceback
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TextIO

from evals.benchmarks.kept import keep


def benchmarks() -> dict[str, Callable[[], object]]:
    """Every benchmark by its name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {name: importlib.import_module(f"evals.benchmarks.{name}") for name in names if name != "__main__"}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def run(wanted: list[str]) -> int:
    """Runs them; the exit code: 0 done, 1 some failed, 3 wrong usage."""
    known = benchmarks()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"No benchmark: {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 3
    failed = []
    for name in wanted or [name for name in known if not name.startswith("fit_")]:
        print(f"## {name}", flush=True)
        if code := _code_of(name, known[name]):
            failed.append(f"{name} ({code})")
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _code_of(name: str, main: Callable[[], object]) -> object:
    """What a benchmark returns, or leaves or ends with: nothing, or 0, where all went well."""
    # Some read options from the command line; the names of benchmarks are none.
    sys.argv = [name]
    printed = _Copied(sys.stdout)
    try:
        with redirect_stdout(printed):
            code = main()
        if not code:
            keep(name, printed.getvalue())
        return code
    except SystemExit as stop:
        return stop.code
    except Exception as exc:
        traceback.print_exc()
        return type(exc).__name__


class _Copied(io.StringIO):
    """Keeps what it hands on."""

    def __init__(self, shown: TextIO) -> None:
        super().__init__()
        self._shown = shown

    def write(self, text: str) -> int:
        self._shown.write(text)
        self._shown.flush()
        return super().write(text)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
