"""Torture: what Kilde must survive, each module one kind."""
