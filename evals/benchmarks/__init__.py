"""Benchmarks: each has one command and a committed result."""
