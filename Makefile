# The doors of the house for whoever works on it. `make demo` and `make test` need Python 3.11 and make, nothing else.

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test check format bench bench-rank drills screenshots wheel lock clean

setup: $(READY)

$(READY): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Mujaz needs Python 3.11 or later; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(READY)

demo: setup  ## sample feeds to a finished newsletter, offline
	@$(BIN)/digest demo

test: setup  ## everything; what the machine lacks is skipped with a reason
	$(BIN)/python -m pytest -n auto --dist loadfile

check: setup  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: setup  ## all benchmarks in one go, each beside others of its trade; writes benchmarks/results.md
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-bench.lock
	@$(BIN)/python benchmarks

bench-rank: setup  ## the ranker's figures on labelled days of real news
	@$(BIN)/python benchmarks/rank_quality.py

drills: setup  ## breaks things on purpose: what an operator sees, and that the next edition is right
	@$(BIN)/python -m tests.drills

screenshots: setup  ## the README's pictures, made by the program
	$(BIN)/python docs/make_screenshots.py

wheel: setup
	$(BIN)/python -m hatchling build --target wheel

lock: setup  ## new versions, with hashes and without addresses
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements-dev.lock
	$(BIN)/uv pip compile pyproject.toml --group dev --group bench --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --upgrade -q -o requirements-bench.lock

clean:
	rm -rf .venv dist var .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
