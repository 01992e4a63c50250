"""Modules of one folder run one after another, each with a ``main()``, and their figures kept in its page.

In: a package, its page, and names of its modules. Out: what each of them prints, its figures in the page; one that
fails is named at the end, after all others have run, and keeps its earlier figures. Refuses a name that is no module
with a ``main()``.
"""

import importlib
import io
import pkgutil
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stdout
from typing import TextIO

from evals.benchmarks.kept import Page, keep

Mains = Mapping[str, Callable[[], object]]


def mains(package: str) -> Mains:
    """Every module of the package that has a ``main()``, by its name, in alphabetical order."""
    folder = importlib.import_module(package).__path__
    names = sorted(module.name for module in pkgutil.iter_modules(folder) if module.name != "__main__")
    modules = {name: importlib.import_module(f"{package}.{name}") for name in names}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def run(known: Mains, page: Page, wanted: Sequence[str], unless_named: str = "") -> int:
    """Runs them, all without a name; the exit code: 0 done, 1 some failed, 3 wrong usage.

    ``unless_named``: how names begin that run only when named.
    """
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"No module: {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 3
    every = [name for name in known if not unless_named or not name.startswith(unless_named)]
    failed = []
    for name in wanted or every:
        print(f"## {name}", flush=True)
        if code := _code_of(name, known[name], page):
            failed.append(f"{name} ({code})")
    if failed:
        print(f"Failed: {', '.join(failed)}.", file=sys.stderr)
    return 1 if failed else 0


def _code_of(name: str, main: Callable[[], object], page: Page) -> object:
    """What a module returns, or leaves or ends with: nothing, or 0, where all went well."""
    # Some read options from the command line; the names of modules are none.
    sys.argv = [name]
    printed = _Copied(sys.stdout)
    try:
        with redirect_stdout(printed):
            code = main()
        if not code:
            keep(name, printed.getvalue(), page)
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
