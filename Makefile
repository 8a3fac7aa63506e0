# Every target sets up .venv by itself, with nothing but python3 and its venv and pip.
PYTHON ?= python3
BIN := .venv/bin
PYTEST := $(BIN)/python -m pytest
JOBS ?= 2

.PHONY: demo test test-slow test-full lint generate check specs campaign bench bench-report bench-costs clean

demo: .venv/demo.stamp
	$(BIN)/lapsmith demo

# A file's tests share servers and generated clients, so they stay in one process.
test: .venv/dev.stamp
	$(PYTEST) -n $(JOBS) --dist loadfile -m "not slow and not full" $(ARGS)

# Isolated builds, other processes and servers, soak tests, and type checks of everything.
test-slow: .venv/dev.stamp
	$(PYTEST) -m slow $(ARGS)

# Long campaigns: the property tests with far more examples, and every AWS service from its model to a client.
test-full: .venv/dev.stamp .venv-lapsh/installed.stamp
	HYPOTHESIS_PROFILE=full $(PYTEST) $(ARGS)

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy generator/lapsmith templates/runtime

generate: .venv/dev.stamp
	$(BIN)/lapsmith generate

check: .venv/dev.stamp
	$(BIN)/lapsmith check --full

# The specs that are compiled from AWS service models, with their bindings and clients.
specs: .venv/dev.stamp .venv-lapsh/installed.stamp
	PYTHONPATH=tests $(BIN)/python -m corpus.specs .venv-lapsh/bin/python

# Every AWS service with a model of a protocol that we speak; ARGS="--jobs 4 --sample 20".
campaign: .venv/dev.stamp .venv-lapsh/installed.stamp
	PYTHONPATH=tests $(BIN)/python -m corpus.campaign .venv-lapsh/bin/python $(ARGS)

# The generated client beside others, each in a virtual environment of its own; ARGS=--quick for a first look.
bench: .venv/dev.stamp
	PYTHONPATH=tests $(BIN)/python -m bench.runner $(ARGS)

# docs/benchmarks.md and its chart, from the last run.
bench-report: .venv/dev.stamp
	PYTHONPATH=tests $(BIN)/python -m bench.report $(ARGS)

# What a call costs in counts that are the same on any machine, as the tests compare them.
bench-costs: .venv/dev.stamp
	PYTHONPATH=tests $(BIN)/python -m bench.costs

clean:
	rm -rf .venv .venv-* dist build node_modules tests/e2e/node/node_modules

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/demo.stamp: .venv/bin/python pyproject.toml tests/constraints.txt
	$(BIN)/python -m pip install --quiet --editable ".[demo]" --constraint tests/constraints.txt
	touch $@

.venv/dev.stamp: .venv/demo.stamp
	$(BIN)/python -m pip install --quiet --editable ".[demo,dev]" --constraint tests/constraints.txt
	touch $@

.venv-lapsh/installed.stamp: tests/corpus/lapsh-requirements.txt
	$(PYTHON) -m venv .venv-lapsh
	.venv-lapsh/bin/python -m pip install --quiet --requirement $<
	touch $@
