# From nothing but git, make and Python 3.11 or later: `make demo`, `make test`.

VENV := .venv
BIN := $(VENV)/bin
LOCK := requirements.lock
INSTALLED := $(VENV)/.installed
TEST_PROCESSES ?= 3
FUZZ_REQUESTS ?= 20000
CHAOS_RESPONSES ?= 1000
CHAOS_FAULTS ?= 40
CHAOS_KILLS ?= 12

export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore
export UV_LINK_MODE := copy
export UV_NO_PROGRESS := 1
# Each process would compile all that it imports: two thirds of its start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test fuzz chaos bench audit lock clean

help: ## Say what can be made
	@sed -n 's/^\([a-z]*\):[^#]*## /  make \1\t/p' Makefile

setup: $(INSTALLED) ## Install everything into .venv; quick when done before
	@echo "ready: $(BIN)/hitherto up"

demo: $(INSTALLED) ## Show the main job from beginning to end
	@$(BIN)/hitherto demo

test: $(INSTALLED) ## Run every check
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/python -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder --cov

fuzz: $(INSTALLED) ## Send requests at random, others each time: FUZZ_REQUESTS=20000
	FUZZ_REQUESTS=$(FUZZ_REQUESTS) FUZZ_SEED=$${FUZZ_SEED:-$$(date +%s)} $(BIN)/python -m pytest tests/fuzz

chaos: $(INSTALLED) ## Kill, freeze and cut for ten minutes, and look for what broke
	CHAOS_RESPONSES=$(CHAOS_RESPONSES) CHAOS_FAULTS=$(CHAOS_FAULTS) CHAOS_KILLS=$(CHAOS_KILLS) \
		CHAOS_LEASE_SECONDS=5 CHAOS_SEED=$${CHAOS_SEED:-$$(date +%s)} \
		$(BIN)/python -m pytest tests/chaos/test_chaos.py tests/chaos/test_recovery.py \
		tests/chaos/test_drained_workers.py

bench: $(INSTALLED) ## Measure; under ten times the load for BENCH_OVERLOAD_SECONDS=20
	@$(BIN)/python -m tests.benchmarks

# Strict: a package that the service cannot be asked about is a failure, not a silence.
audit: $(BIN)/uv ## Ask PyPI's vulnerability service about every locked package; needs a network
	$(BIN)/uv tool run --from "pip-audit>=2.10" pip-audit --strict --disable-pip --require-hashes --requirement $(LOCK)

lock: $(BIN)/uv ## Write requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --group dev \
		--custom-compile-command "make lock" --output-file $(LOCK) pyproject.toml >/dev/null
	@! grep -n "://" $(LOCK) || { echo "$(LOCK) must not name an index"; exit 1; }

clean: ## Remove what was built; data in .hitherto stays
	@rm -rf $(VENV) build dist .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache \
		.pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The first that runs and can make environments: a name on PATH may be a version manager's empty shell.
$(BIN)/python:
	@for python in $(PYTHON) python3.13 python3.12 python3.11 python3; do \
		if $$python -c 'import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
		then exec $$python -m venv --clear $(VENV); fi; \
	done; \
	echo "Python 3.11 or later with its venv module is needed (Debian, Ubuntu: apt install python3-venv)"; \
	exit 1

$(BIN)/uv: | $(BIN)/python
	@$(BIN)/python -m pip install --quiet "$$(sed -n 's/^\(uv==[0-9.]*\).*/\1/p' $(LOCK))"

# pip comes second: it is slower, but it may be configured for an index that uv does not know of.
$(INSTALLED): pyproject.toml $(LOCK) | $(BIN)/uv
	@$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes $(LOCK) \
		|| $(BIN)/python -m pip install --quiet --require-hashes --requirement $(LOCK)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@
