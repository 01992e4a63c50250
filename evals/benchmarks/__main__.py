"""``python -m evals.benchmarks [NAME…]``: runs benchmarks one after another, all of them without a name.

In: names of benchmarks. Out: what each of them prints. Refuses a name that is no benchmark. A benchmark is a module
beside this file with a ``main()`` that takes nothing.
"""

import importlib
import pkgutil
import sys
from collections.abc import Callable
from pathlib import Path


def benchmarks() -> dict[str, Callable[[], object]]:
    """Every benchmark by its name, in alphabetical order."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]))
    modules = {name: importlib.import_module(f"evals.benchmarks.{name}") for name in names if name != "__main__"}
    return {name: module.main for name, module in modules.items() if hasattr(module, "main")}


def run(wanted: list[str]) -> int:
    """Runs them; the exit code."""
    known = benchmarks()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"No benchmark: {', '.join(unknown)}. There are: {', '.join(known) or 'none yet'}.", file=sys.stderr)
        return 3
    for name in wanted or known:
        print(f"## {name}", flush=True)
        known[name]()
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
