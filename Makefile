# `make serve` and `make test` set everything up by themselves; what they need: Python 3.11 or newer, and make.

SHELL := /bin/sh
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq

ARTICLES := evals/corpus/content

.PHONY: help serve test check bench stack torture clean

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

serve: $(VENV)/installed  ## read the sample articles and answer questions about them at http://127.0.0.1:8000
	$(BIN)/kilde serve --ingest $(ARTICLES)

test: $(VENV)/for-tests  ## run every test, in two processes
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: $(VENV)/for-tests  ## lint, formatting, types, and which module may import which
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/for-tests  ## run the benchmarks
	$(BIN)/python -m evals.benchmarks

stack: $(VENV)/for-tests  ## run two processes over PostgreSQL, Chroma and Redis behind HAProxy, kill one, compare answers
	$(BIN)/python -m evals.stack $(STACK)

torture: $(VENV)/for-tests  ## crash, fill, fuzz and flood it; takes hours
	@$(PIP) install atheris
	$(BIN)/python -m evals.torture

clean:  ## remove the environment and all caches; the index in .kilde stays
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# torch goes first and alone: what else needs it then takes the version that is there.
$(VENV)/installed: pyproject.toml constraints.txt
	@command -v $(PYTHON) >/dev/null || { \
	  echo "There is no $(PYTHON). Install Python 3.11 or newer (Debian: apt-get install python3 python3-venv)," \
	       "or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "$(PYTHON) is older than Python 3.11. Install a newer one, or name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	  echo "$(PYTHON) cannot make virtual environments. Install that part of it" \
	       "(Debian: apt-get install python3-venv)" >&2; exit 1; }
	@echo "Installing into $(VENV); this happens once and takes a few minutes." >&2
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) install -c constraints.txt torch setuptools
	@$(PIP) install -c constraints.txt --no-build-isolation --editable .
	@touch $@

# Whoever only serves does without these 0.8 GB.
$(VENV)/for-tests: $(VENV)/installed
	@$(PIP) install -c constraints.txt --no-build-isolation --editable '.[dev]'
	@touch $@
