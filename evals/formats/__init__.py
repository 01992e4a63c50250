"""A run as others read it: one file for each format, all of them pure."""
