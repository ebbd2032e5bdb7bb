# Every target is safe to repeat. One release profile serves all of them, so polars is compiled once (about twelve minutes on two cores).
CARGO ?= cargo
PYTHON ?= python3
TOWN := data-samples/town
WORK ?= work
LUHENG := target/release/luheng
OUTSIDE := ../shared/checks/contract.py

.PHONY: run test check bench bench-night bench-peers bench-models golden outside audit tools help

help:
	@echo "make run      build, run the nightly batch on the sample town, print where the pages are"
	@echo "make test     every test of the workspace"
	@echo "make check    format, lints and the rules of the house"
	@echo "make bench    all of bench-night and bench-peers"
	@echo "make bench-night  a town of 100,000 debtors: rows a second and memory of each stage (DEBTORS=n for another size)"
	@echo "make bench-peers  ingest beside DuckDB and pyarrow, features beside DuckDB, value by value, ratings beside LightGBM, linkage beside Splink: ratios (ROWS=n, FEATURES=n: rows of the first, debtors of the second)"
	@echo "make bench-models  binning, scorecard, additive model, trees, effects and neighbours beside their peers; writes models/benches/RESULTS.md"
	@echo "make golden   accept what the run writes now as what it should write"
	@echo "make outside  the contract, checked on WORK by a program that shares no code with this one"
	@echo "make audit    licences and advisories of every dependency, by cargo-deny"

run: tools
	$(CARGO) build --release --workspace
	$(LUHENG) nightly --config $(TOWN)/luheng.toml --input $(TOWN) --work $(WORK)

# nextest where the machine has it, else cargo's own runner: the same tests.
test: tools
	@if $(CARGO) nextest --version >/dev/null 2>&1; then \
		echo "$(CARGO) nextest run --release --workspace"; $(CARGO) nextest run --release --workspace; \
	else \
		echo "$(CARGO) test --release --workspace"; $(CARGO) test --release --workspace; \
	fi

check: tools
	$(CARGO) fmt --all --check
	$(CARGO) clippy --release --workspace --all-targets -- -D warnings
	$(CARGO) test --release --workspace --test house house::

bench: bench-night bench-peers

bench-night: tools
	$(CARGO) build --release --workspace
	$(PYTHON) benches/night.py --luheng $(LUHENG) $(if $(DEBTORS),--debtors $(DEBTORS))

# The peers are installed into benches/peers/.venv, nowhere else.
bench-peers: tools
	$(CARGO) build --release --workspace
	$(PYTHON) benches/peers/ingest.py --luheng $(LUHENG) $(if $(ROWS),--rows $(ROWS))
	$(PYTHON) benches/peers/features.py --luheng $(LUHENG) $(if $(FEATURES),--debtors $(FEATURES))
	$(PYTHON) benches/peers/rating.py --luheng $(LUHENG)
	$(PYTHON) benches/peers/linkage.py

# Likewise into models/benches/.venv.
bench-models: tools
	$(PYTHON) models/benches/peers.py

golden: tools
	UPDATE_GOLDEN=1 $(CARGO) test --release --workspace --test house golden::
	git status --short tests/golden

# pyarrow lives in a folder of its own; nothing is installed into the system's Python.
outside:
	@if [ ! -f $(OUTSIDE) ]; then \
		echo "outside check skipped: $(OUTSIDE) is not on this machine"; \
	elif [ ! -e $(WORK)/current ]; then \
		echo "nothing published in $(WORK): run 'make run' first" >&2; exit 1; \
	else \
		{ .venv/bin/python -c 'import pyarrow' 2>/dev/null || { $(PYTHON) -m venv .venv && .venv/bin/pip install --quiet pyarrow; }; } && \
		.venv/bin/python $(OUTSIDE) $(WORK); \
	fi

audit:
	@command -v cargo-deny >/dev/null || { echo "cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
	cargo deny check

# zstd and ring hold C code, so a C compiler is needed beside cargo. Root on Debian gets it; anyone else is told what to ask for.
tools:
	@command -v $(CARGO) >/dev/null || { echo "cargo is missing: install Rust (rust-toolchain.toml names the version) from https://rustup.rs" >&2; exit 1; }
	@command -v cc >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq gcc libc6-dev; \
		else echo "a C compiler is missing: sudo apt-get install gcc libc6-dev" >&2; exit 1; fi; }
