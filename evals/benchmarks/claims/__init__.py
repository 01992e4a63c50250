"""Claims that are known to be right or wrong, for the benchmark of verification."""
