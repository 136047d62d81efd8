# Everything from a clone: a Python ≥ 3.11 with pip is all that has to be there.
# PYTHON chooses the interpreter, ARGS goes to the command: make run ARGS="--port 9000"

PYTHON ?= python3
UV ?= uv
ARGS ?=
BIN := .venv/bin
SETUP := tools/bootstrap.py requirements/build.lock requirements/run.lock pyproject.toml
LOCK := $(UV) pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command "make lock" --quiet $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help run demo drill reference test check fix bench ledger clients crash fuzz films lock clean

help: ## Show these verbs
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: .venv/.run ## Serve on http://127.0.0.1:8080; without any provider key, with simulated models
	@$(BIN)/madang up $(ARGS)

demo: .venv/.run ## See every dialect, a failover, the ledger, and a little film; no key and no network needed
	@$(BIN)/madang demo $(ARGS)
	@$(BIN)/madang studio demo

drill: .venv/.run ## Let simulated providers fail in every way, and see what callers get; two and a half minutes
	@$(BIN)/madang drill $(ARGS)

reference: .venv/.run ## Reproduce the reference results on simulated providers; four minutes
	@$(BIN)/python -m madang.drills.reference $(ARGS)
	@PYTHONPATH=tests/studio/drills $(BIN)/python -m films_reference $(ARGS)

# Five at a time on two processors, as many tests wait; compiled once and not by each of the five.
SIDE_BY_SIDE := --numprocesses 5 --dist loadfile --no-loadscope-reorder
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

test: .venv/.dev ## Run the whole test suite, five modules at a time
	$(PYTEST) $(SIDE_BY_SIDE) $(ARGS)

check: .venv/.dev ## Judge format, lint, types, layers and house style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python -m pytest tests/style

fix: .venv/.dev ## Repair what format and lint can repair by themselves
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.dev ## Measure Madang beside its peers; results go to bench/results/
	$(BIN)/python -m bench $(ARGS)

ledger: .venv/.dev ## Fill a ledger with ten million attempts and time what reports and a console ask
	$(BIN)/python -m bench.ledger $(ARGS)

clients: .venv/.dev ## Ask through Madang with clients of other people (needs Node; installs them into .build)
	$(BIN)/python tests/clients/drill.py $(ARGS)

crash: .venv/.dev ## Kill a gateway 50 times, send 1,000 callers to a budget's edge; account for every nano-dollar
	MADANG_KILLS=50 MADANG_CALLERS=1000 $(PYTEST) tests/server/test_server_kills.py \
		tests/server/test_server_budget_edge.py $(ARGS)

fuzz: .venv/.dev ## Ask every property 1,000 examples instead of 25
	MADANG_EXAMPLES=1000 $(PYTEST) -m hypothesis $(SIDE_BY_SIDE) $(ARGS)

films: .venv/.dev ## Kill the studio and its gateway 50 times, then make 200 dramas; compare all books; twenty minutes
	PYTHONPATH=tests/studio/drills $(BIN)/python -m films $(ARGS)

# koreanize-matplotlib is here for the font it carries: of what it asks for nothing is needed.
UNUSED := $(addprefix --no-emit-package ,matplotlib contourpy cycler fonttools kiwisolver numpy pyparsing)

lock: ## Renew requirements/*.lock from pyproject.toml with uv; UPGRADE=1 takes the newest versions
	$(LOCK) --group build -o requirements/build.lock
	$(LOCK) pyproject.toml --extra fonts $(UNUSED) -o requirements/run.lock
	$(LOCK) pyproject.toml --extra fonts $(UNUSED) --group dev -c requirements/run.lock -c requirements/build.lock \
		-o requirements/dev.lock

clean: ## Remove .venv and every cache
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run: $(SETUP)
	@$(PYTHON) tools/bootstrap.py run

.venv/.dev: $(SETUP) requirements/dev.lock
	@$(PYTHON) tools/bootstrap.py dev
