"""What a stored index was made with, besides its model. A change of either makes an index outdated, and rebuilt."""

CHUNKER_VERSION = 3
"""Raised whenever ``index/chunking.py`` would cut the same article differently, or ``index/quotable.py`` quote another
part of it."""
ANALYSER_VERSION = 1
"""Raised whenever ``index/lexical.py`` would give the same text other terms."""
