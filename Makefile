.DEFAULT_GOAL := help
PYTHON ?= python3

.PHONY: help run stop listen test bench fmt clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
	@echo "  Ports: SIGNALBOX_GATEWAY_PORT (6001), SIGNALBOX_METRICS_PORT (9601),"
	@echo "  SIGNALBOX_CONSOLE_PORT (8000), SIGNALBOX_CONSOLE_METRICS_PORT (9602),"
	@echo "  SIGNALBOX_POSTGRES_PORT (5433)."
	@echo "  DATABASE_URL: a Postgres to use instead of a private one."

run: ## install what is missing, build, start everything on this machine
	@exec $(PYTHON) -B infra/dev/run.py

stop: ## end what `make run` started
	@$(PYTHON) -B infra/dev/stop.py

listen: ## print what an app's webhooks are told: `make listen APP=1234567890`, the token in SIGNALBOX_TOKEN
	@exec $(PYTHON) -B cli/signalbox listen --app "$(APP)" $(ARGS)

test: ## every check and test: `make test ONLY=rust,e2e` runs some of the suites
	@$(PYTHON) -B infra/dev/test.py $(if $(ONLY),--only $(ONLY))

bench: ## the benchmark table
	@$(PYTHON) -B e2e/bench/run.py

fmt: ## format the Rust and the console
	@cargo fmt --all
	@cd web-console && npm run --silent format --if-present

clean: ## stop, and forget the state and everything built
	@$(PYTHON) -B infra/dev/stop.py --clean
