# Two commands do everything: `make demo` and `make test`. Both set up first.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# compiled once: an image that sets it has each process compile all it imports (half of a collection)
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help setup demo dev test static check lint types contracts unit format docs golden pictures bench-many \
  lock audit clean

help: ## what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(VENV)/.installed ## the virtual environment, with exactly the locked packages

$(VENV)/.installed: requirements.lock requirements-uv.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-uv.lock
	$(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $@

demo: setup ## three clients' messy files become three deliveries
	$(BIN)/consulting demo

dev: setup ## the UI, with sensors and schedules
	$(BIN)/consulting serve & trap "kill $$!" EXIT; \
	  CONSULTING_LINKS_URL="$${CONSULTING_LINKS_URL:-127.0.0.1:3001}" \
	  DAGSTER_HOME="$${DAGSTER_HOME:-$(CURDIR)}" $(BIN)/dg dev

test: setup lint ## all checks and tests
	@$(MAKE) --no-print-directory --jobs=2 static unit

static: types contracts

check: setup ## every defs.yaml and all definitions
	$(BIN)/consulting check --models
	$(BIN)/dg check defs --no-check-yaml

lint: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: setup
	$(BIN)/mypy

contracts: setup
	$(BIN)/lint-imports

unit: setup
	$(BIN)/pytest --numprocesses 4 --dist loadfile --no-loadscope-reorder --durations=30

format: setup ## let ruff write what it can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: setup ## the pages that are written from the code
	$(BIN)/consulting fields > docs/fields.md
	$(BIN)/consulting rules > docs/rules.md

pictures: demo ## those of the README, taken of the demo by a browser
	$(BIN)/python tests/pictures.py

golden: setup ## the deliverables that the tests compare word for word; read the diff
	CONSULTING_RENEW_GOLDEN=1 $(BIN)/pytest -q tests/delivery/test_golden.py

bench-many: setup ## what 1, 100 and 300 clients cost to load, to watch and to run
	$(BIN)/python benchmarks/many.py

lock: setup ## new versions within the ranges of pyproject.toml
	$(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --group dev --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header pyproject.toml --output-file requirements.lock
	echo uv | $(BIN)/uv pip compile --quiet --universal --generate-hashes --constraints requirements.lock \
	  --no-emit-index-url --no-annotate --no-header - --output-file requirements-uv.lock

audit: setup ## known vulnerabilities of the locked packages, where an advisory database is in reach
	@$(BIN)/uv tool run --quiet pip-audit --strict --disable-pip --no-deps --progress-spinner off \
	  --requirement requirements.lock || { echo "make audit: it found what stands above. Where that is" \
	  "a package not found or a connection not made, no advisory database is in reach of this machine" \
	  "and nothing was audited: run it on one that reaches the public package index." >&2; exit 1; }

clean: ## what can be made again (not the data)
	rm -rf $(VENV) dbt/target .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
