PYTHON ?= python3
BIN := .venv/bin

.PHONY: app test bench check fmt browser clean

app: .venv/app  ## start the demo with the bundled checkpoint; no network needed once installed
	$(BIN)/python app.py

test: .venv/dev browser check  ## everything that CI runs
	$(BIN)/python -m pytest -m ""

bench: .venv/dev  ## measure speed and memory into docs/performance.md
	$(BIN)/python -m benchmarks --update docs/performance.md

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -f demo/*.pyi  # written by Gradio at import; an old one would hide the source from mypy
	$(BIN)/mypy

fmt: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

browser:  ## Chromium for the browser tests: Debian's package, else Playwright's own
	@command -v chromium >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
	  $(BIN)/playwright install --with-deps chromium

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv

.venv/app: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install -q -r requirements.txt
	@touch $@

.venv/dev: requirements.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install -q -r requirements.txt -r requirements-dev.txt
	@touch $@

clean:
	rm -rf .venv runs .pytest_cache .mypy_cache .ruff_cache tests/browser/artefacts
