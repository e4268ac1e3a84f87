# Everything starts here: `make run`, `make test`, `make check`. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
IN := .venv/bin

# Options of `baluardo up`, taken from the command line alone: `make run PORT=8080`.
UP := $(ARGS)
ifeq ($(origin PORT),command line)
UP += --port $(PORT)
endif
ifeq ($(origin CATALOGUE),command line)
UP += --catalogue "$(CATALOGUE)"
endif

# One process more than cores, as tests wait for sockets and browsers, and four at most. A file's
# tests stay together, as its fixtures do, and files begin in the order of tests/conftest.py.
WORKERS = --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --maxprocesses 4 \
  --dist loadfile --no-loadscope-reorder

# Tests start hundreds of processes: where none may keep its bytecode, each compiles all modules.
test: export PYTHONDONTWRITEBYTECODE =

.PHONY: help run test check bench wheel pages lock upgrade format clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | \
	  while IFS='|' read -r command text; do printf '%-14s %s\n' "$$command" "$$text"; done
	@echo
	@echo 'For example: make run PORT=8080 CATALOGUE=starlink.tle'

run: ## Start the console (PORT=8080 CATALOGUE=FILE ARGS='...'); Ctrl-C stops it
	@$(PYTHON) tools/environment.py run
	@$(PYTHON) tools/pages.py build
	@exec $(IN)/python tools/foreground.py $(IN)/baluardo up $(UP)

test: ## Run every test (ARGS='...' goes to pytest)
	@$(PYTHON) tools/environment.py test
	@$(PYTHON) tools/browser.py
	@$(PYTHON) tools/pages.py build
	@$(PYTHON) tools/pages.py npm test -- --maxWorkers=100%
	$(if $(ARGS),,@$(IN)/python tools/compile_loops.py)
	@exec $(IN)/python -m pytest $(WORKERS) $(ARGS)

check: ## Formatter, linter, types, layers, links of the docs, locks, web pages
	@$(PYTHON) tools/environment.py test check
	$(IN)/ruff format --check
	$(IN)/ruff check
	$(IN)/mypy
	$(IN)/lint-imports
	$(IN)/python tools/check_links.py
	$(IN)/python tools/draw_layers.py --check
	$(IN)/python tools/locks.py check
	$(PYTHON) tools/pages.py npm run check

bench: pages ## Run every benchmark; one JSON line each, and at the end which ones missed
	@$(PYTHON) tools/environment.py test bench
	@missed=; for benchmark in $$(grep -l '^if __name__ == "__main__":' benchmarks/*.py); do \
	  $(IN)/python "$$benchmark" || missed="$$missed $$benchmark"; \
	done; \
	[ -z "$$missed" ] || { echo "Missed a figure, or failed:$$missed" >&2; exit 1; }

wheel: ## Build dist/*.whl, the web pages in it
	@$(PYTHON) tools/environment.py run
	@$(PYTHON) tools/pages.py build
	@rm -rf dist
	$(IN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .
	$(IN)/python tools/check_wheel.py dist

pages: ## Build the web pages if their sources have changed
	@$(PYTHON) tools/pages.py build

format: ## Let the formatter and the linter mend what they can; draw the diagram anew
	@$(PYTHON) tools/environment.py check
	$(IN)/ruff format
	$(IN)/ruff check --fix
	$(IN)/python tools/draw_layers.py

lock: ## Write requirements/*.lock anew from pyproject.toml, keeping versions that still fit
	@$(PYTHON) tools/environment.py maintain
	@$(IN)/python tools/locks.py make

upgrade: ## The same with the newest versions
	@$(PYTHON) tools/environment.py maintain
	@$(IN)/python tools/locks.py upgrade

clean: ## Remove everything that was made here, environments included
	rm -rf .venv .node-venv build dist web/node_modules src/baluardo/console/static
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests tools benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +
