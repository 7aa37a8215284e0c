# What a person and CI run. `make` alone says what there is.

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help up demo check fmt lint docs licences unused test test-deep clean

# How `up` and `demo` build: release, or dev, which is built sooner and runs slower.
PROFILE ?= release
# More arguments for `orders up` or `orders demo`, e.g. ARGS=--fresh
ARGS ?=
# Where `check` installs the tools that it misses.
TOOLS_DIR ?= $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/order-platform/tools

# CI builds what Cargo.lock says; a person may be about to change it.
LOCKED := $(if $(CI),--locked)
TARGET_DIR = $(shell cargo metadata --no-deps --format-version 1 | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')
ORDERS = "$(TARGET_DIR)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/orders"

help: ## print this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## start the whole platform on this machine; Ctrl-C stops it, the data stay (PROFILE=dev, ARGS=--fresh)
	cargo build $(LOCKED) --profile $(PROFILE) --package platform
	exec $(ORDERS) up $(ARGS)

demo: ## send 15,000 TPC-H orders through the platform and compare every total (PROFILE=dev)
	cargo build $(LOCKED) --profile $(PROFILE) --package platform
	exec $(ORDERS) demo $(ARGS)

check: fmt lint docs licences unused ## all that needs no server: format, lints, documentation, licences, unused dependencies

fmt:
	cargo fmt --all --check

lint:
	cargo clippy $(LOCKED) --workspace --all-targets -- -D warnings

docs:
	RUSTDOCFLAGS='-D warnings' cargo doc $(LOCKED) --workspace --no-deps --document-private-items

licences: $(TOOLS_DIR)/bin/cargo-deny
	$< --workspace check --hide-inclusion-graph licenses bans sources

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

# Random lives of orders and random prices, plans over many rows, the platform's promises over many orders.
test-deep: PROFILE := dev
test-deep: ## properties with 10,000 cases, queries over 200,000 orders, reads after 10,000 writes and the like: hours
	PROPTEST_CASES=10000 cargo test $(LOCKED) --package domain
	cargo test $(LOCKED) --workspace --no-run
	TEST_DEEP=1 $(ORDERS) servers -- cargo test $(LOCKED) --package query-api --package e2e

clean: ## remove what was built and downloaded; the data of `up` stay (ARGS=--fresh removes those)
	cargo clean
	rm -rf .local/programs
