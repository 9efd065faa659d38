# make demo and make test need Python 3.11+ and make, nothing else.
# Each sets up .venv by itself and is quick the second time.

PYTHON ?= python3
VENV := .venv
RUNTIME_VENV := .venv-runtime
FUZZ_VENV := .venv-fuzz
BIN := $(VENV)/bin
# Compiled where there is a compiler and the headers of Python.
COMPILED := src/imagelock/document/_libyaml.c $(addprefix src/imagelock/syntax/,_projection.c _json.h)
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
INSTALL := $(PIP) install --require-hashes --no-deps

.PHONY: help demo test check fix bench fuzz fuzz-laws fuzz-bytes docs lock-requirements clean
.DEFAULT_GOAL := help

help:  ## Show the targets
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

demo: $(VENV)/.runtime  ## Run the whole pipeline on the bundled example
	@$(BIN)/imagelock demo

test: $(VENV)/.dev  ## Run the tests
	@$(BIN)/python -m pytest

check: $(VENV)/.dev  ## Format, lint, strict types, import direction (changes nothing)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(VENV)/.dev  ## Format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev $(RUNTIME_VENV)/.runtime  ## Measure, and print a table of ratios
	@$(BIN)/python -m compileall -q src
	@IMAGELOCK_BENCH_PYTHON=$(RUNTIME_VENV)/bin/python $(BIN)/python -m benchmarks.run

SECONDS_A_TARGET ?= 60
FUZZ_TARGETS ?= splicer finder parser lists grammar settings dump answer
fuzz: fuzz-laws fuzz-bytes  ## Try to break the laws: new examples, and bytes led by coverage

fuzz-laws: $(VENV)/.dev  ## Try the laws of tests/property with new examples, a minute each
	@$(BIN)/python tests/property/fuzz.py --seconds $(SECONDS_A_TARGET)

fuzz-bytes: $(FUZZ_VENV)/.fuzz  ## Try the entry points of tests/fuzz with bytes, a minute each
	@for target in $(FUZZ_TARGETS); do \
	  $(FUZZ_VENV)/bin/python tests/fuzz/run.py $$target --seconds $(SECONDS_A_TARGET) || exit 1; \
	done

docs: $(VENV)/.dev  ## Render what comes from something else: parts of docs/, and templates/
	@$(BIN)/python scripts/render_docs.py
	@$(BIN)/python scripts/render_templates.py

lock-requirements: $(VENV)/.dev  ## Resolve requirements/*.in again (needs the network)
	$(PIP) install uv
	for name in runtime extras dev fuzz; do \
	  $(BIN)/uv pip compile --quiet --upgrade --universal --generate-hashes --no-emit-index-url \
	    --no-annotate --no-header --python-version 3.11 requirements/$$name.in -o requirements/$$name.txt; \
	done

clean:  ## Remove the virtual environment and caches
	rm -rf $(VENV) $(RUNTIME_VENV) $(FUZZ_VENV) .pytest_cache .mypy_cache .ruff_cache .hypothesis

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "imagelock needs Python 3.11 or newer; name one with: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	@echo "setting up $(VENV) ..." >&2
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements/runtime.txt pyproject.toml setup.py $(COMPILED) | $(BIN)/python
	@$(INSTALL) -r requirements/runtime.txt
	@$(PIP) install --no-build-isolation --no-deps --editable .
	@$(BIN)/python -m compileall -q src
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.runtime
	@$(INSTALL) -r requirements/dev.txt
	@touch $@

# What users install, and nothing else: start-up is measured with it.
$(RUNTIME_VENV)/.runtime: requirements/runtime.txt pyproject.toml setup.py $(COMPILED)
	@$(PYTHON) -m venv $(RUNTIME_VENV)
	@$(RUNTIME_VENV)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps -r requirements/runtime.txt
	@$(RUNTIME_VENV)/bin/python -m pip --quiet --disable-pip-version-check install --no-build-isolation --no-deps --editable .
	@touch $@

# Atheris is 35 MB, for Linux only, and nothing but fuzzing needs it.
$(FUZZ_VENV)/.fuzz: requirements/runtime.txt requirements/fuzz.txt
	@$(PYTHON) -m venv $(FUZZ_VENV)
	@$(FUZZ_VENV)/bin/python -m pip --quiet --disable-pip-version-check install --require-hashes --no-deps -r requirements/runtime.txt -r requirements/fuzz.txt
	@touch $@
