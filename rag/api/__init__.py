"""The HTTP service: one file per group of routes."""
