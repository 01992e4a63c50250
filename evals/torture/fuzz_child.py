"""A process that is fuzzed, guided by the coverage of Kilde's own code and of the parsers that are written in Python.

In: the name of a target, then what libFuzzer takes (folders of inputs, ``-max_total_time=…``). Out: what libFuzzer says
on stderr, and a file for each input that fails. Runs as ``python -m evals.torture.fuzz_child``.
"""

import sys

import atheris

with atheris.instrument_imports(include=["index", "rag", "markdown_it", "mdit_py_plugins", "yaml", "tomllib"]):
    from evals.torture.fuzz_targets import TARGETS

if __name__ == "__main__":
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, target)
    atheris.Fuzz()
