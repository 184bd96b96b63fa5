# Short names for what people do with the lab. `just` alone lists them.

# Show this list
default:
    @just --list --unsorted

# Run all five apps for 40 seconds: captures in pcap/, report in reports/
[group('run')]
run-all *ARGS:
    cargo lab run-all {{ARGS}}

# The same with an update every second: done in 5 seconds
[group('run')]
quick *ARGS:
    cargo lab run-all --interval 1s {{ARGS}}

# Serve one app (tcp, web, ajax, sse or ws) to open in a browser or with netcat
[group('run')]
serve APP *ARGS:
    cargo lab serve {{APP}} {{ARGS}}

# A page for each app (or for a server of your own: --to HOST:PORT) with the packets that you cause, as they happen
[group('run')]
live *ARGS:
    cargo lab live {{ARGS}}

# Make the report again from the captures in pcap/
[group('run')]
report *ARGS:
    cargo lab report {{ARGS}}

# Make pcap/samples and reports/samples again
[group('develop')]
samples:
    cargo lab samples

# Run all tests
[group('develop')]
test:
    cargo test --workspace

# Formatting, lints and the documentation's links: seconds, no privileges
[group('develop')]
check:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- -D warnings
    RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items

# Everything that the server checks; installs what it needs
[group('develop')]
ci:
    .ci/run

# Feed every decoder with made-up bytes, each for 20 seconds or as long as told
[group('develop')]
fuzz *ARGS:
    fuzz/run.sh {{ARGS}}

# Run the benchmarks; then the comparison with other programs
[group('develop')]
bench *ARGS:
    cargo bench --workspace {{ARGS}}
    benches/compare.sh

# Measure the analyzer on large captures beside tshark, tcpdump, capinfos and cat
[group('develop')]
compare *ARGS:
    benches/compare.sh {{ARGS}}
