# One target a task; `make help` lists them. Any of them works first in a fresh clone: those that need .venv make it.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PYTHON ?= python3
BIN := .venv/bin
export PYTHONPATH := lambda:.

.PHONY: help setup lock lint format test demo
help: ## This list
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-22s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(BIN)/.ready ## Watch an answer stream through the function: stand-in model, or OPENAI_API_KEY (MESSAGE="…" make demo)
	@$(BIN)/python -m emulator.demo

.PHONY: dev e2e
dev: $(BIN)/.ready ## The chat page, the function and a model on this machine (PORT, PAGE_PORT, CORS_ORIGIN, LAMBDA_ENDPOINT, OPENAI_API_KEY; needs Node)
	@$(BIN)/python -m emulator.dev
e2e: $(BIN)/.ready frontend ## The chat page in Chromium, on make dev (ARGS="-g Stop", RECORD=1 writes docs/images/chat.png, CHROMIUM=path)
	@cd frontend && node_modules/.bin/playwright test $(ARGS)

setup: $(BIN)/.ready ## Make .venv with everything the other targets need

# uv comes from its own hashed lock; everything else is installed by it, from hashed locks as well.
$(BIN)/.ready: requirements/uv.txt requirements/dev.txt
	@bash scripts/setup.sh "$(PYTHON)"
	@touch $@

lock: $(BIN)/.ready ## Write requirements/*.txt anew from pyproject.toml (UPGRADE=1 takes newer versions)
	@bash scripts/lock.sh

format: $(BIN)/.ready ## Format and sort imports
	@$(BIN)/ruff check --fix-only -q . ; $(BIN)/ruff format .

lint: $(BIN)/.ready ## Formatting, lint, strict types, shell scripts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/shellcheck -x scripts/*.sh .ci/run

test: $(BIN)/.ready ## All tests, with branch coverage
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest
	@$(BIN)/coverage combine -q
	@$(BIN)/coverage report

# Both halves at the same time, each on a core of its own; the exit code is that of whichever failed.
.PHONY: test-unit
test-unit: $(BIN)/.ready ## Tests that need neither Docker nor engine, in under a minute on two cores (with Node, encoders also against the real clients)
	@$(BIN)/pytest -q tests/infra --ignore tests/infra/engine --ignore tests/infra/test_metric_names.py \
	  --ignore tests/infra/test_log_queries.py & infra=$$!; \
	lambda=0; $(BIN)/pytest -q -p no:cacheprovider tests/policy tests/chat --ignore tests/policy/test_pack.py \
	  --ignore tests/chat/function --ignore tests/chat/sources/test_litellm_source.py \
	  --ignore tests/chat/aws/test_secrets_manager.py \
	  --ignore tests/chat/messages/test_oracle.py --ignore tests/chat/messages/test_ui_oracle.py || lambda=$$?; \
	wait $$infra && exit $$lambda

.PHONY: docs
docs: $(BIN)/.ready ## Write the generated pages anew (needs the Pulumi engine)
	@$(BIN)/python -m scripts.configuration
	@$(BIN)/python -m scripts.costs
	@$(BIN)/python -m scripts.alarm_table
	@$(BIN)/python -m scripts.resource_table
	@$(BIN)/python -m scripts.protocol_table

# Node's packages lie beside their locks; npm writes this file of them last.
tests/clients/node_modules/.package-lock.json: tests/clients/package-lock.json
frontend/node_modules/.package-lock.json: frontend/package-lock.json
tests/clients/node_modules/.package-lock.json frontend/node_modules/.package-lock.json:
	@command -v npm >/dev/null || { echo "$(@:/node_modules/.package-lock.json=): npm is missing. Install Node 20.19, 22.12 or newer, which brings npm (https://nodejs.org; Debian 13: apt-get install nodejs npm)." >&2; exit 1; }
	@cd $(@:/node_modules/.package-lock.json=) && npm ci --no-progress --loglevel=error
	@touch $@

.PHONY: clients frontend
clients: tests/clients/node_modules/.package-lock.json ## The real chat clients, for the tests that drive them (needs Node)
frontend: frontend/node_modules/.package-lock.json ## The chat page's packages (needs Node; make dev fetches them itself)

.PHONY: page lint-frontend test-frontend
page: frontend ## Build the chat page into frontend/dist, for any static host (LAMBDA_ENDPOINT=https://…)
	@cd frontend && npm run --silent build
lint-frontend: frontend ## The chat page's formatting, lint and strict types
	@cd frontend && npm run --silent check
test-frontend: frontend ## The chat page's unit tests
	@cd frontend && npm test --silent -- --reporter=default --reporter=json --outputFile.json=../.cache/page-unit-tests.json

# The local test cycle on the image that stands behind a Function URL; scripts/streaming_container.sh has its settings.
.PHONY: test-streaming test-streaming-build test-streaming-run test-streaming-curl test-streaming-stop test-rie
test-streaming: $(BIN)/.ready ## Build the image, run both functions, check their answers, clean up (PORT, OPENAI_API_KEY, BASE_IMAGE)
	@bash scripts/streaming_container.sh all
test-streaming-build: $(BIN)/.ready ## Build the image (BASE_IMAGE, LITELLM=1, PLATFORM=linux/arm64)
	@bash scripts/streaming_container.sh build
test-streaming-run: $(BIN)/.ready ## Run the image on port 9000 (PORT) under AWS's emulator (HANDLER=chat.app.handler)
	@bash scripts/streaming_container.sh run
test-streaming-curl: $(BIN)/.ready ## Check the answers of what test-streaming-run started
	@bash scripts/streaming_container.sh curl
test-streaming-stop: ## Stop what test-streaming-run started
	@bash scripts/streaming_container.sh stop
test-rie: $(BIN)/.ready ## The same checks without Docker: AWS's emulator runs lambda/ on this machine
	@bash scripts/streaming_host.sh

# The function in the cloud; scripts/pulumi_stack.sh has the settings of the first three.
.PHONY: deploy destroy logs smoke
deploy: $(BIN)/.ready ## pulumi up, and where the stack answers (STACK=dev, YES=1 does not ask)
	@bash scripts/pulumi_stack.sh deploy
destroy: $(BIN)/.ready ## pulumi destroy (STACK=dev, YES=1 does not ask)
	@bash scripts/pulumi_stack.sh destroy
logs: ## Follow the stack's logs (STACK=dev, SINCE=10m, HANDLER=chat.app.handler; needs the AWS CLI)
	@bash scripts/pulumi_stack.sh logs
smoke: $(BIN)/.ready ## Does ENDPOINT=URL stream? Times of a real answer (MESSAGE, ORIGIN=https://page, AUTH=AWS_IAM, HANDLER, TIMEOUT)
	@$(BIN)/python -m scripts.smoke

.PHONY: bench
bench: $(BIN)/.ready ## Speed and memory beside what people use today (ONLY="cold burst", ROUNDS=3, BENCH_PYTHON=python3.13, RECORD=1)
	@$(BIN)/python -m benchmarks.run $(if $(BENCH_PYTHON),--python $(BENCH_PYTHON)) $(if $(ONLY),--only $(ONLY)) $(if $(ROUNDS),--rounds $(ROUNDS))
	@$(if $(RECORD),$(BIN)/python -m benchmarks.record)

.PHONY: check
check: lint lint-frontend test test-frontend page e2e ## All that CI runs (needs Docker, the Pulumi engine, Node, Chromium: CONTRIBUTING.md)
	@$(BIN)/python -m scripts.no_skips .cache/page-unit-tests.json frontend/test-results/report.json
	@bash scripts/check_locks.sh
	@$(BIN)/python -m scripts.configuration --check
	@$(BIN)/python -m scripts.costs --check
	@$(BIN)/python -m scripts.alarm_table --check
	@$(BIN)/python -m scripts.resource_table --check
	@$(BIN)/python -m scripts.protocol_table --check
	@env -u OPENAI_API_KEY -u CHAT_MODEL -u CHAT_SOURCE bash scripts/streaming_host.sh
	@$(BIN)/python -m scripts.with_stand_in_model bash scripts/streaming_host.sh
	@env -u OPENAI_API_KEY -u CHAT_MODEL -u CHAT_SOURCE bash scripts/streaming_container.sh all
	@$(BIN)/python -m scripts.with_stand_in_model bash scripts/streaming_container.sh all
