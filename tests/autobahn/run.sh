#!/bin/sh
# Plays the public Autobahn cases against `wirelab serve ws`, and compares with tests/autobahn/expected.txt.
#
#   tests/autobahn/run.sh            makes the binary, or takes the one that WIRELAB names; half a minute
#   tests/autobahn/run.sh --write    writes down what comes of it
#
# Needs Python 3.10 or newer with venv; installs kosoku, which brings the case files, into target/autobahn.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
venv=$root/target/autobahn
if [ -z "${WIRELAB:-}" ]; then
    cargo build --quiet --manifest-path "$root/Cargo.toml" --package wirelab
    WIRELAB=$root/target/debug/wirelab
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check kosoku==0.1.0

work=$(mktemp -d)
"$WIRELAB" serve ws --port 0 >"$work/address" &
server=$!
trap 'kill "$server" 2>/dev/null || :; wait "$server" || :; rm -rf "$work"' EXIT INT TERM
while [ ! -s "$work/address" ]; do
    kill -0 "$server" || { echo "the server did not start" >&2; exit 1; }
    sleep 0.1
done
page=$(cat "$work/address")
"$venv/bin/python" "$here/run.py" "ws://${page#http://}time" "$here/expected.txt" "$@"
