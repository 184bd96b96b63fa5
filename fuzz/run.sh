#!/usr/bin/env bash
# Feeds every decoder with what libFuzzer makes up, each for 20 seconds or as long as told:
#
#   fuzz/run.sh [SECONDS] [TARGET...]
#
# Needs a C++ compiler (for libFuzzer) but no nightly Rust and no cargo-fuzz: the address sanitizer, which needs nightly,
# would find nothing in code without `unsafe`. What is found makes it fail, and is printed.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-20}
shift $(($# > 0 ? 1 : 0))
[[ $seconds =~ ^[0-9]+$ ]] && [ "$seconds" -gt 0 ] || { echo "usage: fuzz/run.sh [SECONDS] [TARGET...]" >&2; exit 2; }
if [ $# = 0 ]; then
  set -- fuzz_targets/*.rs
  set -- "${@#fuzz_targets/}"
  set -- "${@%.rs}"
fi

target_dir=../target/fuzz
host=$(rustc -vV | sed -n 's/^host: //p')

cargo run --quiet --locked --target-dir "$target_dir" --bin seeds

# What `cargo fuzz build --sanitizer none` asks of the compiler: count the edges and tell of comparisons.
flags=(--cfg fuzzing -Cpasses=sancov-module -Ccodegen-units=1 -Cdebug-assertions -Coverflow-checks)
for what in level=4 inline-8bit-counters pc-table trace-compares; do
  flags+=("-Cllvm-args=-sanitizer-coverage-$what")
done
bins=()
for target in "$@"; do bins+=(--bin "$target"); done
# With --target, so that the flags are not for build scripts.
RUSTFLAGS="${flags[*]}" cargo build --quiet --locked --release --target "$host" --target-dir "$target_dir" "${bins[@]}"

log=$(mktemp)
trap 'rm -f "$log"' EXIT
stat() { sed -n "s/^stat::$1: *//p" "$log"; }

# Bytes of a finding, short enough to copy from a log.
show() {
  printf '%s: fuzz/%s (%d bytes)\n' "$target" "$1" "$(wc -c <"$1")"
  echo "hex:"
  od -An -v -tx1 -N 4096 "$1"
  echo "base64:"
  base64 "$1"
  printf 'again: fuzz/run.sh 1 %s, or %s fuzz/%s\n' "$target" "target/fuzz/$host/release/$target" "$1"
}

findings=0
row='%-12s %8s %12s %12s %12s\n'
printf "$row" target seconds executions corpus "of them new"
for target in "$@"; do
  corpus=corpus/$target found=artifacts/$target
  mkdir -p "$corpus" "$found"
  known=$(find "$corpus" -type f | wc -l)
  options=(-max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 -max_len=20000 -print_final_stats=1)
  [ ! -f "dictionaries/$target.dict" ] || options+=(-dict="dictionaries/$target.dict")
  # What was found before comes first, until it is mended.
  before=$(find "$found" -type f | sort)
  begin=$SECONDS status=0
  for artifact in $before; do
    [ $status != 0 ] || "$target_dir/$host/release/$target" -timeout=25 -rss_limit_mb=2048 "$artifact" >"$log" 2>&1 || status=$?
    [ $status = 0 ] || break
  done
  if [ $status = 0 ]; then
    artifact=
    "$target_dir/$host/release/$target" "${options[@]}" -artifact_prefix="$found/" "$corpus" >"$log" 2>&1 || status=$?
  fi
  if [ $status != 0 ]; then
    findings=$((findings + 1))
    tail -n 60 "$log"
    [ -n "$artifact" ] || artifact=$(comm -13 <(printf '%s\n' "$before") <(find "$found" -type f | sort) | head -n 1)
    [ -z "$artifact" ] || show "$artifact"
  elif ! grep -q 'inline 8-bit counters' "$log"; then
    head -n 20 "$log"
    echo "$target was built without counters, so libFuzzer was blind" >&2
    exit 1
  fi
  now=$(find "$corpus" -type f | wc -l)
  printf "$row" "$target" $((SECONDS - begin)) "$(stat number_of_executed_units)" "$now" $((now - known))
done
[ $findings = 0 ] || { printf '%d of %d targets failed\n' $findings $# >&2; exit 1; }
