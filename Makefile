# Everything people and CI type. `make` alone lists the targets.
PYTHON ?= $(shell command -v python3.11 || echo python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
SHOAL  := $(BIN)/shoal
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test serve start dev check services test-long bench lock install clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: $(VENV)/ready ## find the number of clusters in the shipped penguins
	@$(SHOAL) study run examples/penguins.csv --out penguins-study

test: $(VENV)/ready-dev ## set everything up and pass the tests
	@$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist worksteal --durations=10 $(ARGS)

serve: $(VENV)/ready ## start the server on http://127.0.0.1:8002
	@$(SHOAL) serve $(ARGS)

start: serve

dev: $(VENV)/ready-dev ## the server, restarted when a source file changes
	@$(SHOAL) serve --reload $(ARGS)

check: $(VENV)/ready-dev ## format, lint, types, layers
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports
	@$(BIN)/mypy

services: ## install the real components the tests use (needs root); ARGS=--long for test-long
	@scripts/services.sh $(ARGS)

test-long: $(VENV)/ready-dev ## every test, the slow ones too
	@$(BIN)/python -m pytest -q --durations=20 -m "slow or not slow" $(ARGS)

bench: $(VENV)/ready-bench ## measure us and our peers in turn, print the ratios
	@$(BIN)/python -m benchmarks $(ARGS)

lock: $(VENV)/ready-dev ## renew the pinned, hashed dependencies
	@scripts/lock.sh

install: $(VENV)/ready ## only set up the environment

clean: ## remove the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache build dist

include deploy/docker.mk

# Hashes are checked for everything that is downloaded; Shoal itself is then linked in, offline.
$(VENV)/bin/python:
	@scripts/venv.sh $(PYTHON) $(VENV)

$(VENV)/ready: constraints.txt pyproject.toml | $(VENV)/bin/python
	@scripts/install.sh $(VENV) constraints.txt studies
	@touch $@

$(VENV)/ready-dev: constraints-dev.txt pyproject.toml | $(VENV)/bin/python
	@scripts/install.sh $(VENV) constraints-dev.txt
	@touch $@ $(VENV)/ready

$(VENV)/ready-bench: constraints-bench.txt $(VENV)/ready-dev
	@$(BIN)/python -m pip install -q --require-hashes -r constraints-bench.txt
	@touch $@
