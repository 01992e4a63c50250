"""Files of a publisher in, articles out: one reader per format. Start at ``read.py``."""
