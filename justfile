# The one list of steps. Each is a cargo command, so nothing here needs just.

# List the steps.
default:
    @just --list

# Three embedded MCP servers, the proxy in front, and a walk through it.
demo *ARGS:
    cargo run --release -- demo {{ARGS}}

# Everything: peers, style, lints, licences and all tests.
test *ARGS:
    cargo xtask test {{ARGS}}

# Compare with the other proxies, and write bench/RESULTS.md.
bench *ARGS:
    cargo xtask bench {{ARGS}}

# The checker against real chains, good and broken, and write docs/check-matrix.md.
matrix *ARGS:
    cargo xtask matrix {{ARGS}}

# Style and the architecture's invariants.
tidy:
    cargo xtask tidy

# The guide, to target/book/html; --check runs every block and follows every link, --browser opens it in Chromium.
book *ARGS:
    cargo xtask book {{ARGS}}

# Write the documents that are made from the code.
docs *ARGS:
    cargo xtask docs {{ARGS}}

# Install the real products that tests and benches run against.
peers *ARGS:
    cargo xtask peers {{ARGS}}

# Format.
fmt:
    cargo fmt --all

# Lints, as the tests want them.
lint:
    cargo clippy --workspace --all-targets -- -D warnings
