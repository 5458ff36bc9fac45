#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# The daemon's memory over very many requests, subscribers that do not read, and requests that never end.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
REQUESTS=$(amount requests) STALLED=$(amount stalled) HALF_OPEN=$(amount half_open) SOAK_MIB=$(bound soak_mib) STALLED_MIB=$(bound stalled_mib)
export DAEMON=$daemon_pid REQUESTS STALLED HALF_OPEN SOAK_MIB STALLED_MIB
weir run --name steady --detach --cpu 0.1 -- sleep 600
weir run --name other --detach --cpu 0.1 -- sleep 600

cat >"$scratch/soak.py" <<'PYTHON'
import collections
import errno
import json
import os
import resource
import socket
import time

from api import Connection, plain_socket, say

DAEMON, REQUESTS, STALLED, HALF_OPEN, SOAK_MIB, STALLED_MIB = (
    int(os.environ[name]) for name in ("DAEMON", "REQUESTS", "STALLED", "HALF_OPEN", "SOAK_MIB", "STALLED_MIB"))
MIB = 1 << 20
BATCH = 400
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 20000), hard))


def rss():
    with open(f"/proc/{DAEMON}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def request(body, media="application/json"):
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"POST /api/v1 HTTP/1.1\r\nHost: weir\r\nContent-Type: {media}\r\nAccept: {media}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


# ---- Requests: what is answered, by whichever thread, and what is refused ----

steady = {"container_id": {"value": "steady"}}
kinds = [
    request({"type": "GET_HEALTH"}),
    request(b"\x08\x01", "application/x-protobuf"),
    request({"type": "GET_CONTAINERS", "get_containers": {"weir": steady}}),
    request({"type": "GET_CONTAINERS", "get_containers": {"show_standalone": True}}),
    request({"type": "UPDATE_CONTAINER", "update_container": steady}),
    request({"type": "LAUNCH_CONTAINER", "launch_container": steady | {"command": {"value": "true"}}}),
    request({"type": "KILL_CONTAINER", "kill_container": {"container_id": {"value": "nobody"}}}),
    request({"type": "GET_EVENTS"}),
    request(b"{"),
    request({"type": "LAUNCH_CONTAINER"}),
]
# The plain ones are most of them.
batch = b"".join(kinds) + kinds[0] * (BATCH - len(kinds))


def send_batch(sock):
    sock.sendall(batch)
    answered, tail = 0, b""
    while answered < BATCH:
        data = tail + sock.recv(1 << 16)
        if data == tail:
            raise SystemExit("closed in the middle")
        answered += data.count(b"HTTP/1.1 ")
        tail = data[-8:] if not data.endswith(b"HTTP/1.1 ") else b""


sock = plain_socket()
for _ in range(max(10, REQUESTS // BATCH // 20)):
    send_batch(sock)
before = rss()
for _ in range(REQUESTS // BATCH):
    send_batch(sock)
grown = rss() - before
say(grown <= SOAK_MIB * MIB, f"memory is flat over {REQUESTS:,} requests", f"{grown >> 10} KiB more")
print(f"# {grown >> 10} KiB more after {REQUESTS:,} requests, of {before >> 10} KiB")
sock.close()

# ---- Subscribers that do not read ----

subscribe = request({"type": "SUBSCRIBE"})
kept = Connection()


def stall():
    """How many calls were answered beside them, and the most memory that there was."""
    stalled, served, peak = [], 0, 0
    for _ in range(STALLED):
        stalled.append(plain_socket())
        stalled[-1].sendall(subscribe)
    for i in range(200):
        cpus = [{"name": "cpus", "type": "SCALAR", "scalar": {"value": (20 - 10 * (i % 2)) / 100}}]
        served += kept.call("UPDATE_CONTAINER", resources=cpus, **steady)[0] == 200
        peak = max(peak, rss())
    for sock in stalled:
        sock.close()
    return served, peak


before = rss()
served, peak = stall()
say(served == 200, f"beside {STALLED:,} stalled subscribers everybody else is served", f"{served} of 200")
say(peak - before < 160 * MIB, "which hold a bounded part of memory", f"{(peak - before) >> 20} MiB")
print(f"# {(peak - before) >> 10} KiB for {STALLED:,} stalled subscribers")
# What the first leave to the allocator, of each thread, serves those to come.
grown = max(stall()[1] for _ in range(4)) - peak
say(grown <= STALLED_MIB * MIB, "and as many four times more cost little more", f"{grown >> 10} KiB more")
print(f"# {grown >> 10} KiB more for four times as many")

# ---- Requests that never end ----



def falls_to(limit):
    deadline = time.monotonic() + 20
    while rss() > limit and time.monotonic() < deadline:
        time.sleep(0.1)
    return rss() <= limit


half = kinds[2][:-10]
held, opened, refused = collections.deque(), 0, 0
before = peak = rss()
while opened < HALF_OPEN:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    try:
        sock.connect(os.environ["WEIR_SOCKET"])
    except OSError as error:
        # More than it takes at once: the oldest give up.
        if error.errno != errno.EAGAIN or not held:
            raise
        sock.close()
        refused += 1
        peak = max(peak, rss())
        for _ in range(min(100, len(held))):
            held.popleft().close()
        time.sleep(0.01)
        continue
    sock.send(half)
    held.append(sock)
    opened += 1
peak = max(peak, rss()) - before
say(peak < 64 * MIB, f"{HALF_OPEN:,} half-open connections hold a bounded part of memory", f"{peak >> 20} MiB")
print(f"# {peak >> 10} KiB for {HALF_OPEN:,} half-open connections, {len(held)} of them open at the end")
for sock in held:
    sock.close()
say(Connection().call("GET_HEALTH")[0] == 200, "and when they are gone everybody is served")
say(falls_to(before + 2 * SOAK_MIB * MIB), "with the memory there was", f"{(rss() - before) >> 10} KiB more")
PYTHON
points_of python3 "$scratch/soak.py"

done_testing
