# Every command that a person or CI runs. `make` alone lists them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
LOCKS  := dev cli export sanitize restore
APP    ?=

# Hundreds of processes start here, each of which would compile all that it imports (0.4 s of 0.7 s).
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup lock format lint types layers check test test-unit demo bench audit sbom wheel clean

help: ## list the commands
	@awk 'BEGIN {FS = ":.*## "; print "kubestandby: make COMMAND\n"} \
	  /^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment with every locked dependency

# Byte code of what is imported, alone: that is a fiftieth of all that the OCI SDK holds.
$(STAMP): requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "kubestandby needs Python 3.11 or newer: run make PYTHON=/path/to/python3.11")'
	@echo "==> setting up $(VENV) (about a minute, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --no-compile --require-hashes --requirement requirements/dev.txt
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import functions.export.main, functions.sanitize.main, functions.restore.main, kubestandby.cli.main'
	@touch $@

lock: ## resolve pyproject.toml again into requirements/, with hashes
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	@for extra in $(LOCKS); do \
	  echo "==> requirements/$$extra.txt"; \
	  if [ $$extra = dev ]; then same=; else same="--constraint requirements/dev.txt"; fi; \
	  $(BIN)/uv pip compile --quiet --generate-hashes --no-emit-index-url --no-annotate --python-version 3.11 \
	    --custom-compile-command 'make lock' $$same --extra $$extra pyproject.toml --output-file requirements/$$extra.txt || exit 1; \
	done

format: setup ## rewrite the code in its one style
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lint: setup ## style and likely mistakes (ruff)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup ## mypy strict
	$(BIN)/mypy

layers: setup ## who may import whom (import-linter)
	$(BIN)/lint-imports

check: lint types layers ## what CI runs before the tests

test: setup ## every test, on two real clusters that it starts itself
	$(BIN)/python -m tests.testbed build
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-unit: setup ## the tests that need no cluster
	$(BIN)/python -m pytest -n 2 -m "not clusters" tests/unit tests/contract tests/packaging tests/hostile tests/knative/test_manifests.py

demo: setup ## an application crosses from one cluster to another: APP="FILE..." for your own manifests
	$(BIN)/python -m tests.testbed build
	$(BIN)/python -m tests.testbed exec --names primary,standby -- $(BIN)/kubestandby demo $(addprefix --app ,$(APP))

bench: setup ## seconds, memory and requests against floors of the same run: BENCH=full, or 2000, 10000, 50000, large
	$(BIN)/python -m tests.testbed build
	$(BIN)/python -m bench

# The lock files need no network. Known weaknesses do: where their data cannot be had, this says SKIPPED and fails with 77.
audit: setup ## are the lock files as pyproject.toml asks, and are weaknesses of what is locked known?
	$(BIN)/python -m supply_chain.locks
	$(BIN)/python -m supply_chain.audit

sbom: setup ## a bill of materials (CycloneDX) for each thing that is delivered, in dist/
	$(BIN)/python -m supply_chain.sbom dist

wheel: setup ## the distribution, in dist/
	$(BIN)/python -m pip wheel --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove what the commands above made here (not the caches)
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
