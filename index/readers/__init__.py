"""Readers: one file per format, each turning bytes into an Article or a reason why not."""
