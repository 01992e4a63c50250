"""Alembic's entry to the catalog's migrations."""

from index.database import run_migrations

run_migrations()
