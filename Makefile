# What people and CI run. Needs make and any Python >= 3.11; everything else is fetched, pinned and hashed.
# `make` alone prints the list. PYTHON chooses another interpreter, ARGS adds to demo, test, lock, simulate, bench,
# cost and deploy.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test check lint format types generate lock wheel build simulate bench bench-memory cost screenshot deploy destroy checkov clean

PYTHON ?= >=3.11
ARGS ?=

BIN := .venv/bin
# uv from PATH, else our own pinned one in .tools/
UV := $(shell uv --version >/dev/null 2>&1 && echo uv || echo .tools/bin/uv)
OUR_UV := $(filter .tools/bin/uv,$(UV))
export UV_PYTHON_DOWNLOADS ?= never

# Stamps: which locked set is in .venv. The set for tests holds the laptop's set, so `demo` is content with either.
LAPTOP := .venv/.laptop
DEV := .venv/.dev

INSTALL_SELF := $(UV) pip install --quiet --python $(BIN)/python --no-deps \
	--build-constraints requirements/build.txt --editable .
COMPILE := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header
ALL := --extra aws --extra aggregate

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(LAPTOP) ## a simulated listener from first poll to dashboard, served on this machine
	@$(BIN)/playledger demo $(ARGS)

test: $(DEV) ## everything that can run here, with what was skipped and why
	@$(BIN)/python tests/tiers.py $(ARGS)

check: $(DEV) ## under a minute: format, lint, types, fast tests
	@$(BIN)/python tests/tiers.py lint unit $(ARGS)

lint: $(DEV) ## format, lint, types
	@$(BIN)/python tests/tiers.py lint

format: $(DEV) ## write the code as black and ruff want it
	$(BIN)/ruff check --quiet --fix .
	$(BIN)/black --quiet .

simulate: $(DEV) ## the long simulation: thousands of seeds, every single fault, many pairs, kills
	PLAYLEDGER_SIMULATION=full $(BIN)/pytest --timeout=14400 -n 2 --dist loadfile -m "simulation or processes" $(ARGS)

oracle: $(DEV) ## hundreds of invented histories: every number of the document against plain Python
	PLAYLEDGER_SIMULATION=full $(BIN)/pytest -q -n 2 tests/sql -k against_oracle $(ARGS)

generate: $(DEV) ## write the files that come from code: table catalog, JSON schema, cookbook, sample document
	$(BIN)/python -m glue_catalog
	$(BIN)/python -m aggregation.payload
	$(BIN)/python -m cli.ask
	$(BIN)/python -m tests.support.sample_document

bench: $(DEV) ## what a night costs after one and after ten years; fails past a limit (an hour; ARGS="--years 1 3")
	$(BIN)/python -m bench.night $(ARGS)

bench-memory: $(DEV) ## memory and loading time of each function, of the built code; fails past a limit
	$(BIN)/python -m bench.memory $(ARGS)

cost: $(DEV) ## count a month in AWS and write docs/cost.md; fails past a limit (an hour at first, then minutes; ARGS="--plays 30000 --year 1")
	$(BIN)/python -W ignore -m bench.cost $(ARGS)

screenshot: $(DEV) ## the demo's page as docs/screenshot.png (needs Chromium)
	$(BIN)/playledger --home build/screenshot demo --fresh --no-serve
	$(BIN)/python -m tests.support.screenshot build/screenshot/site docs/screenshot.png

wheel: $(OUR_UV) ## the wheel, into dist/
	$(UV) build --quiet --wheel --require-hashes --build-constraints requirements/build.txt --out-dir dist .

build: $(DEV) $(OUR_UV) ## what the functions in AWS run: code.zip and layer.zip, into build/
	$(BIN)/python -m wiring.package --uv $(UV) --out build

deploy: build ## into your AWS account: build, plan, question, apply, what is left to do (ARGS=--yes asks nothing)
	@$(BIN)/python -m wiring.deploy apply $(ARGS)

destroy: $(DEV) ## out of your AWS account again, and what that leaves
	@$(BIN)/python -m wiring.deploy destroy $(ARGS)

checkov: .tools/checkov/bin/checkov ## checkov over terraform/: each exception is explained beside its resource
	$< --directory terraform --framework terraform --skip-download --compact --quiet

setup: $(DEV) ## the environment for working on it, in .venv

lock: $(OUR_UV) ## lock anew what pyproject.toml asks for; ARGS=--upgrade takes newer releases
	echo uv | $(COMPILE) $(ARGS) --output-file requirements/uv.txt -
	echo checkov | $(COMPILE) $(ARGS) --output-file requirements/checkov.txt -
	printf 'hatchling>=1.27\neditables\n' | $(COMPILE) $(ARGS) --output-file requirements/build.txt -
	$(COMPILE) $(ARGS) --output-file requirements/laptop.txt pyproject.toml
	$(COMPILE) $(ARGS) --output-file requirements/aws.txt pyproject.toml $(ALL) -c requirements/laptop.txt
	$(COMPILE) $(ARGS) --output-file requirements/dev.txt pyproject.toml $(ALL) --group dev \
		-c requirements/aws.txt -c requirements/build.txt
	$(COMPILE) $(ARGS) --output-file requirements/lambda.txt requirements/lambda.in -c requirements/aws.txt

clean: ## remove what was built, fetched or cached here
	rm -rf .venv .tools build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.tools/bin/uv: requirements/uv.txt
	@echo "fetching uv into .tools"
	@for python in python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import ensurepip, venv' 2>/dev/null; then \
			$$python -m venv .tools && \
			.tools/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt && \
			touch $@; exit; \
		fi; \
	done; \
	echo "No uv, and no Python here can make a virtual environment. Install uv, or on Debian python3-venv." >&2; exit 1

.tools/checkov/bin/checkov: requirements/checkov.txt | $(OUR_UV)
	@echo "installing checkov into .tools/checkov"
	@$(UV) venv --quiet --allow-existing --python '$(PYTHON)' .tools/checkov
	@$(UV) pip sync --quiet --python .tools/checkov/bin/python --require-hashes $<
	@touch $@

.venv/bin/python: | $(OUR_UV)
	@$(UV) venv --quiet --allow-existing --python '$(PYTHON)' .venv

$(LAPTOP): requirements/laptop.txt requirements/build.txt pyproject.toml | .venv/bin/python
	@echo "installing the laptop's packages into .venv"
	@rm -f $(DEV)
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/laptop.txt
	@$(INSTALL_SELF)
	@touch $@

$(DEV): requirements/dev.txt requirements/build.txt pyproject.toml | .venv/bin/python
	@echo "installing the packages for tests into .venv"
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes requirements/dev.txt
	@$(INSTALL_SELF)
	@touch $(LAPTOP) $@
