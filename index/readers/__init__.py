"""Files of a publisher in, articles out: one reader per format. Start at ``read.py``."""

from index.readers.read import SUFFIXES, read_article

__all__ = ["SUFFIXES", "read_article"]
