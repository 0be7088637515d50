# The commands of the project. Each sets up what it needs; only Python 3.11+ and make must be there.
PYTHON ?= python3
BIN := .venv/bin
SRC := app docs migrations tests
TYPESCRIPT := 7.0.2
TSC := .node/$(TYPESCRIPT)/node_modules/.bin/tsc

# Processes of ours start sooner where their modules lie compiled, and tests start hundreds.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo run test test-long soak bench audit audit-tool lint lock openapi clean

help:            ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

setup: $(BIN)/.ready  ## the virtual environment in .venv, with every dependency at its locked version

$(BIN)/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Rollcall needs Python 3.11 or newer; found " + sys.version)'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup      ## the main job in front of your eyes, in var/demo (EXIT=1: end when done)
	$(BIN)/rollcall demo $(if $(EXIT),--exit,)

run: setup       ## serve on port 8000 with a platform of its own in var/
	@$(BIN)/python -m app.run_local

test: setup lint ## lint, types, architecture and every test that does not take long
	$(BIN)/pytest -n 2 --dist loadgroup

test-long: setup ## the tests that take long: real processes, killed and raced, and many people
	$(BIN)/pytest -n 2 --dist loadgroup -m "long and not soak"

soak: setup      ## pull plugs, fail disks, race and fuzz, then an hour of everyday, told as it goes (SOAK_MINUTES=60)
	$(BIN)/pytest -s -m soak

bench: .venv-bench/.ready  ## what the work costs, beside floors and a peer (ONLY=check,commit,filled,workbook,peer,delivery,latency,pages ROWS=100000 RUNS=5 ON=sqlite)
	.venv-bench/bin/python -m tests.benchmarks $(if $(ONLY),--only $(ONLY)) $(if $(ROWS),--rows $(ROWS)) $(if $(RUNS),--runs $(RUNS)) $(if $(ON),--on $(ON))

.venv-bench/.ready: requirements/bench.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bench.txt
	@touch $@

audit: audit-tool  ## known holes in the locked dependencies, where the advisories can be reached
	@.venv-audit/bin/python .ci/audit.py requirements/runtime.txt

audit-tool: .venv-audit/.ready

.venv-audit/.ready: requirements/audit.txt
	$(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/audit.txt
	@touch $@

lint: setup      ## ruff, mypy (strict), the layers, and the types of the console's scripts where node exists
	$(BIN)/ruff format --check --quiet $(SRC)
	$(BIN)/ruff check --quiet $(SRC)
	$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo > .import_linter.log 2>&1 || { cat .import_linter.log; exit 1; }
	@if $(MAKE) --silent $(TSC) 2> /dev/null; then $(TSC) -p app/console/jsconfig.json; \
	else echo "The types of the console's scripts were not checked: that needs npm and its registry."; fi

$(TSC):
	@npm install --silent --no-fund --no-audit --fetch-retries=0 --fetch-timeout=20000 --prefix .node/$(TYPESCRIPT) typescript@$(TYPESCRIPT) > /dev/null

openapi: setup   ## write openapi.json anew
	$(BIN)/rollcall openapi > openapi.json

lock:            ## lock files with hashes and without addresses (needs uv)
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgresql --extra opentelemetry -o requirements/runtime.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgresql --extra opentelemetry --group dev -o requirements/dev.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --extra postgresql --extra opentelemetry --group dev --group bench -o requirements/bench.txt pyproject.toml
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --group audit -o requirements/audit.txt

clean:           ## remove the virtual environments and all local data
	rm -rf .venv .venv-audit .venv-bench .node var
