# Two commands: `make demo` shows Tingfeng at work, `make test` proves it. Both set up what they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: help demo test check format wheel bench clean

help:
	@echo "make demo    set up, then play an invented brand's month with a planted crisis (about a minute)"
	@echo "make test    set up with the test tools, then run the whole suite"
	@echo "make check   ruff, mypy --strict, import-linter"
	@echo "make bench   the measurements README quotes"
	@echo "make wheel   build the wheel, install it in an empty venv, run it there"
	@echo "make clean   remove the venv and everything built"

demo: $(VENV)/.run
	$(BIN)/tingfeng demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench
	$(BIN)/python bench/sentiment.py
	$(BIN)/python bench/learn.py
	$(BIN)/python bench/detector.py
	$(BIN)/python bench/replay.py
	$(BIN)/python bench/adapters.py
	$(BIN)/python bench/importing.py
	$(BIN)/python bench/faults.py
	$(BIN)/python bench/silence.py
	-$(BIN)/python bench/relevance.py
	$(BIN)/python bench/stories.py quality
	$(BIN)/python bench/storing.py
	$(BIN)/python bench/kill.py
	$(BIN)/python bench/daemon.py

wheel: $(VENV)/.dev
	$(BIN)/python bench/wheel.py

clean:
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache tingfeng-demo

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit("Tingfeng needs Python 3.11 or newer, this is " + sys.version.split()[0] if sys.version_info < (3, 11) else 0)'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "setting up .venv (once, a minute or two) ..."
	$(PIP) -e .
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "setting up .venv with the test tools (once, a minute or two) ..."
	$(PIP) -e '.[dev,train,postgres]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: $(VENV)/.dev
	$(PIP) -e '.[bench]'
	@touch $@
