# `make demo` and `make test` are all that a newcomer needs. Both say what is missing.

BUF := web-tools/node_modules/.bin/buf

.DEFAULT_GOAL := help
.PHONY: help
# Every line of this file that begins with `## ` is shown.
help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## make demo         build everything and serve a simulated province
## make cluster      two instances over one PostgreSQL, serving a simulated province
## make test         everything that a change must pass
## make clients      the clients in clients/ against the program, in the languages whose tools are there
## make build        the program with the dashboard in it, for release
## make static       the program as one file that needs nothing else
## make image        the container image, built and tried
## make bench        speed, beside an echo, PostgreSQL and DuckDB; make bench-publish puts it into docs/
## make faults       kills, power cuts, failing disks and more, at length
## make patroni      PostgreSQL's failovers on three machines that are network namespaces
## make fuzz         every reader of documents against made-up inputs
## make advisories   known vulnerabilities of what is linked in
## make sbom         what the program is made of

.PHONY: demo test build static check-tools dashboard dashboard-test screenshots contract fmt lint deny bench bench-publish fuzz faults

check-tools:
	@command -v cargo >/dev/null || { echo "cargo is missing: install a Rust toolchain (rustup)"; exit 1; }
	@command -v cc >/dev/null || { echo "installing a C compiler"; apt-get update -q && apt-get install -y -q build-essential; }
	@command -v curl >/dev/null && command -v openssl >/dev/null || { echo "installing curl and openssl"; apt-get update -q && apt-get install -y -q curl openssl; }

# With the dashboard in it where Node is there, without it otherwise: the service says so.
build: check-tools
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory dashboard; \
		else echo "npm is missing: building without the dashboard (install Node.js 20 or later to have it)"; fi
	cargo build --release --locked

# One file that needs nothing else on the machine; needs musl-tools and the Rust target.
static: check-tools
	cargo build --release --locked --target x86_64-unknown-linux-musl

# Not `npm ci`: one platform's binary of buf is not to be had everywhere, and it insists on all of them.
NPM_INSTALL := npm install --no-save --no-audit --no-fund --loglevel=error

$(BUF): web-tools/package.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or later"; exit 1; }
	$(NPM_INSTALL) --prefix web-tools
	@touch $@

web/node_modules/.installed: web/package.json web/package-lock.json
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or later"; exit 1; }
	$(NPM_INSTALL) --prefix web
	@touch $@

# The client is generated from the contract each time, so it never lags behind.
dashboard: $(BUF) web/node_modules/.installed
	cd web && PATH="$$PWD/node_modules/.bin:$$PATH" ../$(BUF) generate
	npm --prefix web run --silent build -- --logLevel warn

# Types, units, and a browser against the real program.
dashboard-test: dashboard
	npm --prefix web run --silent check
	npm --prefix web test --silent
	@command -v chromium >/dev/null || { echo "installing chromium"; apt-get update -q && apt-get install -y -q chromium; }
	cargo build --locked
	npm --prefix web run --silent e2e

# The pictures of the documentation, of the demonstration, in both languages.
screenshots: dashboard
	cargo build --locked
	npm --prefix web run --silent screenshots

# The dashboard in a browser at 10,000 agencies (AGENCIES): until figures are there, what is sent, frames while scrolling.
.PHONY: dashboard-bench
dashboard-bench: dashboard
	cargo build --release --locked
	HUIZONG=$(CURDIR)/target/release/huizong npm --prefix web run --silent measure

demo: build
	target/release/huizong demo

# On the system's PostgreSQL, which is installed where it is missing, in a temporary folder.
.PHONY: cluster
cluster: build
	scripts/cluster target/release/huizong

# The contract stays lint-clean, and never breaks what was last released (the tree at the last change of
# proto/RELEASED).
contract: $(BUF)
	$(BUF) lint proto
	$(BUF) format --diff --exit-code proto
	scripts/check-contract $(BUF)

# Code of other languages, made of the contract and compiled, for those whose tools are there.
.PHONY: languages
languages:
	scripts/check-languages target/tools/languages

# A form that was written as OFD, opened by a reader that is not ours, where that can be had.
.PHONY: ofd
ofd:
	scripts/check-ofd target/tools/ofd tests/fixtures/documents/written/form.ofd

# The clients that people copy, in every language whose tools are there, against the program itself.
.PHONY: clients
clients: $(BUF)
	cargo build --locked
	scripts/test-clients target/debug/huizong target/tools/clients

fmt:
	cargo fmt --check

lint:
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings -A rustdoc::private_intra_doc_links" cargo doc --locked --no-deps --lib --document-private-items

# Licences, sources and bans of everything linked in. Advisories need the network's database of them: `make advisories`.
DENY_VERSION := 0.20.2
DENY := target/tools/bin/cargo-deny
$(DENY):
	cargo install cargo-deny --version $(DENY_VERSION) --locked --root target/tools

deny: check-tools $(DENY)
	$(DENY) check bans licenses sources

# What the program is linked from and what the dashboard bundles, with versions and licences (CycloneDX), in target/sbom.
# References are made of names and versions alone: the tools' own name folders and registries. npm calls a project by its
# folder, and `npm sbom --omit dev` also leaves out what tools for development need besides (npm 11.19), so it is shown a
# project without any.
CYCLONEDX_VERSION := 0.5.9
CYCLONEDX := target/tools/bin/cargo-cyclonedx
$(CYCLONEDX):
	cargo install cargo-cyclonedx --version $(CYCLONEDX_VERSION) --locked --root target/tools

SBOM := target/sbom
.PHONY: sbom
sbom: check-tools $(CYCLONEDX)
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or later"; exit 1; }
	rm -rf $(SBOM)
	mkdir -p $(SBOM)/huizong-dashboard
	$(CYCLONEDX) cyclonedx --quiet --format json --spec-version 1.5 --no-build-deps --override-filename huizong.cdx
	sed -e 's|"path+file://[^"#]*#|"|' -e 's|"registry+[^"#]*#|"|' -e 's|?download_url=file://\.||' \
		huizong.cdx.json > $(SBOM)/huizong.cdx.json
	rm huizong.cdx.json
	cp web/package.json web/package-lock.json $(SBOM)/huizong-dashboard
	cd $(SBOM)/huizong-dashboard && npm pkg delete devDependencies && \
		npm install --package-lock-only --offline --no-audit --no-fund --silent && \
		npm sbom --package-lock-only --sbom-format cyclonedx --sbom-type application > ../dashboard.cdx.json
	rm -r $(SBOM)/huizong-dashboard
	scripts/check-sbom $(SBOM)

# Kubernetes' own schemas, strictly: what they do not know is refused.
KUBERNETES_VALIDATE_VERSION := 1.37.0
PYTHON := target/tools/python
KUBERNETES_VALIDATE := $(PYTHON)/bin/kubernetes-validate
$(KUBERNETES_VALIDATE):
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "installing Python's venv"; apt-get update -q && apt-get install -y -q python3-venv; }
	python3 -m venv $(PYTHON)
	$(PYTHON)/bin/pip install --quiet --disable-pip-version-check kubernetes-validate==$(KUBERNETES_VALIDATE_VERSION)

.PHONY: manifests
manifests: $(KUBERNETES_VALIDATE)
	$(KUBERNETES_VALIDATE) --strict --quiet deploy/kubernetes/bootstrap.yaml deploy/kubernetes/base/huizong.yaml \
		deploy/kubernetes/components/backups/backups.yaml
	@command -v kubectl >/dev/null || echo "kubectl is missing: the overlays are not built, only their parts are checked"
	@! command -v kubectl >/dev/null || for overlay in trial production instances; do \
		scripts/check-overlay $$overlay $(KUBERNETES_VALIDATE) || exit 1; done

# The image around the static program, built and run as a deployment runs it; needs podman and buildah.
.PHONY: image
image: dashboard static
	scripts/check-image target/x86_64-unknown-linux-musl/release/huizong

.PHONY: advisories
advisories: check-tools $(DENY)
	$(DENY) check advisories

# Traces are off unless the program is built with them; beyond what the other tests have compiled that is little.
.PHONY: otel
otel: check-tools
	cargo test --locked --features otel --test integration traces

test: check-tools fmt contract languages ofd lint deny manifests sbom
	cargo test --locked --all-targets
	cargo test --locked --doc
	$(MAKE) --no-print-directory otel
	$(MAKE) --no-print-directory clients
	$(MAKE) --no-print-directory dashboard-test

# What the service does in a second and how long its answers take, beside an echo, a bare service that only inserts into
# PostgreSQL (benches/peer), PostgreSQL and DuckDB: docs/performance.md.
# PROVINCES are of AGENCIESxYEARS; MEASURES picks some of: start query submit latency watch mixed pauses validation
# documents growth. BENCH_DISK is a folder on the disk to measure that every user may enter, BENCH_SECONDS the length of a round.
PROVINCES ?= 10000x10
MEASURES ?=
BENCH_DISK ?= /var/tmp
BENCH_SECONDS ?= 2
export BENCH_DISK BENCH_SECONDS
DUCKDB_VERSION := 2.0.1
MATPLOTLIB_VERSION := 3.11.2
BENCH_PYTHON := target/tools/bench
bench: check-tools $(BENCH_PYTHON)/.installed
	@ls /usr/lib/postgresql/*/bin/pgbench >/dev/null 2>&1 || command -v pgbench >/dev/null || \
		{ echo "installing PostgreSQL"; apt-get update -q && apt-get install -y -q postgresql; }
	rm -rf target/bench
	cargo build --release --locked --manifest-path benches/peer/Cargo.toml --target-dir target/tools/peer
	BENCH_PEER=$(CURDIR)/target/tools/peer/release/huizong-bench-peer cargo bench --locked --bench rpc -- $(MEASURES) $(PROVINCES)
	$(BENCH_PYTHON)/bin/python benches/databases.py $(PROVINCES)
	$(BENCH_PYTHON)/bin/python benches/report.py

# Puts the tables and plots of the newest `make bench` into docs/.
bench-publish: $(BENCH_PYTHON)/.installed
	$(BENCH_PYTHON)/bin/python benches/report.py --publish

$(BENCH_PYTHON)/.installed: Makefile
	@python3 -c 'import ensurepip, venv' 2>/dev/null || { echo "installing Python's venv"; apt-get update -q && apt-get install -y -q python3-venv; }
	python3 -m venv $(BENCH_PYTHON)
	$(BENCH_PYTHON)/bin/pip install --quiet --disable-pip-version-check duckdb==$(DUCKDB_VERSION) matplotlib==$(MATPLOTLIB_VERSION)
	@touch $@

# Faults at length, with a table at the end: what is killed, cut off, filled, damaged, malformed and kept waiting, and an
# hour (SOAK_SECONDS) at half of the measured rate. Some two hours; a short run of each but the last is part of `make test`.
# FAULTS picks some of: model history stops kill power-cut disk damage wounds input connections soak; model is the service beside a
# naive model of it, MODEL_HISTORIES random histories of MODEL_STEPS steps each, from MODEL_SEED on. Built for development on purpose:
# sums that overflow would be noticed. Needs 20,000 open files for 10,000 connections (`ulimit -n`), and says where it has
# fewer.
SOAK_SECONDS ?= 3600
FAULTS_SEED ?= 1
FAULTS ?= model history stops kill power-cut disk damage wounds input connections soak
MODEL_HISTORIES ?= 300
MODEL_STEPS ?= 250
MODEL_SEED ?= $(FAULTS_SEED)
faults: export MODEL_HISTORIES := $(MODEL_HISTORIES)
faults: export MODEL_STEPS := $(MODEL_STEPS)
faults: export MODEL_SEED := $(MODEL_SEED)
faults: check-tools
	$(if $(filter model,$(FAULTS)),cargo test --locked --test integration -- --nocapture every_answer)
	$(if $(filter-out model,$(FAULTS)),cargo test --locked --test faults -- long $(filter-out model,$(FAULTS)) --soak-seconds $(SOAK_SECONDS) --seed $(FAULTS_SEED))

# Switchover, loss of a machine and partition under Patroni, PATRONI_ROUNDS of each; root is needed, for network namespaces. The
# programs lie where the user of PostgreSQL may read them.
PATRONI := 4.1.5
PATRONI_ROUNDS ?= 20
PATRONI_FOLDER := /var/tmp/huizong-patroni-$(PATRONI)
.PHONY: patroni
patroni: check-tools
	@command -v etcd >/dev/null && command -v ip >/dev/null && command -v psql >/dev/null || \
		{ echo "installing etcd and PostgreSQL"; apt-get update -q && apt-get install -y -q etcd-server iproute2 postgresql python3-venv; }
	@test -x $(PATRONI_FOLDER)/bin/patroni || \
		{ /usr/bin/python3 -m venv $(PATRONI_FOLDER) && $(PATRONI_FOLDER)/bin/pip install -q 'patroni[etcd3]==$(PATRONI)' psycopg2-binary; }
	PATH=$(PATRONI_FOLDER)/bin:$$PATH cargo test --locked --test faults -- long switchover node-loss partition --rounds $(PATRONI_ROUNDS)

# Documents made at random, each with what is known to be printed in it, until DOCUMENT_CELLS of their cells are read; then
# some by way of an office suite and a browser, where these are installed. A short run without them is part of `make test`.
DOCUMENT_CELLS ?= 1000000
DOCUMENTS_SEED ?= 1
.PHONY: documents
documents: check-tools
	@fc-list :lang=zh 2>/dev/null | grep -q . || { echo "installing a Chinese font: without one, prints cannot be read"; apt-get update -q && apt-get install -y -q fontconfig fonts-noto-cjk; }
	cargo test --locked --test generated_documents -- --cells $(DOCUMENT_CELLS) --seed $(DOCUMENTS_SEED) --office

# Every reader of documents against inputs of a fuzzer, FUZZ_SECONDS each; seeded with the fixtures. No sanitizer: there
# is no unsafe code of ours to find faults of memory in. A short run of
# random damage is part of `make test`.
FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= $(basename $(notdir $(wildcard fuzz/targets/*.rs)))
fuzz: check-tools
	@cargo +nightly --version >/dev/null 2>&1 || { echo "fuzzing needs the nightly toolchain: rustup toolchain install nightly"; exit 1; }
	@cargo fuzz --version >/dev/null 2>&1 || { echo "cargo-fuzz is missing: cargo install cargo-fuzz --locked"; exit 1; }
	for target in $(FUZZ_TARGETS); do \
		mkdir -p fuzz/corpus/$$target; \
		cargo +nightly fuzz run --sanitizer none $$target fuzz/corpus/$$target tests/fixtures/documents -- \
			-max_total_time=$(FUZZ_SECONDS) -timeout=30 -rss_limit_mb=2048 -max_len=65536 || exit 1; \
	done
