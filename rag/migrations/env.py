"""Alembic's entry to the migrations of the conversations."""

from index.database import run_migrations

run_migrations()
