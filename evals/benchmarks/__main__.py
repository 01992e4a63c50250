"""``python -m evals.benchmarks [NAME…]``: runs benchmarks one after another, all but the fits without a name.

In: names of benchmarks. Out: what each of them prints, its figures in the table of ``README.md``. A benchmark is a
module beside this file with a ``main()``; one named ``fit_…`` writes numbers that Kilde uses, and runs only when named.
"""

import sys

from evals.benchmarks.in_a_row import mains, run
from evals.benchmarks.kept import BENCHMARKS

if __name__ == "__main__":
    sys.exit(run(mains("evals.benchmarks"), BENCHMARKS, sys.argv[1:], unless_named="fit_"))
