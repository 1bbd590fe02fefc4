# The two commands are `make run` and `make test`. Both make .venv first, and install only what has changed.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help run viz explore test lint sample bench golden picture package dev clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PARAMS ?= threshold=8.5
PORT ?= 4141
EXPLORE_ARGS ?=
PYTEST_ARGS ?=
BENCH_ARGS ?=
# Tests wait for servers, browsers and disks for a third of their time: half as many more of them as there are cores.
WORKERS ?= $(shell echo $$(( ($$(getconf _NPROCESSORS_ONLN) * 3 + 1) / 2 )))

# Nothing is reported to anyone: Kedro, Kedro-Viz and huggingface_hub; DVC; GTO, which comes with DVC; Ray.
export DO_NOT_TRACK := 1
export DVC_NO_ANALYTICS := 1
export ITERATIVE_DO_NOT_TRACK := 1
export RAY_USAGE_STATS_ENABLED := 0

# The pins hold for what packages are built with, too.
export PIP_BUILD_CONSTRAINT := constraints.txt
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# Compiling all 133 packages takes as long as installing them. The first run compiles the modules that it imports and
# must be let: without compiled modules each later command starts 1.3 s later.
unexport PYTHONDONTWRITEBYTECODE
INSTALL := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt

help: ## Show these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

run: $(VENV)/.base ## Curate the sample release; PARAMS=threshold=9 changes the threshold
	@$(BIN)/kedro run --pipelines curate --params $(PARAMS)

# A built site and not `kedro viz run`: that asks the package index for a newer Kedro-Viz, and without a network announces
# "Kedro-Viz None". The page would have its font from elsewhere, so the addresses go.
viz: $(VENV)/.viz ## Show pipelines, tables and figures in a browser; PORT=4141
	@rm -rf build
	@PYTHONWARNINGS=ignore $(BIN)/kedro viz build --include-previews
	@sed -i.bak 's|https://fonts[^"]*|data:,|' build/index.html
	@echo "http://127.0.0.1:$(PORT)/?pid=curate (Ctrl+C ends it)"
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory build $(PORT)

explore: $(VENV)/.base ## Choose thresholds in a browser; EXPLORE_ARGS="--port 4150 --read-only"
	@$(BIN)/kedro explore $(EXPLORE_ARGS)

test: $(VENV)/.dev ## Run all tests; PYTEST_ARGS="-k judge" picks some
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

lint: $(VENV)/.dev ## Check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

sample: $(VENV)/.base ## Make the samples in data/01_raw again, the same bytes each time
	$(BIN)/python -m synthetic
	$(BIN)/python -m synthetic --benchmark data/01_raw/sparkle_bench_sample

bench: $(VENV)/.dev ## Time it all beside other ways; BENCH_ARGS="--sizes 14K --only ingest"
	$(BIN)/python -m benchmarks $(BENCH_ARGS)

golden: $(VENV)/.dev ## Write tests/golden/ again, after a change that is meant to change it
	$(BIN)/python -m pytest tests/test_curate.py -k golden --update-golden

picture: $(VENV)/.dev ## Draw docs/images/pipeline.png again; needs Chromium
	$(BIN)/python -m pytest tests/test_viz.py -k picture --update-golden

package: $(VENV)/.base ## Write a wheel that runs without a checkout, and its configuration, to dist/
	@rm -rf build
	@$(BIN)/kedro package

dev: $(VENV)/.dev ## Make .venv with all that tests and linters need

clean: ## Remove .venv and caches; outputs under data/ stay
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache src/*.egg-info
	find src synthetic tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# Each stamp is written last, so an install that was cut short is done again.
$(VENV)/.python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11; do \
		$$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null || continue; \
		echo "Making $(VENV) with $$($$python --version)"; \
		$$python -m venv --clear $(VENV) || exit 1; \
		$(INSTALL) pip || exit 1; \
		touch $@; exit 0; \
	done; \
	echo "No Python 3.11, 3.12 or 3.13 here; looked for $(PYTHON) and python3.11 to python3.13." >&2; \
	echo "Install one, or name the one to use: make PYTHON=/path/to/python3.11" >&2; exit 1

$(VENV)/.base: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing what a run needs (about half a minute the first time)"
	@$(INSTALL) --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.python pyproject.toml constraints.txt
	@echo "Installing what tests and linters need (about a minute the first time)"
	@$(INSTALL) --editable '.[dev]'
	@$(INSTALL) --no-deps editscore xgrammar
	@touch $(VENV)/.base $(VENV)/.viz $@

$(VENV)/.viz: $(VENV)/.base
	@echo "Installing Kedro-Viz"
	@$(INSTALL) --editable '.[viz]'
	@touch $@
