PYTHON ?= python3
BIN := .venv/bin
TOOLS := .venv-tools/bin
COMPILE := $(TOOLS)/uv pip compile -q --universal --python-version 3.11 --fork-strategy fewest \
  --generate-hashes --custom-compile-command "make lock"
# Known, of no effect here, and not to be mended by a newer version yet: docs/reliability.md says why.
EXPLAINED := CVE-2025-3000 CVE-2026-134825

# Four million cuts: one cosine, however often it is stopped.
NIGHT := --max-steps 62500 --checkpointing-steps 250 --validation-images 144 --validation-steps 1250 \
  --output-dir runs/night
PICTURES ?= ../shared/data/natural_images/train ../shared/data/photos/train

.PHONY: app test quick nightly night bench check fuzz fmt lock licences audit browser clean

app: .venv/app  ## start the demo with the bundled checkpoint; no network needed once installed
	$(BIN)/python app.py

test: .venv/dev browser check  ## everything that CI runs
	$(BIN)/python -m pytest -m "not nightly" -n auto --maxprocesses 4 --dist loadfile

quick: .venv/dev check  ## lint, types and the core rooms' fast tests: under a minute
	$(BIN)/python -m pytest -q tests/test_rooms.py tests/models tests/masks tests/inference tests/io

nightly: .venv/dev browser  ## whole corpora and long runs, of which `make test` has a sample
	$(BIN)/python -m pytest -m nightly

night: .venv/dev  ## one long training at low priority: Ctrl-C stops it, the same command goes on
	@mkdir -p runs/night-data/train
	@for folder in $(PICTURES); do \
	  ln -sfn "$$(realpath -e "$$folder")" "runs/night-data/train/$$(echo "$$folder" | tr -c '[:alnum:]\n' _)" || exit 1; \
	done
	@# Where Linux groups processes by terminal, `nice` counts within one alone: the group gives way, too.
	@{ echo 19 > /proc/self/autogroup; } 2>/dev/null || true
	MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=17179869184 \
	  nice -n 19 $(BIN)/python train.py --data runs/night-data --split train $(NIGHT); \
	  status=$$?; { echo 0 > /proc/self/autogroup; } 2>/dev/null; exit $$status

bench: .venv/dev  ## measure speed and memory into docs/performance.md
	$(BIN)/python -m benchmarks --update docs/performance.md

check: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	@rm -f inpainting/demo/*.pyi  # written by Gradio at import; an old one would hide the source from mypy
	$(BIN)/mypy

fuzz: .venv/dev  ## ten minutes of it, for every change of what reads files
	$(BIN)/python -m tests.robustness.fuzz --minutes 10

fmt: .venv/dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: $(TOOLS)/uv  ## requirements*.lock from requirements*.txt; to the newest: make lock NEW=--upgrade
	$(COMPILE) $(NEW) requirements.txt requirements-dev.txt -o requirements-dev.lock
	$(COMPILE) requirements.txt -c requirements-dev.lock -o requirements.lock

licences: .venv/dev  ## docs/licences.md from the lock files
	PYTHONPATH=. $(BIN)/python docs/make_licences.py

audit: $(TOOLS)/uv  ## known vulnerabilities of the pinned; strict: one that cannot be looked up fails too
	$(TOOLS)/pip-audit --strict --disable-pip --require-hashes --progress-spinner off \
	  $(EXPLAINED:%=--ignore-vuln %) -r requirements.lock -r requirements-dev.lock

browser:  ## Chromium for the browser tests: Debian's package, else Playwright's own
	@command -v chromium >/dev/null || \
	  { [ "$$(id -u)" = 0 ] && apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium; } || \
	  $(BIN)/playwright install --with-deps chromium

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv

.venv/app: requirements.lock | .venv/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements.lock
	@touch $@

.venv/dev: requirements-dev.lock | .venv/bin/python
	$(BIN)/python -m pip install -q --require-hashes -r requirements-dev.lock
	@touch $@

$(TOOLS)/uv:  # apart, so that what audits is not among what is audited
	$(PYTHON) -m venv .venv-tools
	$(TOOLS)/python -m pip install -q "uv>=0.13.9,<0.14" "pip-audit>=2.10.1,<3"
	@touch $@

clean:
	rm -rf .venv .venv-tools runs build .pytest_cache .mypy_cache .ruff_cache tests/browser/artefacts
