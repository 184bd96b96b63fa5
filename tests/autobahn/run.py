"""Plays the Autobahn cases against a WebSocket server, and compares with what came of them before.

    run.py ws://127.0.0.1:8000/time expected.txt [--write]

The cases expect an echo. The server's WebSocket app gives one fixed answer to every message that it does not know, so here
that answer stands for the echo that a case waits for: whether messages are taken, put together and answered one by one, and
how connections end, is judged as it is for an echo; the content of a message is not.

A line of expected.txt is a case and what came of it, the best first:

    ok             as the case expects
    non-strict     allowed, and not the best
    informational  the standard leaves it open
    unimplemented  asks for an extension (compression) that the server need not have
    too long       closed with 1009: the message is longer than the server takes
    failed         anything else, with how it went and how it ended

Ends with 1 where a case is worse than expected, missing, or new; where one is better, it says so. --write makes expected.txt.
"""

import asyncio
import os
import sys
import time
from collections import Counter
from pathlib import Path

import kosoku
import kosoku.cases  # Puts the case files on the path.

FIXED_ANSWER = '{"error": "unknown command"}'
MESSAGE_TOO_BIG = 1009
RANKS = ["ok", "non-strict", "informational", "unimplemented", "too long", "failed"]
AT_ONCE = 8
RETRIES = 2


def main():
    url, expected_file = sys.argv[1], Path(sys.argv[2])
    let_the_fixed_answer_stand_for_the_echo()
    begun = time.monotonic()
    expected = dict(line.split(" ", 1) for line in expected_file.read_text().splitlines()) if expected_file.exists() else {}
    found = play(url)
    # Many cases wait for a second or so; on a busy machine that can be too short for a server in order.
    for _ in range(RETRIES):
        if again := [case for case in found if is_worse(expected.get(case), found[case])]:
            print("once more, one at a time:", *again)
            found.update(play(url, again, at_once=1))

    counts = Counter(rank(said) for said in found.values())
    said = ", ".join(f"{counts[name]} {name}" for name in RANKS if counts[name])
    print(f"{len(found)} Autobahn cases in {time.monotonic() - begun:.0f} s: {said}")
    if "--write" in sys.argv:
        expected_file.write_text("".join(f"{case} {said}\n" for case, said in found.items()))
        return 0

    status = 0
    for case in [*expected, *(case for case in found if case not in expected)]:
        before, now = expected.get(case, "no such case"), found.get(case, "no such case")
        if before != now:
            better = case in expected and case in found and not is_worse(before, now)
            print(f"case {case}: expected {before}, found {now}" + (" (better: --write writes it down)" if better else ""))
            status = status if better else 1
    return status


def play(url, cases=None, at_once=AT_ONCE):
    """What came of each case."""

    async def run():
        try:
            return await kosoku.run_fuzzingclient(url, cases, concurrency=at_once)
        except kosoku.FailureError as failure:
            return failure.results

    return {result.case_id: outcome(result) for result in asyncio.run(run())}


def is_worse(before, now):
    return before is not None and RANKS.index(rank(now)) > RANKS.index(rank(before))


def outcome(result):
    behavior, close = result.behavior.value.lower(), result.behavior_close.value.lower()
    # Where a case is met, the way its connection ends is part of it; where it leaves the end open, it is not.
    if behavior in ("informational", "unimplemented") or (behavior in RANKS[:2] and close == "ok"):
        return behavior
    if result.remote_close_code == MESSAGE_TOO_BIG:
        return "too long"
    return f"failed ({behavior}, end {close}, code {result.remote_close_code})"


def rank(said):
    return said.split(" (")[0]


def let_the_fixed_answer_stand_for_the_echo():
    for case in kosoku.cases.CASES.values():
        case.onMessage = with_echo(case.onMessage)


def with_echo(on_message):
    def wrapped(case, message, binary):
        text = message.decode("utf-8", "replace") if isinstance(message, bytes) else message
        if text == FIXED_ANSWER and not binary:
            message, binary = echo(case) or (message, binary)
        on_message(case, message, binary)

    return wrapped


def echo(case):
    """The message that the case waits for next, if it waits for one."""
    # The cases with many messages of one length keep count themselves.
    if hasattr(case, "LEN") and hasattr(case, "BINARY"):
        return "*" * case.LEN, case.BINARY
    for events in case.expected.values():
        if len(case.received) < len(events) and events[len(case.received)][0] == "message":
            return events[len(case.received)][1:]
    return None


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    # Threads of kosoku 0.1.0 may outlive its event loop, and abort the process where the interpreter ends in order.
    os._exit(status)
