# What a person and CI run. `make` alone says what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up demo check fmt lint docs licences unused test test-deep bench bench-quick bench-large clean

# How `up` and `demo` build: release, or dev, which is built sooner and runs slower.
PROFILE ?= release
# More arguments for `orders up` or `orders demo`, e.g. ARGS=--fresh
ARGS ?=
# Where `check` installs the tools that it misses.
TOOLS_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/order-platform/tools

# CI builds what Cargo.lock says; a person may be about to change it.
LOCKED := $(if $(CI),--locked)
TARGET_DIR = $(shell cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
# The benchmarks are a workspace of their own (docs/adr/0006).
BENCH := --manifest-path bench/Cargo.toml
ORDERS = "$(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/orders"

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

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
	$< $(BENCH) --workspace check --config deny.toml --hide-inclusion-graph licenses bans sources

unused: $(TOOLS_DIR)/bin/cargo-machete
	$< --with-metadata

$(TOOLS_DIR)/bin/cargo-deny:
	cargo install --locked --root "$(TOOLS_DIR)" --version 0.20.2 cargo-deny

$(TOOLS_DIR)/bin/cargo-machete:
	cargo install --locked --root "$(TOOLS_DIR)" --version 0.9.2 cargo-machete

# Building the tests builds `orders` too, with the same features: one build for both.
test: PROFILE := dev
test: ## all tests, with throw-away PostgreSQL and NATS servers on free ports
	cargo test $(LOCKED) --workspace --no-run
	exec $(ORDERS) servers -- cargo test $(LOCKED) --workspace

# Random lives of orders and random prices; no server is needed.
test-deep: ## the domain's properties with 10,000 cases each instead of some hundred
	PROPTEST_CASES=10000 cargo test $(LOCKED) --package domain

# Figures are worth something only while the machine has nothing else to do.
bench: ## the platform and its log beside their peers, half an hour; the report goes to bench/results
	$(call run-bench)

bench-quick: ## the same cells once and for a second each, in under five minutes: do they work?
	$(call run-bench,--rounds 1 --seconds 1 --read-events 100000)

bench-large: ## appends to a log of 10 million events beside an empty one; needs 20 GB of disk
	$(call run-bench,--large 10000000)

define run-bench
	cargo build $(LOCKED) --release --package platform
	cargo build $(LOCKED) $(BENCH) --workspace --release --target-dir "$(TARGET_DIR)"
	exec $(ORDERS) servers --durable -- "$(TARGET_DIR)/release/bench" $(1) $(ARGS)
endef

clean: ## remove what was built and downloaded; the data of `up` stay (ARGS=--fresh removes those)
	cargo clean
	rm -rf .local/programs
