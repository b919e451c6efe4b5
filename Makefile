# Everything a person or a machine runs. Nothing outside this folder is written.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export KINDRED_HOME ?= data
export PIP_CACHE_DIR := $(CURDIR)/.cache/pip
export UV_CACHE_DIR := $(CURDIR)/.cache/uv
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1
export DO_NOT_TRACK := 1

PYTHON ?= python3
BIN := .venv/bin
UV := $(shell command -v uv 2>/dev/null)
TEST_HOME := target/test/home
# what a model says hangs on what was built: linted is what it says where nothing was
LINT_HOME := target/lint/home
EXAMPLE_HOME = target/examples/$(NAME)

.PHONY: help
help:  ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

# --- the environment ---------------------------------------------------------------

$(BIN)/python:
ifdef UV
	$(UV) venv -q --python $(PYTHON) .venv
else
	$(PYTHON) -m venv .venv
endif

define install
	$(if $(UV),$(UV) pip install -q --python $(BIN)/python,$(BIN)/python -m pip install -q) \
		--require-hashes --no-deps -r $(1)
	$(if $(UV),$(UV) pip install -q --python $(BIN)/python,$(BIN)/python -m pip install -q) \
		--no-deps --no-build-isolation -e .
endef

.venv/.core: requirements.txt pyproject.toml | $(BIN)/python
	$(call install,requirements.txt)
	@touch $@

.venv/.dev: requirements-dev.txt pyproject.toml | $(BIN)/python
	$(call install,requirements-dev.txt)
	@touch .venv/.core $@

.PHONY: environment
environment: .venv/.core  ## the virtual environment that builds run in

# --- the main job ------------------------------------------------------------------

.PHONY: build
build: .venv/.core  ## sample (if the inbox is empty), land, dbt build, publish
	$(BIN)/kindred sample --if-empty
	$(BIN)/kindred land
	$(BIN)/kindred build weekly
	$(BIN)/kindred publish
	$(BIN)/kindred summary

# One run of a home at a time: who comes while another works leaves it the work.
.PHONY: hourly weekly weekly-steps
hourly: .venv/.core  ## land what arrived, score with the champion, export, publish; safe to overlap
	$(BIN)/kindred run
weekly: .venv/.core  ## the same with the fit of the models when it is due, and the docs
	$(BIN)/kindred alone -- $(MAKE) --no-print-directory weekly-steps

weekly-steps:
	$(BIN)/kindred land
	$(BIN)/kindred build weekly
	$(BIN)/kindred publish
	$(BIN)/dbt docs generate --static --quiet

.PHONY: sample land publish restore
sample: .venv/.core  ## a simulated shop into an empty inbox
	$(BIN)/kindred sample
land: .venv/.core  ## inbox -> landing, each file once
	$(BIN)/kindred land
publish: .venv/.core  ## build file -> published copy
	$(BIN)/kindred publish
restore: .venv/.core  ## remembered tables from their exports, into a build file without any
	$(BIN)/kindred restore

.PHONY: example
example: .venv/.core  ## a real set: make example NAME=online_retail FILE=<your file>
	@test -n "$(NAME)" -a -n "$(FILE)" || { echo 'say make example NAME=<set> FILE=<your file>; sets: examples/README.md'; exit 2; }
	$(BIN)/python examples/run.py "$(NAME)" "$(FILE)" "$(EXAMPLE_HOME)"
	KINDRED_HOME="$(EXAMPLE_HOME)" $(BIN)/kindred land
	KINDRED_HOME="$(EXAMPLE_HOME)" $(BIN)/dbt build --quiet --target-path "$(EXAMPLE_HOME)/target"
	KINDRED_HOME="$(EXAMPLE_HOME)" $(BIN)/kindred publish
	$(BIN)/python examples/reconcile.py "$(NAME)" "$(FILE)" "$(EXAMPLE_HOME)"
	KINDRED_HOME="$(EXAMPLE_HOME)" $(BIN)/kindred summary

.PHONY: replay
replay: .venv/.core  ## a past moment in a home of its own: make replay AS_OF=2026-02-01
	@test -n "$(AS_OF)" || { echo 'say make replay AS_OF=<moment>, such as 2026-02-01'; exit 2; }
	KINDRED_LANDING="$(KINDRED_HOME)/landing" KINDRED_HOME="target/replays/$(subst :,,$(subst $() ,T,$(AS_OF)))" \
		$(BIN)/dbt build --quiet --vars '{as_of: "$(AS_OF)"}'
	KINDRED_HOME="target/replays/$(subst :,,$(subst $() ,T,$(AS_OF)))" $(BIN)/kindred publish

.venv/metrics/.ready: requirements-metrics.txt
	$(PYTHON) -m venv .venv/metrics
	.venv/metrics/bin/python -m pip install -q --require-hashes --no-deps -r requirements-metrics.txt
	.venv/metrics/bin/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: metrics
metrics: .venv/metrics/.ready  ## MetricFlow beside SQL on a home that was built: common questions, the same answers
	.venv/metrics/bin/python tests/metrics/answers.py

.PHONY: docs
docs: .venv/.core  ## every table and column as a page: target/static_index.html
	$(BIN)/dbt docs generate --static --quiet

EVENTS ?= 1000000
.PHONY: bench
bench: .venv/.core  ## speed beside two scripts by hand: make bench EVENTS=10000000
	$(BIN)/python benchmarks/measure.py --events $(EVENTS)

# --- the proof ---------------------------------------------------------------------

.PHONY: test
test: .venv/.dev  ## lint, unit tests, a build from nothing, a second on top, the truth
	@$(MAKE) --no-print-directory lint
	rm -rf $(TEST_HOME)
	$(BIN)/pytest
	KINDRED_HOME=$(TEST_HOME) $(BIN)/kindred sample
	KINDRED_HOME=$(TEST_HOME) $(BIN)/kindred land
	KINDRED_HOME=$(TEST_HOME) $(BIN)/dbt build --quiet
	KINDRED_HOME=$(TEST_HOME) $(BIN)/dbt build --quiet
	KINDRED_HOME=$(TEST_HOME) $(BIN)/kindred publish
	KINDRED_HOME=$(TEST_HOME) $(BIN)/pytest tests/built
	$(BIN)/pytest tests/increments tests/faults
	KINDRED_HOME=$(TEST_HOME) $(BIN)/python -m kindred.samples.evaluation --home $(TEST_HOME)

.PHONY: lint
lint: .venv/.dev  ## ruff, a parse with warnings as errors, sqlfluff
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	rm -rf $(LINT_HOME) && mkdir -p $(LINT_HOME)
	KINDRED_HOME=$(LINT_HOME) $(BIN)/dbt --quiet --warn-error parse --no-partial-parse
	KINDRED_HOME=$(LINT_HOME) $(BIN)/sqlfluff lint --processes 2 --disable-progress-bar models tests/macros tests/activation tests/experiments tests/*.sql

.PHONY: prove
prove: .venv/.dev  ## break one line at a time and see the tests fail
	$(BIN)/python tests/breakages/prove.py

.PHONY: clean
clean:  ## what builds and tests leave behind; never the data
	rm -rf target logs .pytest_cache .ruff_cache
