#!/usr/bin/env python3
"""Records what real programs do, and checks what is found in it: nginx before an event stream, and Nagle's algorithm.

    tests/proxy/run.py [WORD ...]      all cases, or those with one of these words in their names; half a minute

In a network namespace of its own, on its loopback interface, tcpdump records a client with nginx, or with a small server of
this file. What `wirelab analyze` finds must be what the case names, at the cost that the client's own clock saw, and nothing
else. Needs Linux with user namespaces, nginx and tcpdump; WIRELAB names the program. The capture of a case that fails is kept.
"""

import contextlib
import dataclasses
import fcntl
import json
import os
import pathlib
import re
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
WIRELAB = os.environ.get("WIRELAB", str(ROOT / "target/release/wirelab"))
HOST, ORIGIN, PROXY = "127.0.0.1", 8001, 8002
# How far apart events are made, and how many: each comes after a silence that is long enough to speak of.
EVERY, EVENTS = 0.13, 10
REQUESTS = 8
WAIT = 20
# Good to know, and no fault: Linux decides when.
ASIDE = {"quick-ack", "delayed-ack"}
# What costs the client nearly all the time that it takes.
DEAR = {"events-together", "nagle-delayed-ack", "slow-sender"}


def program(name):
    """Where a program is: also where only administrators look for it."""
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")


def setting(connection, option, value):
    connection.setsockopt(socket.IPPROTO_TCP, option, value)


# The servers: each answers one connection.


def request(connection):
    """The next request with its body, or nothing where the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"Content-Length: (\d+)", head)
    while length and len(body) < int(length[1]):
        body += connection.recv(65536)
    return data


def events(pieces=1, size=36, header=b""):
    """An event stream that writes each event, of so many bytes, in so many pieces."""

    def answer(connection):
        is_chunked = b"HTTP/1.1\r\n" in request(connection)
        chunked = b"Transfer-Encoding: chunked\r\n" if is_chunked else b""
        head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
        connection.sendall(head + chunked + header + b"\r\n")
        for number in range(EVENTS):
            time.sleep(EVERY if number else 0)
            event = (b"data: event %d, made in its own time" % number).ljust(size, b".") + b"\n\n"
            for part in [event[:6], event[6:-2], event[-2:]] if pieces == 3 else [event]:
                connection.sendall(b"%x\r\n%s\r\n" % (len(part), part) if is_chunked else part)
        if is_chunked:
            connection.sendall(b"0\r\n\r\n")

    return answer


def page(writes=1, pause=0.0):
    """Answers in one write, or the head and then the body."""

    def answer(connection):
        while request(connection):
            head = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 40\r\n\r\n"
            body = b"a body of forty characters with its end\n"
            if writes == 1:
                connection.sendall(head + body)
                continue
            connection.sendall(head)
            time.sleep(pause)
            connection.sendall(body)

    return answer


@contextlib.contextmanager
def server(answer, nodelay):
    """Answers every connection, each in its thread."""
    listener = socket.create_server((HOST, ORIGIN))

    def one(connection):
        with connection, contextlib.suppress(OSError):
            setting(connection, socket.TCP_NODELAY, nodelay)
            answer(connection)

    def loop():
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=loop, daemon=True).start()
    try:
        yield
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log stderr;
events {{}}
http {{
  access_log off;
  client_body_temp_path {folder}/1; proxy_temp_path {folder}/2; fastcgi_temp_path {folder}/3;
  uwsgi_temp_path {folder}/4; scgi_temp_path {folder}/5;
  server {{ listen {host}:{proxy}; location / {{ proxy_pass http://{host}:{origin}; {settings} }} }}
}}
"""


@contextlib.contextmanager
def nginx(folder, settings):
    text = NGINX.format(folder=folder, host=HOST, proxy=PROXY, origin=ORIGIN, settings=settings)
    (folder / "nginx.conf").write_text(text)
    command = [program("nginx"), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", "stderr"]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        until(lambda: reachable(PROXY), running)
        yield
    finally:
        running.kill()
        running.wait()


def reachable(port):
    """Whether somebody listens; when it is said, that connection is over."""
    with contextlib.suppress(OSError), socket.create_connection((HOST, port)) as connection:
        connection.shutdown(socket.SHUT_WR)
        return not connection.recv(1)


def until(is_so, running):
    """Waits for what a program that was started is about to do."""
    end = time.monotonic() + WAIT
    while not is_so():
        if running.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"{running.args[0]} is not where it should be after {WAIT} s, or has ended")
        time.sleep(0.02)


# The clients: each gives how long it waited, one time after the other.


def stream(port, accept=b""):
    """Reads an event stream; gives the times between what came."""
    with socket.create_connection((HOST, port)) as connection:
        head = b"GET /events HTTP/1.1\r\nHost: lab\r\nAccept: text/event-stream\r\nConnection: close\r\n"
        connection.sendall(head + accept + b"\r\n")
        waits, last = [], time.monotonic()
        while connection.recv(65536):
            now = time.monotonic()
            waits.append(now - last)
            last = now
        return waits


def gzip_stream(port):
    return stream(port, b"Accept-Encoding: gzip\r\n")


def pages(port, pieces=1, nodelay=False, quick=False):
    """Asks again and again on one connection, in one write or two; gives how long each took."""
    waits = []
    with socket.create_connection((HOST, port)) as connection:
        setting(connection, socket.TCP_NODELAY, nodelay)
        for _ in range(REQUESTS):
            begun = time.monotonic()
            if pieces == 1:
                connection.sendall(b"GET /page HTTP/1.1\r\nHost: lab\r\n\r\n")
            else:
                connection.sendall(b"POST /page HTTP/1.1\r\nHost: lab\r\nContent-Length: 9\r\n\r\n")
                connection.sendall(b"question\n")
            data = b""
            while not data.endswith(b"its end\n"):
                if quick:
                    setting(connection, socket.TCP_QUICKACK, 1)
                data += connection.recv(65536)
            waits.append(time.monotonic() - begun)
    return waits


def quick_pages(port):
    return pages(port, quick=True)


def posts(port):
    return pages(port, pieces=2)


def posts_at_once(port):
    return pages(port, pieces=2, nodelay=True)


@contextlib.contextmanager
def recorded(port, file):
    """Records the port into the file, to the last packet."""
    command = [program("tcpdump"), "-i", "lo", "-n", "-U", "--immediate-mode", "-w", str(file), "port", str(port)]
    running = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        # The first thing it says is what it listens on.
        until(lambda: "listening on" in running.stderr.readline(), running)
        yield
        # What comes after all else, over UDP: when it is in the file, so is all else. It is cut off again.
        mark = os.urandom(16)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
            until(lambda: other.sendto(mark, (HOST, port)) and mark in file.read_bytes(), running)
    finally:
        running.kill()
        running.wait()
        running.stderr.close()
    os.truncate(file, file.read_bytes().index(mark) - (16 + 14 + 20 + 8))


@dataclasses.dataclass
class Case:
    name: str
    client: object
    answer: object
    # What must be found, and nothing else but what is good to know.
    finds: set
    # Whether the server switches Nagle's algorithm off.
    nodelay: bool = False
    # nginx stands between them, with these settings.
    settings: object = None
    # Recorded between nginx and the server, not between nginx and the client.
    behind: bool = False

    @property
    def port(self):
        return PROXY if self.settings is not None else ORIGIN


HELD = {"events-together", "slow-server"}
GZIP = "gzip on; gzip_types text/event-stream;"
CASES = [
    Case("an event stream", stream, events(), set()),
    Case("nginx, proxy_buffering off", stream, events(), set(), settings="proxy_buffering off;"),
    # To the server it speaks HTTP/1.0 unless told otherwise, and then it holds the answer back, head and all.
    Case("nginx, proxy_buffering on", stream, events(), HELD, settings="proxy_buffering on;"),
    Case("nginx, proxy_buffering on, behind it", stream, events(), set(), settings="proxy_buffering on;", behind=True),
    # Each full buffer goes on its way, in packets that the loopback interface does not cut.
    Case(
        "nginx, proxy_buffering on, large events",
        stream,
        events(size=1200),
        HELD | {"segmentation-offload"},
        settings="proxy_buffering on;",
    ),
    Case("nginx, HTTP/1.1", stream, events(), set(), settings="proxy_http_version 1.1;"),
    Case("nginx, X-Accel-Buffering: no", stream, events(header=b"X-Accel-Buffering: no\r\n"), set(), settings=""),
    # Compression flushes what it has only where buffering is off, or else when its own buffer is full.
    Case("nginx, gzip, proxy_buffering off", gzip_stream, events(), {"compressed"}, settings=GZIP + "proxy_buffering off;"),
    Case("nginx, gzip, HTTP/1.1", gzip_stream, events(), HELD | {"compressed"}, settings=GZIP + "proxy_http_version 1.1;"),
    Case("one write", pages, page(), set()),
    Case("two writes, Nagle on", pages, page(2), {"nagle-delayed-ack", "split-answer"}),
    Case("two writes, Nagle off", pages, page(2), {"split-answer"}, nodelay=True),
    # The ACK is there before the second write.
    Case("two writes, Nagle on, the client acknowledges at once", quick_pages, page(2), {"split-answer"}),
    # The second write is late by itself: nothing waits for the ACK, which comes after 40 ms.
    Case("a late second write, Nagle off", pages, page(2, 0.015), set(), nodelay=True),
    Case("a second write later than the ACK, Nagle on", pages, page(2, 0.065), set()),
    Case("a second write later than the ACK, Nagle off", pages, page(2, 0.065), set(), nodelay=True),
    Case("a second write much later, Nagle on", pages, page(2, 0.15), {"slow-sender"}),
    Case("a request in two writes, Nagle on", posts, page(), {"nagle-delayed-ack", "split-answer"}),
    Case("a request in two writes, Nagle off", posts_at_once, page(), {"split-answer"}),
    Case("events in three writes, Nagle on", stream, events(3), {"split-answer"}),
    Case("events in three writes, Nagle off", stream, events(3), {"split-answer"}, nodelay=True),
]


def fault(case, folder, file):
    """What is wrong with what is found, as a sentence; nothing where all is right."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(server(case.answer, case.nodelay))
        if case.settings is not None:
            stack.enter_context(nginx(folder, case.settings))
        stack.enter_context(recorded(ORIGIN if case.behind else case.port, file))
        waits = case.client(case.port)
    if case.settings is not None and not case.behind:
        was_held = len(waits) < EVENTS
        if was_held != ("events-together" in case.finds):
            did = "held events back" if was_held else "held nothing back"
            return f"nginx {did}, which this case does not expect: {len(waits)} times something came"
    command = [WIRELAB, "analyze", "--format", "json", "--fail-on", ",".join(sorted(DEAR)), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if not done.stdout:
        return f"{' '.join(command)} says nothing: {done.stderr}"
    found = json.loads(done.stdout)["captures"][0]["findings"]
    told = "".join(f"\n    {one['id']} ({one['cost']['s']:.3f} s): {one['text']}" for one in found)
    if {one["id"] for one in found} - ASIDE != case.finds:
        return f"must find {', '.join(sorted(case.finds)) or 'nothing'}, and finds{told or ' nothing'}"
    if done.returncode != bool(case.finds & DEAR):
        return f"{' '.join(command)} ends with {done.returncode}: {done.stderr}"
    whole = sum(waits)
    for one in found:
        if not one["packets"]:
            return f"{one['id']} names no packet"
        if not (0.7 * whole if one["id"] in DEAR else 0) <= one["cost"]["s"] <= whole + 0.001:
            return f"the client waited {whole:.3f} s in all, which is not what is found:{told}"
    return None


def main(words):
    cases = [case for case in CASES if not words or any(word in case.name for word in words)]
    failed = 0
    for case in cases:
        # On a busy machine a program may be stopped for a tenth of a second: then what is found is true, and not of the case.
        for _ in range(ATTEMPTS):
            folder = pathlib.Path(tempfile.mkdtemp(prefix="wirelab-proxy-"))
            try:
                wrong = fault(case, folder, folder / "case.pcap")
            except (OSError, RuntimeError) as error:
                wrong = f"{error}"
            if not wrong:
                shutil.rmtree(folder)
                break
            print(f"{case.name}: {wrong}\n    see {folder}/case.pcap", file=sys.stderr)
        failed += bool(wrong)
        print(f"{'FAILED' if wrong else 'ok':6} {case.name}: {', '.join(sorted(case.finds)) or 'nothing is wrong'}", flush=True)
    print(f"{len(cases)} captures of real programs: {len(cases) - failed} have the right findings")
    return min(failed, 1)


def enter():
    """Starts this again in a network of its own; says so where that cannot be."""
    if not shutil.which(WIRELAB):
        return f"there is no {WIRELAB}: build it (cargo build --release), or name another in WIRELAB"
    # As a user that is not root there, so that tcpdump need not become another one, which there is not.
    unshare = ["unshare", "--user", "--net", "--map-user=1000", "--map-group=1000", "--keep-caps"]
    missing = [name for name in ("nginx", "tcpdump", "unshare") if not program(name)]
    if missing:
        reason = f"{' and '.join(missing)} not installed"
    elif subprocess.run([*unshare, "true"], stdin=subprocess.DEVNULL, capture_output=True).returncode:
        reason = "this machine allows no network namespace (unshare --user --net)"
    else:
        os.execvp("unshare", [*unshare, sys.executable, __file__, INSIDE, *sys.argv[1:]])
    if os.environ.get("CI") == "true":
        return f"this must run in CI: {reason}"
    print(f"skipped: {reason}")
    return 0


def up():
    """Brings the loopback interface of the namespace up, with segments as large as on a real wire."""
    with socket.socket() as anything:
        for request_code, value in [(SIOCSIFMTU, struct.pack("i", 1500)), (SIOCSIFFLAGS, struct.pack("h", IFF_UP | IFF_RUNNING))]:
            fcntl.ioctl(anything, request_code, (b"lo".ljust(16, b"\0") + value).ljust(40, b"\0"))


SIOCSIFFLAGS, SIOCSIFMTU, IFF_UP, IFF_RUNNING = 0x8914, 0x8922, 0x1, 0x40
INSIDE = "--in-its-namespace"
ATTEMPTS = 3

if sys.argv[1:2] == [INSIDE]:
    up()
    sys.exit(main(sys.argv[2:]))
sys.exit(enter())
