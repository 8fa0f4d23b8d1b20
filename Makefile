# `make demo` rebuilds the sample firm's books and compares them with the committed ones; `make test`
# runs every check; `make bench` measures. Each sets up .venv first, from requirements.lock.

# The first of these that runs.
PYTHON ?= $(shell for python in python3.14 python3.13 python3.12 python3.11; do \
  $$python -c '' 2>/dev/null && echo $$python && exit; done; echo python3)
VENV := .venv
READY := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help demo test bench lock

help:
	@echo "make demo   rebuild the sample firm's three months and compare every byte"
	@echo "make test   run every check and test"
	@echo "make bench  measure a month of a million trades, and other programs on 300,000"
	@echo "make lock   resolve requirements.lock again (needs uv)"

demo: $(READY)
	$(VENV)/bin/subledger demo --books build/demo --compare .

test: $(READY)
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python -m pytest -n auto

bench: $(READY)
	$(VENV)/bin/subledger bench
	$(VENV)/bin/subledger bench --peers

# The packages that the lock names, no others, each checked against its hash; then this package.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or later is needed; name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	test -x $(VENV)/bin/python || $(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	touch $(READY)

# For every platform and Python 3.11 to 3.14; the file names no index, so any mirror serves.
lock:
	uv pip compile pyproject.toml --extra verify --extra fast --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links \
	  --quiet --upgrade --output-file requirements.lock
