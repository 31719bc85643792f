# Every target builds what it needs, from Python 3.11 or newer on.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

PYTHON ?= $(shell for python in python3.11 python3.12 python3.13 python3; do \
  $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
VENV ?= .venv
WITHOUT_TENSORFLOW ?= .venv-no-tensorflow
BIN := $(VENV)/bin
OUTPUT ?= runs/demo
PROCESSES ?= 2
TORCH ?= 2.13.0

# TensorFlow's start-up remarks are no concern of the user's; Keras would otherwise read ~/.keras for the backend.
export TF_CPP_MIN_LOG_LEVEL ?= 2
export TF_ENABLE_ONEDNN_OPTS ?= 1
export KERAS_BACKEND ?= tensorflow
export MPLBACKEND ?= Agg

INSTALL = $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# As many processes as cores: more threads than one in each would only wait for each other, at full speed.
PYTEST = OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n $(PROCESSES) --dist loadfile --durations=15

.PHONY: help demo test test-slow test-browser test-backends lint bench docs site tutorials lock clean

help:  ## This list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

demo: $(VENV)/.installed  ## A synthetic world, downscaled and judged against its truth (OUTPUT=runs/demo)
	$(BIN)/gwkeras demo --output $(OUTPUT)

test: $(VENV)/.installed-test  ## Every test but the slow ones
	$(PYTEST) -m "not slow and not backends and not browser" --cov --cov-report= $(TESTS)

test-slow: $(VENV)/.installed-test  ## Trainings, servers, kills and whole runs; then what both together cover
	$(PYTEST) -m "slow and not backends and not browser" --cov --cov-append --cov-report=term $(TESTS)

test-backends: export GWKERAS_WITHOUT_TENSORFLOW = $(WITHOUT_TENSORFLOW)/bin/python
test-backends: $(VENV)/.installed-test $(VENV)/.installed-backends $(WITHOUT_TENSORFLOW)/.installed  ## Tests on JAX and PyTorch
	$(BIN)/python -m pytest -m backends --durations=0 --durations-min=5 $(TESTS)

test-browser: $(VENV)/.installed-browser  ## The report in Chromium, which is installed where it may be
	.ci/browser
	$(BIN)/python -m pytest -m browser $(TESTS)

lint: $(VENV)/.installed-lint  ## ruff (format and rules), mypy, import contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.installed-torch  ## Every figure that the README quotes
	$(BIN)/python -m benchmarks

docs: $(VENV)/.installed  ## Rewrite the generated documents and configs/default.yaml
	$(BIN)/python -m gwkeras.core.documents .

site: $(VENV)/.installed-docs  ## The documentation as web pages in site/, read without a network; a warning is an error
	$(BIN)/python -m sphinx --quiet --fail-on-warning --keep-going -b html docs site
	$(BIN)/python -m docs.making.offline site

tutorials: $(VENV)/.installed-tutorials  ## Run the tutorials and compare with the notebooks kept (WRITE=--write keeps them anew)
	$(BIN)/python -m docs.making.tutorials $(WRITE)

lock:  ## Rewrite constraints.txt from the newest versions that pyproject.toml allows (TORCH stays as named here)
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --disable-pip-version-check \
	  -e '.[cluster,download,backends,test,browser,lint,docs,tutorials]' 'torch==$(TORCH)'
	{ echo "# Exact versions for development and CI, written by 'make lock'."; \
	  .venv-lock/bin/python -m pip list --disable-pip-version-check --format=freeze --exclude-editable --exclude pip \
	  | sed -E 's/\+[a-z0-9.]+$$//' | grep -vE '^(nvidia|cuda|triton)' | LC_ALL=C sort -f; } > constraints.txt.new
	mv constraints.txt.new constraints.txt
	rm -rf .venv-lock

clean:  ## Remove what these targets made, runs and results excepted
	rm -rf $(VENV) $(WITHOUT_TENSORFLOW) .venv-lock dist build site docs/made .coverage .coverage.* .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis

$(BIN)/python:
	@test -n "$(PYTHON)" \
	  || { echo "gwkeras needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e .
	touch $@

$(VENV)/.installed-%: pyproject.toml constraints.txt | $(BIN)/python
	$(INSTALL) -e '.[$*]'
	touch $@ $(VENV)/.installed

# Where TensorFlow cannot be imported: tests of what has to do without it run here. Bytecode is made at first use, where there is one.
$(WITHOUT_TENSORFLOW)/.installed: pyproject.toml constraints.txt .ci/without_tensorflow.py
	@test -n "$(PYTHON)" || { echo "gwkeras needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11 ..." >&2; exit 2; }
	rm -rf $(WITHOUT_TENSORFLOW)
	$(PYTHON) -m venv $(WITHOUT_TENSORFLOW)
	$(PYTHON) .ci/without_tensorflow.py > $(WITHOUT_TENSORFLOW)/requirements.txt
	$(WITHOUT_TENSORFLOW)/bin/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt \
	  -r $(WITHOUT_TENSORFLOW)/requirements.txt
	touch $@
