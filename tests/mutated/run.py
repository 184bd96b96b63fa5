#!/usr/bin/env python3
"""Feeds the program with damaged captures: no crash, no hang, no invalid JSON, nothing that acts on a terminal.

    tests/mutated/run.py [SECONDS] [SEED]

Each case is one of the project's samples with some bytes changed, cut, doubled, moved or replaced by hostile text; the same
seed makes the same cases. WIRELAB names the program. A case that fails is kept, and how to see it again is printed.
"""

import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIRELAB = os.environ.get("WIRELAB", str(ROOT / "target/release/wirelab"))
# Control characters but tab and line feed, in seven and eight bits; marks of direction; separators; the byte order mark.
ACTS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")
HOSTILE = [b"\x1b[2J", b"\x1b]0;mine\x07", "\u009b2J".encode(), "\u202e".encode(), "\u2028".encode(), b"\0", b"<script>alert(1)</script>",
           b"=cmd|' /C calc'!A0", b"\r\n\r\n", b"`|", b"\xff\xff\xff\xff", b"\x80\x00\x00\x00"]
LONGEST = 30


def mutated(data, chance):
    """A capture with one to twenty changes; most leave the file's header alone, so that there is something to read."""
    data = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 3, 5, 20])):
        start = 0 if chance.random() < 0.03 else 24
        if len(data) <= start + 8:
            break
        at = chance.randrange(start, len(data))
        kind = chance.randrange(6)
        if kind == 0:
            data[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            data[at] = chance.choice([0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)])
        elif kind == 2:
            text = chance.choice(HOSTILE)
            data[at:at + len(text)] = text
        elif kind == 3 and chance.random() < 0.2:
            del data[at:]
        elif kind == 4:
            length = chance.randrange(1, 200)
            data[at:at] = data[at:at + length]
        else:
            length, to = chance.randrange(1, 64), chance.randrange(start, len(data))
            data[to:to + length] = data[at:at + length]
    return bytes(data)


def ran(folder, arguments):
    """What the program says; a sentence where it must not end like that."""
    try:
        done = subprocess.run([WIRELAB, *arguments], cwd=folder, capture_output=True, timeout=LONGEST, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return b"", f"takes more than {LONGEST} s"
    if done.returncode not in (0, 1):
        return done.stdout, f"ends with {done.returncode}: {done.stderr[-300:]!r}"
    return done.stdout, acting(done.stdout, "standard output") or acting(done.stderr, "standard error")


def acting(data, where):
    try:
        text = data.decode().replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        return f"{where} is not UTF-8: {error}"
    found = ACTS.search(text)
    return found and f"{where} holds {text[max(found.start() - 30, 0):found.end() + 30]!r}"


def is_json(data, lines):
    try:
        for line in data.splitlines() if lines else [data] if data else []:
            json.loads(line)
    except ValueError as error:
        return f"is not JSON: {error}"


def fault(folder, chance):
    """What is wrong with what the program makes of case.pcap: the arguments and a sentence."""
    packet, connection = str(chance.randrange(1, 40)), str(chance.randrange(3))
    for arguments, lines in [
        (["analyze", "--format", "json", "case.pcap"], False),
        (["analyze", "--format", chance.choice(["table", "markdown", "csv"]), "case.pcap"], None),
        (["show", "--json", "case.pcap"], True),
        (["show", "--hex", "case.pcap"], None),
        (["show", "case.pcap", "--packet", packet], None),
        (["show", "case.pcap", "--packet", packet, "--json"], True),
        (["show", "case.pcap", "--follow", connection], None),
        (["report", "case.pcap"], None),
        (["report", "--pcap-dir", "."], None),
        (["annotate", "case.pcap", "-o", "commented.pcapng"], None),
        (["show", "--json", "commented.pcapng"], True),
    ]:
        out, wrong = ran(folder, arguments)
        wrong = wrong or (lines is not None and is_json(out, lines))
        if not wrong and arguments[0] == "report" and (folder / "reports").exists():
            for file in (folder / "reports").iterdir():
                data = file.read_bytes()
                wrong = wrong or acting(data, file.name) or (file.suffix == ".json" and is_json(data, False))
        if wrong:
            return arguments, wrong
    return None


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    samples = sorted((ROOT / "pcap/samples").glob("*.pcap"))
    run = (ROOT / "pcap/samples/run.json").read_bytes()
    begun, case = time.monotonic(), 0
    while time.monotonic() - begun < seconds:
        case += 1
        chance = random.Random(f"{seed}/{case}")
        folder = pathlib.Path(tempfile.mkdtemp(prefix="wirelab-mutated-"))
        (folder / "case.pcap").write_bytes(mutated(chance.choice(samples).read_bytes(), chance))
        if chance.random() < 0.2:
            (folder / "run.json").write_bytes(mutated(run, chance))
        found = fault(folder, chance)
        if found:
            print(f"case {case} of seed {seed}: wirelab {' '.join(found[0])}: {found[1]}; see {folder}", file=sys.stderr)
            return 1
        shutil.rmtree(folder)
    print(f"{case} mutated captures in {time.monotonic() - begun:.0f} s, seed {seed}: no crash, no invalid JSON, nothing that acts")
    return 0


sys.exit(main())
