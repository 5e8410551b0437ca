# Every target says what it does; `make` lists them. Nothing here needs root except `make test`,
# which installs the Debian packages it lacks (Chromium, PostgreSQL, gettext, fonts).
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.runtime-stamp
DEV_STAMP := .venv/.dev-stamp
export NUMBA_CACHE_DIR := $(CURDIR)/.venv/numba

.PHONY: help setup demo demo-slurm test test-slurm test-kubernetes test-fast lint bench lock messages clean

help: ## list the targets
	@grep -hE '^[a-z%-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 28

$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@echo "Compiling the planner once (about a minute)"
	$(BIN)/python -m dure.decide.planning.prepare
	touch $@

$(DEV_STAMP): requirements-dev.lock $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	touch $@

setup: $(STAMP) ## install into .venv and nothing else

demo: $(STAMP) ## play Korea's programme from call to invoices, then serve the portal (FRESH=1 starts over)
	$(BIN)/dure demo $(if $(FRESH),--fresh)

demo-slurm: $(STAMP) ## the same call's awards on 1,307 real Slurm nodes with fake GPUs; needs root, 3 GiB, Debian's Slurm
	bash tests/install-packages.sh slurm
	$(BIN)/python -m dure.simulate.slurm_demo $(if $(NO_SERVE),--no-serve)

test: $(DEV_STAMP) ## unit, property, real PostgreSQL and Slurm, browser; installs the Debian packages it lacks
	bash tests/install-packages.sh slurm metrics
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-slurm: $(DEV_STAMP) ## only the tests against a real Slurm of 64 nodes; skips nothing, prints its figures
	bash tests/install-packages.sh slurm
	DURE_SLURM=required LABNODES=64 $(BIN)/python -m pytest -q -s tests/real/test_slurm.py

test-kubernetes: $(DEV_STAMP) ## only the tests against a real API server; build it with tests/real/kubernetes/build.sh
	$(BIN)/python -m pytest -q tests/real/test_kubernetes.py

test-fast: $(DEV_STAMP) ## the inner loop: no browser, no real servers, nothing slow
	$(BIN)/python -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not browser and not real and not slow"

lint: $(DEV_STAMP) ## formatting, style, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(DEV_STAMP) ## list the benches; each is make bench-NAME, the longer study make bench-NAME-full
	@ls bench/bench_*.py | sed -E 's#bench/bench_(.*)\.py#make bench-\1#'

bench-%-full: $(DEV_STAMP)
	$(BIN)/python -m bench.bench_$* --full

bench-%: $(DEV_STAMP)
	$(BIN)/python -m bench.bench_$*

lock: ## resolve the lock files again (needs uv)
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build pyproject.toml -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --extra build --extra dev pyproject.toml -o requirements-dev.lock

messages: $(DEV_STAMP) ## collect and compile translations (needs gettext); the results are committed
	bash src/dure/portal/translate.sh

clean: ## remove what make setup and the tests left
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis
