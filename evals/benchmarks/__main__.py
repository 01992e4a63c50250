"""``python -m evals.benchmarks [NAME…]``: runs benchmarks one after another, all but the fits without a name.

In: names of benchmarks. Out: what each of them prints. Refuses a name that is no benchmark. A benchmark is a module
beside this file with a ``main()``; one named ``fit_…`` writes numbers that Kilde uses, and runs only when named.
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
        print(f"No benchmark: {', '.join(unknown)}. There are: {', '.join(known)}.", file=sys.stderr)
        return 3
    for name in wanted or [name for name in known if not name.startswith("fit_")]:
        print(f"## {name}", flush=True)
        # Some read options from the command line; these names are none.
        sys.argv = [name]
        known[name]()
    return 0


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
