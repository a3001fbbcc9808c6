# Clew's front door: `make` lists what it can do. Everything it needs lives in .venv, pinned by requirements.lock.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
CLEW_HOME ?= $(if $(wildcard .demo/home),.demo/home,.clew)
ARGS ?=

SOURCES := clew metadata graph collectors executors api ui
EXAMPLE_DRIFT := tests/e2e/test_pipeline_example.py::test_the_compiled_example_is_what_its_source_compiles_to
BENCHES := write engine graphql_http explorer_queries table_queries pipeline hashing cli notebook mlmd mlflow_http openlineage mlmd_import ui

.DEFAULT_GOAL := help
.PHONY: help setup demo up test torture lint types format bench bench-ui bench-quick gallery lock clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.compiled $(VENV)/.ui ## Make .venv from the pinned lock and build the pages

demo: setup ## Run the example pipeline cold, unchanged, and with one change; trace its best model
	@$(BIN)/python examples/demo.py $(ARGS)

up: setup ## Serve the demo's home (or CLEW_HOME=DIR) at http://127.0.0.1:8420
	@$(BIN)/clew up --home $(CLEW_HOME) $(ARGS)

test: setup ## Run the tests (PostgreSQL and chromium too, when found); ARGS go to pytest
	@cd ui && npm run --silent test
	@$(BIN)/python -m pytest $(ARGS)

torture: setup ## Kill writers and servers at random moments and compare what is left; takes minutes
	@$(BIN)/python benchmarks/torture.py $(ARGS)

lint: setup ## Check style, types, layers, and that nothing generated has drifted
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m clew.api.graphql.export --check
	$(BIN)/python -m clew.api.mlmd.generate --check
	cd ui && npm run --silent codegen -- --check
	cd ui && npm run --silent types
	cd ui && npm run --silent lint
	$(BIN)/python -m pytest -q tests/packaging/test_lock.py $(EXAMPLE_DRIFT)

types: setup ## Check types only
	$(BIN)/mypy

format: setup ## Rewrite the Python files in the house style
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

bench: setup ## Measure everything (an hour or so); tables go to benchmarks/results/
	@missed=; for bench in $(BENCHES); do \
	  echo "== $$bench"; $(BIN)/python benchmarks/$$bench.py $(ARGS) || missed="$$missed $$bench"; \
	done; \
	$(BIN)/python benchmarks/readme_table.py; \
	if [ -n "$$missed" ]; then echo "targets missed in:$$missed" >&2; exit 1; fi

bench-ui: setup ## Measure the pages in a headless chromium (some minutes)
	@$(BIN)/python benchmarks/ui.py $(ARGS)

gallery: setup ## Make the pictures of docs/ui anew
	@CLEW_GALLERY=1 $(BIN)/python -m pytest -q tests/ui/test_gallery.py $(ARGS)

bench-quick: ARGS := --quick
bench-quick: bench ## The same at small sizes (a few minutes): a smoke test, not a measurement

lock: $(VENV)/.uv ## Pin pyproject.toml's dependencies again (ARGS=--upgrade for the newest)
	$(BIN)/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --extra postgres --extra mysql --extra artifacts --group dev \
	  --generate-hashes --no-annotate --no-header --output-file requirements.lock $(ARGS)

clean: ## Remove everything that was made, except the lock
	rm -rf $(VENV) .demo .bench build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	rm -rf ui/node_modules ui/dist
	find $(SOURCES) tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# -- how setup works: one stamp a stage, each made again when what it reads has changed ---------------------------

$(VENV)/.uv:
	@found=; for python in $(PYTHON) python3.13 python3.12 python3.11; do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; \
	  then found=$$python; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "Clew needs Python 3.11, 3.12 or 3.13, and $(PYTHON) is $$($(PYTHON) --version 2>&1 || true)." >&2; \
	  echo "Install one, or name one: make setup PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	echo "Making $(VENV) with $$($$found --version)"; \
	$$found -m venv $(VENV) || { echo "Python cannot make a venv (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@awk '/^uv==/ { on = 1 } on { print } on && !/\\$$/ { exit }' requirements.lock > $(VENV)/uv.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.lock
	@touch $@

$(VENV)/.packages: requirements.lock | $(VENV)/.uv
	@echo "Installing the pinned packages"
	@$(BIN)/uv pip sync --quiet --require-hashes --compile-bytecode --python $(BIN)/python requirements.lock
	@touch $@

$(VENV)/.clew: pyproject.toml $(VENV)/.packages
	@$(BIN)/uv pip install --quiet --no-deps --no-build-isolation --python $(BIN)/python --editable .
	@touch $@

# Bytecode is written here even where the environment forbids it (PYTHONDONTWRITEBYTECODE): commands start in a third of
# the time. The engine's kernels are compiled to machine code once, so that no first question waits for them.
$(VENV)/.compiled: $(wildcard graph/embedded/*.py) $(VENV)/.clew
	@echo "Compiling"
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -m compileall -q $(SOURCES)
	@env -u PYTHONDONTWRITEBYTECODE $(BIN)/python -c "from clew.graph.embedded.warm import warm; warm()"
	@touch $@

$(VENV)/.node: ui/package.json ui/package-lock.json | $(VENV)/.uv
	@if ! node -e 'const [a, b] = process.versions.node.split("."); process.exit(a * 100 + +b >= 2019 ? 0 : 1)' 2>/dev/null; then \
	  echo "The pages are built with Node 20.19 or newer, and node is $$(node --version 2>&1 || true)." >&2; \
	  echo "Install it and try again." >&2; \
	  exit 1; \
	fi
	@echo "Installing the pages' packages"
	@cd ui && npm ci --silent --no-audit --no-fund
	@touch $@

$(VENV)/.ui: $(wildcard ui/*.html ui/*.ts ui/*.mjs) $(shell find ui/src -type f) $(VENV)/.node
	@echo "Building the pages"
	@cd ui && npm run --silent build -- --logLevel warn
	@touch $@
