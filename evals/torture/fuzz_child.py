"""A process that is fuzzed, guided by the coverage of Kilde's own code and of the parsers that are written in Python.

In: the name of a target, then what libFuzzer takes (folders of inputs, ``-max_total_time=…``). Out: what libFuzzer says
on stderr, and a file for each input that fails. Runs as ``python -m evals.torture.fuzz_child``; needs atheris.
"""

import sys

INSTRUMENTED = ["index", "rag", "markdown_it", "mdit_py_plugins", "yaml", "tomllib"]


def fuzz(arguments: list[str]) -> None:
    """``arguments``: those of the process, the target's name left in its place. Does not return."""
    import atheris

    with atheris.instrument_imports(include=INSTRUMENTED):
        from evals.torture.fuzz_targets import TARGETS
    program, target, *options = arguments
    atheris.Setup([program, *options], TARGETS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    fuzz(sys.argv)
