# Two commands are enough: `make run` to use Osler, `make test` before a change is proposed.

PYTHON ?= python3
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup run test lint test-local test-browser test-model test-interop docs clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' Makefile | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

setup: ## .venv, the encoder's files, the search index, the demo patients
	@$(PYTHON) scripts/setup.py --fetch
	@$(BIN)/python scripts/prepare.py

run: ## set-up, then the page on http://127.0.0.1:7860
	@$(PYTHON) scripts/setup.py
	@$(BIN)/python scripts/prepare.py
	$(BIN)/osler app

test: ## set-up with test extras; lint, types, import line, tests (no torch needed)
	@$(PYTHON) scripts/setup.py test
	bash scripts/tests.sh

lint:
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test-local: ## the tests of models in process (installs torch)
	@$(PYTHON) scripts/setup.py test local monai nnunet
	bash scripts/tests.sh local

test-browser: ## the page in Chromium (Playwright)
	@$(PYTHON) scripts/setup.py test browser
	bash scripts/chromium.sh
	bash scripts/tests.sh browser

test-model: ## the graph with a small real model on a local server
	@$(PYTHON) scripts/setup.py test
	$(BIN)/python scripts/small_model.py
	bash scripts/tests.sh model

test-interop: ## the client against Medplum's FHIR router under Node (npm fetches it)
	@$(PYTHON) scripts/setup.py test
	npm install --prefix scripts/interop --no-audit --no-fund --no-package-lock
	bash scripts/tests.sh interop

docs: ## generated parts of README.md and docs/
	@$(PYTHON) scripts/setup.py test
	$(BIN)/python scripts/readme_tables.py
	$(BIN)/python scripts/write_schemas.py

clean: ## remove .venv and caches; what Osler wrote stays in ~/.osler
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis build dist
