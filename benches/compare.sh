#!/usr/bin/env bash
# What does `wirelab analyze` cost on large captures, beside tshark, tcpdump, capinfos and cat?
#
#   benches/compare.sh [PACKETS] [RUNS]        defaults: 1000000 5
#
# Makes the captures (in $TMPDIR, removed at the end unless KEEP=1), runs each program in turn RUNS times after one
# run that is not counted, and prints a Markdown table of medians: CPU seconds (user + system), the largest resident
# memory, and the CPU seconds as a ratio to those of cat and of tshark. Programs that are not there are left out;
# tshark is run once, and on the large packets only with TSHARK_LARGE=1, for it takes minutes there.
# Needs GNU time (/usr/bin/time).
set -euo pipefail
cd "$(dirname "$0")/.."

packets=${1:-1000000}
runs=${2:-5}
TSHARK_LARGE=${TSHARK_LARGE:-}
folder=$(mktemp -d)
[ -n "${KEEP:-}" ] || trap 'rm -rf "$folder"' EXIT
tshark_fields=(-T fields -e tcp.stream -e frame.len -e tcp.hdr_len -e tcp.len)

if [ -z "${BUILT:-}" ]; then # BUILT=1 takes what is in target/release as it is.
    cargo build --quiet --release -p wirelab
    cargo build --quiet --release -p wirelab-analyze --example big_capture
fi
target=${CARGO_TARGET_DIR:-target}/release
# One run: "CPU-seconds memory-KiB" on standard output. The shell counts in milliseconds, GNU time in hundredths.
TIMEFORMAT='%3U %3S'
once() {
    { time /usr/bin/time -o "$folder/memory" -f '%M' "$@" >/dev/null 2>"$folder/errors" </dev/null; } 2>"$folder/time" || {
        echo "failed: $*" >&2
        cat "$folder/errors" >&2
        exit 1
    }
    echo "$(awk '{printf "%.3f", $1 + $2}' "$folder/time") $(tail -n 1 "$folder/memory")"
}

# The median run of a file with lines as `once` prints them: the middle CPU time, the largest memory.
median() {
    sort -n "$1" | awk '{cpu[NR] = $1; if ($2 > most) most = $2} END {print cpu[int((NR + 1) / 2)], most}'
}

programs=(cat)
command -v tcpdump >/dev/null && programs+=(tcpdump)
command -v capinfos >/dev/null && programs+=(capinfos)
programs+=(wirelab 'wirelab --format json')

run() {
    case $1 in
        cat) once cat "$2" ;;
        tcpdump) once tcpdump -r "$2" -w /dev/null ;;
        capinfos) once capinfos "$2" ;;
        wirelab) once "$target/wirelab" analyze "$2" ;;
        'wirelab --format json') once "$target/wirelab" analyze --format json "$2" ;;
        tshark) once tshark -r "$2" "${tshark_fields[@]}" ;;
    esac
}

describe() {
    case $1 in
        small) echo "small packets: conversations of the five apps" ;;
        large) echo "large packets: long bodies, chunks and WebSocket messages of 16 KiB, a third each" ;;
        pieces) echo "large packets: the same, with a chunk a segment, and a message and a ping a segment" ;;
    esac
}

for kind in small large pieces; do
    file=$folder/$kind.pcap
    "$target/examples/big_capture" "$kind" "$packets" "$file"
    echo
    echo "$packets $(describe "$kind"); $(($(stat -c %s "$file") / 1000000)) MB, median of $runs runs"
    echo
    echo '| program | CPU seconds | peak memory, MB | times cat | times less than tshark |'
    echo '|---|---:|---:|---:|---:|'
    for round in $(seq 0 "$runs"); do
        for program in "${programs[@]}"; do
            figures=$(run "$program" "$file")
            [ "$round" -eq 0 ] || echo "$figures" >>"$folder/$kind.$program"
        done
    done
    shown=("${programs[@]}")
    tshark=
    if command -v tshark >/dev/null && { [ "$kind" = small ] || [ "$kind$TSHARK_LARGE" = large1 ]; }; then
        run tshark "$file" >"$folder/$kind.tshark"
        tshark=$(median "$folder/$kind.tshark" | cut -d' ' -f1)
        shown+=(tshark)
    fi
    cat=$(median "$folder/$kind.cat" | cut -d' ' -f1)
    for program in "${shown[@]}"; do
        read -r cpu memory < <(median "$folder/$kind.$program")
        awk -v name="$program" -v cpu="$cpu" -v memory="$memory" -v cat="$cat" -v tshark="$tshark" 'BEGIN {
            printf "| %s | %.3f | %.0f | %s | %s |\n", name, cpu, memory / 1024,
                (cat + 0 > 0 ? sprintf("%.1f", cpu / cat) : "-"), (tshark != "" && cpu > 0 ? sprintf("%.0f", tshark / cpu) : "-")
        }'
    done
    [ -n "${KEEP:-}" ] || rm "$file"
done
