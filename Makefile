# Needs Python 3.10 or later and make, nothing else: every target installs what it is missing.
PYTHON ?= $(shell command -v python3 || command -v python)
VENV   ?= .venv
VENV_TORCH ?= .venv-torch
BENCH  ?=
TESTS  ?= tests
# One process a core; all tests of a file stay together, because they share compiled kernels.
KERNEL_TESTS ?= $(foreach name,conv conv_variants gemm winograd pool norm softmax elementwise,tests/test_kernels_$(name).py)
PYTEST ?= $(VENV)/bin/python -m pytest -q -n auto --dist loadfile

EXAMPLES_READY := $(VENV)/.examples-ready
DEV_READY      := $(VENV)/.dev-ready
TORCH_READY    := $(VENV_TORCH)/.ready

# $(call environment,folder): make it, or make it again when its Python is gone or too old, or pip did not arrive.
usable      = -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null
environment = $(1)/bin/python -c 'import pip' 2>/dev/null && $(1)/bin/python $(usable) || { \
	$(PYTHON) $(usable) || { echo "Python 3.10 or later is needed: make $(MAKECMDGOALS) PYTHON=..." >&2; exit 1; }; \
	$(PYTHON) -m venv --clear $(1); }
install     = $(1)/bin/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo examples setup lint type test test-processors test-all coverage bench bench-torch warmup clean

help:  ## list these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(EXAMPLES_READY)  ## train a CNN on real handwritten digits (ARGS="--epochs 5" passes options)
	$(VENV)/bin/python examples/digits.py $(ARGS)

examples: $(EXAMPLES_READY)  ## run every example, each under a minute once its kernels are compiled
	@set -e; for example in examples/[a-z]*.py; do echo "== $$example"; $(VENV)/bin/python $$example $(ARGS); done

setup: $(DEV_READY)  ## make .venv with everything that development needs

lint: $(DEV_READY)  ## style and common mistakes (ruff)
	$(VENV)/bin/python -m ruff check .

type: $(DEV_READY)  ## types (mypy --strict)
	$(VENV)/bin/python -m mypy

test: $(DEV_READY)  ## the tests, without the slow ones (TESTS=tests/test_x.py picks some)
	$(PYTEST) -m "not slow" $(TESTS)

test-processors: $(DEV_READY)  ## the kernels once more, as an AVX2 and as a baseline x86-64 processor would run them
ifeq ($(shell uname -m),x86_64)
	NUMBA_CPU_NAME=haswell NUMBA_CPU_FEATURES= $(PYTEST) -m "not slow" $(KERNEL_TESTS)
	NUMBA_CPU_NAME=x86-64 NUMBA_CPU_FEATURES= $(PYTEST) -m "not slow" $(KERNEL_TESTS)
else
	@echo "test-processors: this is not an x86-64 machine"
endif

test-all: $(DEV_READY)  ## every test
	$(PYTEST) $(TESTS)

coverage: $(DEV_READY)  ## which lines the tests run
	$(VENV)/bin/python -m coverage run -m pytest -q -m "not slow" $(TESTS)
	$(VENV)/bin/python -m coverage combine -q
	$(VENV)/bin/python -m coverage report

bench: $(EXAMPLES_READY)  ## time minitorch alone (BENCH="--help" shows the options)
	$(VENV)/bin/python -m bench $(BENCH)

bench-torch: $(EXAMPLES_READY) $(TORCH_READY)  ## time minitorch beside torch 2.13.0, which gets its own .venv-torch
	$(VENV)/bin/python -m bench --torch $(VENV_TORCH)/bin/python $(BENCH)

warmup: $(EXAMPLES_READY)  ## compile the common kernels now instead of on first use
	$(VENV)/bin/python -m minitorch.warmup

clean:  ## remove environments, caches and results (not the kernel cache)
	rm -rf $(VENV) $(VENV_TORCH) runs build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
	find minitorch tests bench examples -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(EXAMPLES_READY): pyproject.toml
	@echo "preparing $(VENV) for the examples ..."
	@$(call environment,$(VENV))
	@$(call install,$(VENV)) -e '.[examples]'
	@touch $@

$(DEV_READY): pyproject.toml
	@echo "preparing $(VENV) for development ..."
	@$(call environment,$(VENV))
	@$(call install,$(VENV)) -e '.[dev]'
	@touch $@ $(EXAMPLES_READY)

# torch lives apart: its OpenMP runtime and ours must never meet in one process.
$(TORCH_READY): pyproject.toml
	@echo "preparing $(VENV_TORCH) with torch ..."
	@$(call environment,$(VENV_TORCH))
	@$(call install,$(VENV_TORCH)) numpy 'torch==2.13.0'
	@touch $@
