"""One retrieval pipeline per file, each run in a process of its own by ``evals.benchmarks.peers``.

The others are built as their documentation builds them, with its sizes and defaults. They run in the environment of
``peers.txt``, where Kilde is not installed, so nothing but ``kilde`` imports anything of it.
"""
