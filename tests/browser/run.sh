#!/bin/sh
# Tests the report's page and the live pages in Chromium.
#
#   tests/browser/run.sh                  makes a run and a large capture, and tests their pages
#   tests/browser/run.sh PAGE [LARGE]     tests pages that are there already
#
# Needs node, npm and Chromium (CHROMIUM names another than /usr/bin/chromium). Nothing outside this folder is touched.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

if [ $# -gt 0 ]; then
    page=$1
    large=${2:-}
else
    wirelab=${WIRELAB:-"cargo run --quiet --manifest-path $root/Cargo.toml --package wirelab --"}
    $wirelab run-all --wire virtual --interval 10s --seed 1 \
        --pcap-dir "$work/pcap" --report-dir "$work/report" >/dev/null
    $wirelab run web --wire virtual --interval 1s --updates 3330 --seed 1 \
        --pcap-dir "$work/large-pcap" --report-dir "$work/large" >/dev/null
    page=$work/report/index.html
    large=$work/large/index.html
fi

cd "$here"
[ -d node_modules/playwright-core ] || npm install --no-audit --no-fund --no-package-lock --silent
# Started and ended by the tests themselves.
program=${WIRELAB:-$root/target/debug/wirelab}
[ -n "${WIRELAB:-}" ] || cargo build --quiet --manifest-path "$root/Cargo.toml" --package wirelab
WIRELAB_PROGRAM=$program PAGE=$(realpath "$page") LARGE=$([ -z "$large" ] || realpath "$large") node --test --test-concurrency=1 ./*.test.js
