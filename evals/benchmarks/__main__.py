"""``python -m evals.benchmarks [NAME…]``: runs benchmarks one after another, all of them without a name.

In: names of modules beside this file. Out: what each ``main()`` prints. Refuses a name that is no benchmark.
A benchmark is a module here with a ``main()`` that takes nothing.
"""

import importlib
import pkgutil
import sys
from pathlib import Path


def names() -> tuple[str, ...]:
    """Every benchmark, by name."""
    return tuple(
        sorted(
            module.name for module in pkgutil.iter_modules([str(Path(__file__).parent)]) if module.name != "__main__"
        )
    )


def main(wanted: list[str]) -> int:
    known = names()
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"No benchmark: {', '.join(unknown)}. There are: {', '.join(known) or 'none yet'}.", file=sys.stderr)
        return 3
    for name in wanted or known:
        print(f"## {name}", flush=True)
        importlib.import_module(f"evals.benchmarks.{name}").main()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
