# Two commands: `make up` and `make test`. Everything else is listed by `make help`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/pip install -qq --disable-pip-version-check --constraint requirements.lock
NODE_OK := node -e 'const [a,b]=process.versions.node.split(".");process.exit(+a>22||(+a==22&&+b>=15)?0:1)'

.DEFAULT_GOAL := help
.PHONY: help up test demo seed seed-both-ways demo-plug beside-others lint types schema lock clean bench chaos crypto-fuzz compose-corpus audit access-matrix interference fuzz fuzz-doors bench-contest bench-domain bench-ledger flame other-gateways contract ledger-chaos

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: CredGraph needs Python 3.11 or newer; set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
		|| { echo "make: python3 can't make a virtual environment (on Debian: apt-get install python3-venv)" >&2; exit 1; }

$(VENV)/.run: $(BIN)/python pyproject.toml requirements.lock
	@echo "installing CredGraph into $(VENV)"
	@$(PIP) --editable '.[embedded,sm2]'
	@{ command -v node >/dev/null && $(NODE_OK); } || $(PIP) --editable '.[node]'
	@touch $@

$(VENV)/.test: $(VENV)/.run
	@echo "installing what the tests need into $(VENV)"
	@$(PIP) --editable '.[embedded,sm2,dev,node,otel]'
	@touch $@

$(VENV)/.bench: $(VENV)/.test
	@echo "installing what measurements need into $(VENV)"
	@$(PIP) --editable '.[bench]'
	@touch $@

up: $(VENV)/.run ## start everything, print the address of GraphiQL
	@$(BIN)/python -m gateway.graphiql.build
	@$(BIN)/python -m subgraphs.demo up

demo: $(VENV)/.run ## play the whole journey against the running system
	@$(BIN)/python -m subgraphs.demo play

seed: $(VENV)/.run ## a synthetic population into the running system (SIZE=S|M|L, 50 to 100 000 people)
	@$(BIN)/python -m subgraphs.demo seed --size $(or $(SIZE),S)

seed-both-ways: $(VENV)/.test ## size S loaded and made by mutations, document by document
	@$(BIN)/pytest -q -m whole tests/e2e/test_load.py

test: $(VENV)/.test ## lint, types, import rules, every test
	@$(MAKE) --no-print-directory lint types schema
	@$(BIN)/pytest -q --durations=10

lint: $(VENV)/.test ## ruff and the import rules
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(VENV)/.test ## mypy --strict
	@$(BIN)/mypy gateway subgraphs ledger_adapter tests bench

schema: $(VENV)/.test ## fail when a committed schema file is stale
	@$(BIN)/python -m subgraphs.kit.sdl --check
	@$(BIN)/credgraph compose --config schema/supergraph.yaml --check

chaos: $(VENV)/.test ## faults of every kind for an hour, judged by the log (ORACLE="--minutes 5")
	@$(BIN)/pytest -q -m chaos tests/e2e
	@$(BIN)/python -m tests.oracle $(ORACLE)

demo-plug: $(VENV)/.run ## revocations counted live while the plug is pulled on one part after the other
	@$(BIN)/python -m tests.oracle.plug

ledger-chaos: $(VENV)/.test ## 500 times kill -9 of a part of the ledger while events come in
	@CREDGRAPH_LEDGER_FAULTS=500 $(BIN)/pytest -q tests/ledger_adapter/test_chaos.py

interference: $(VENV)/.test ## four pairs of institutions, three seeds: somebody else's story changes no answer
	@$(BIN)/pytest -q -m 'whole or not whole' tests/access/test_interference.py

crypto-fuzz: $(VENV)/.test ## thousands of damaged keys, signatures, tokens and documents
	@CREDGRAPH_FUZZ=2000 $(BIN)/pytest -q tests/ledger_adapter/test_crypto_fuzz.py \
		tests/ledger_adapter/test_crypto_attacks.py tests/subgraphs/vc/test_fuzz.py

compose-corpus: $(VENV)/.test ## judge 1500 random schema sets as @apollo/composition does
	@$(BIN)/python -m tests.composition.corpus

audit: $(VENV)/.test ## the public audit of federation gateways, from AUDIT_DIR
	@$(BIN)/python -m tests.federation_audit

access-matrix: $(VENV)/.test ## who sees which field, each asked by itself; every rule of visibility changed once
	@$(BIN)/pytest -q -m 'whole or not whole' tests/access/test_matrix.py tests/access/test_rules.py

fuzz: $(VENV)/.test ## random operations against a monolith for half an hour
	@$(BIN)/python -m tests.differential --minutes 30

fuzz-doors: $(VENV)/.test ## damaged bytes at the doors of a gateway for ten minutes
	@$(BIN)/python -m tests.fuzz_doors --minutes 10

contract: $(VENV)/.test ## compile the registry contract, compare with what is committed, run Slither
	@$(BIN)/python -m tests.js.evm.contract --analyse

other-gateways: $(VENV)/.test ## our supergraphs in @apollo/gateway and Hive Gateway (installs both)
	@$(BIN)/pytest -q -m gateways tests/js

beside-others: $(VENV)/.test ## what a subscriber sees of Hive Gateway and of ours; writes the page in docs
	@$(BIN)/python -m tests.js.other_gateways.beside

bench: $(VENV)/.bench ## measure everything; fills docs/performance.md and its pictures (installs four other gateways)
	@$(BIN)/python -m bench --write

bench-contest: $(VENV)/.bench ## our gateway beside four others, to the terminal (CONTEST="--quick")
	@$(BIN)/python -m bench.contest $(CONTEST)

flame: $(VENV)/.bench ## where a request's time goes: a flame graph of the gateway under load, as SVG
	@$(BIN)/python -m bench.flame $(FLAME)

bench-domain: $(VENV)/.test ## the business in figures, size M loaded, beside its musts (DOMAIN="--people 300")
	@$(BIN)/python -m bench.domain $(DOMAIN)

bench-ledger: $(VENV)/.test ## the ledger's table of figures
	@$(BIN)/python -m bench.ledger

lock: $(VENV)/.test ## pin every dependency anew
	@$(PIP) uv
	@$(BIN)/uv pip compile --quiet --universal --all-extras --no-header --no-annotate --no-emit-index-url \
		pyproject.toml --output-file requirements.lock

clean: ## remove the environment and the data of the demo
	rm -rf $(VENV) .data
