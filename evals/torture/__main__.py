"""``python -m evals.torture [NAME…]``: runs the modules beside this file one after another, all without a name.

In: names of modules. Out: what each of them prints, its figures in the table of ``README.md``.
"""

import sys
from pathlib import Path

from evals.benchmarks.in_a_row import mains, run
from evals.benchmarks.kept import Page

PAGE = Page(Path(__file__).parent / "README.md", "evals.torture")

if __name__ == "__main__":
    sys.exit(run(mains("evals.torture"), PAGE, sys.argv[1:]))
