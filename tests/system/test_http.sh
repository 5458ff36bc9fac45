#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# The control socket as HTTP: codes, rude clients, many clients.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
export DAEMON_PID=$daemon_pid

cat >"$scratch/codes.py" <<'PYTHON'
from api import JSON, Connection, say

HEALTH = '{"type": "GET_HEALTH"}'
HTML = dict(JSON, Accept="text/html")

# name, method, path, headers, body, status, what has to be in the answer's text
CASES = [
    ("GET on /api/v1 is 405", "GET", "/api/v1", JSON, None, 405, "POST"),
    ("PUT on /api/v1 is 405", "PUT", "/api/v1", JSON, HEALTH, 405, "POST"),
    ("DELETE on /api/v1 is 405", "DELETE", "/api/v1", JSON, None, 405, "POST"),
    ("no Content-Type is 400", "POST", "/api/v1", {}, HEALTH, 400, "'Content-Type'"),
    ("text/plain is 415", "POST", "/api/v1", {"Content-Type": "text/plain"}, HEALTH, 415, "application/json"),
    ("Accept: text/html is 406", "POST", "/api/v1", HTML, HEALTH, 406, "application/json"),
    ("the type UNKNOWN is 501", "POST", "/api/v1", JSON, '{"type": "UNKNOWN"}', 501, "UNKNOWN"),
    ("a missing type is 400 and says so", "POST", "/api/v1", JSON, "{}", 400, "'type'"),
    ("errors of the body win over those of Accept", "POST", "/api/v1", HTML, "{", 400, "JSON"),
    ("and so does a missing type", "POST", "/api/v1", HTML, "{}", 400, "'type'"),
    ("no Accept is JSON", "POST", "/api/v1", JSON, HEALTH, 200, '"healthy":'),
    ("Accept: */* is JSON", "POST", "/api/v1", dict(JSON, Accept="*/*"), HEALTH, 200, '"healthy":'),
    ("one of many in Accept will do", "POST", "/api/v1",
     dict(JSON, Accept="text/html, application/json;q=0.5"), HEALTH, 200, '"healthy":'),
    ("a charset beside the type will do", "POST", "/api/v1",
     {"Content-Type": "application/json; charset=utf-8"}, HEALTH, 200, '"healthy":'),
    ("unknown fields are passed over", "POST", "/api/v1", JSON,
     '{"type": "GET_HEALTH", "colour": {"of": ["money"]}}', 200, '"healthy":'),
    ("another path is 404", "POST", "/api/v2", JSON, HEALTH, 404, "/api/v1"),
    ("/healthz is 200", "GET", "/healthz", {}, None, 200, "ok"),
    ("POST on /healthz is 405", "POST", "/healthz", JSON, "", 405, "GET"),
]

kept = Connection()
for name, method, path, headers, body, wanted, text in CASES:
    for connection in (Connection(), kept):
        status, answer, got = connection.post(body, headers, method, path)
        if status != wanted or text not in got:
            break
    say(status == wanted and text in got, f"row 33: {name}", f"got {status} {got}")
    if wanted == 405:
        say("Allow" in answer and text in answer["Allow"], f"row 33: {name}, with Allow", str(answer))
say(kept.post(HEALTH)[0] == 200, "all of them in a row on one connection, which stays good")
PYTHON
points_of python3 "$scratch/codes.py"

cat >"$scratch/life.py" <<'PYTHON'
import threading

from api import Connection, launch_fields, say

one = Connection()
this = {"container_id": {"value": "life"}}
launch = launch_fields("life", ("sleep", "600"), cpus=0.1)


def codes(name, wanted, *calls):
    got = [one.call(kind, **fields)[0] for kind, fields in calls]
    say(got == wanted, f"row 37: {name}", f"got {got}, wanted {wanted}")


codes("a launch is 200, the same id again 202", [200, 202], ("LAUNCH_CONTAINER", launch), ("LAUNCH_CONTAINER", launch))
status, answer = one.call("GET_CONTAINERS", show_standalone=True)
names = [c["container_id"]["value"] for c in answer["get_containers"]["containers"]]
say(names == ["life"], "a read after a write on one connection sees it", str(names))
codes("remove of one that runs is 500", [500], ("REMOVE_CONTAINER", this))

ends = []
waiters = [threading.Thread(target=lambda: ends.append(Connection().call("WAIT_CONTAINER", **this))) for _ in range(3)]
for waiter in waiters:
    waiter.start()
waiters[0].join(0.2)
say(not ends, "row 37: wait blocks")
codes("kill is 200", [200], ("KILL_CONTAINER", this))
for waiter in waiters:
    waiter.join()
told = [(status, answer["wait_container"].get("exit_status"), answer["wait_container"]["state"]) for status, answer in ends]
say(told == [(200, 9, "TASK_KILLED")] * 3, "row 37: wait tells all who wait the status and why", str(ends))
codes("kill of a dead one is 404", [404], ("KILL_CONTAINER", this))
codes("remove after its end is 200, and again 500", [200, 500], ("REMOVE_CONTAINER", this), ("REMOVE_CONTAINER", this))
codes("wait for one that is gone is 404", [404], ("WAIT_CONTAINER", this))
PYTHON
points_of python3 "$scratch/life.py"

cat >"$scratch/rude.py" <<'PYTHON'
import json
import os
import socket
import time

from api import Connection, launch_fields, plain_socket, say

MIB = 1 << 20
PID = os.environ["DAEMON_PID"]
HEALTH = b'{"type": "GET_HEALTH"}'
HEAD = b"POST /api/v1 HTTP/1.1\r\nHost: weir\r\nContent-Type: application/json\r\n"


def rss():
    with open(f"/proc/{PID}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def answer_of(sock):
    """Status of the answer, or 0 when the connection was closed without one."""
    data = b""
    try:
        while b"\r\n" not in data:
            more = sock.recv(65536)
            if not more:
                return 0
            data += more
    except (ConnectionResetError, BrokenPipeError):
        return 0
    return int(data.split()[1])


def send(data, sock=None):
    sock = sock or plain_socket()
    try:
        sock.sendall(data)
    except (ConnectionResetError, BrokenPipeError):
        pass
    return sock


def containers():
    status, answer = Connection().call("GET_CONTAINERS", show_standalone=True)
    assert status == 200, answer
    return len(answer["get_containers"]["containers"])


# A call cut at every byte: never half understood.
whole = json.dumps({"type": "LAUNCH_CONTAINER", "launch_container": launch_fields("cut", ("true",), cpus=0.1, mem=32)})
kept = Connection()
wrong = [(n, status) for n in range(len(whole)) for status in [kept.post(whole[:n])[0]] if status != 400]
say(not wrong, f"row 38: a body cut at any of {len(whole)} bytes is 400", str(wrong[:5]))
for n in range(0, len(whole), 7):
    send(HEAD + f"Content-Length: {len(whole)}\r\n\r\n{whole[:n]}".encode()).close()
say(containers() == 0, "row 38: and one whose sender leaves in the middle is not carried out")

# Bodies of all sorts: (name, body, statuses)
for name, body, wanted in (
    ("an id of nearly 1 MiB", json.dumps({"type": "LAUNCH_CONTAINER", "launch_container": launch_fields("x" * 1000000)}), [400]),
    ("a depth of 10,000", '{"a":' * 10000, [400]),
    ("a key twice", '{"type": "GET_HEALTH", "type": "GET_HEALTH"}', [400]),
    ("NaN", '{"type": NaN}', [400]),
    ("1e400", '{"type": "GET_HEALTH", "x": 1e400}', [400]),
    ("invalid UTF-8", b'{"type": "GET_HEALTH\xff"}', [400]),
    ("a NUL", b'{"type": "GET_HEALTH\x00"}', [400]),
    ("a NUL in disguise", '{"type": "GET_HEALTH\\u0000"}', [400]),
):
    status = Connection().post(body)[0]
    say(status in wanted, f"row 38: {name} is {wanted[0]}", f"got {status}")

# It need not be sent to be refused, and who goes on sending still finds the answer.
for name, body in (("more than 1 MiB", b" " * (MIB + 1)), ("1 GiB announced", b"")):
    status = answer_of(send(HEAD + b"Content-Length: %d\r\n\r\n" % (len(body) or MIB << 10) + body))
    say(status == 413, f"row 38: {name} is 413", f"got {status}")

# What is no HTTP, or too much of it: an answer of 4xx or 5xx, or a close.
chunk = b"10000\r\n" + b" " * 65536 + b"\r\n"
for name, data in (
    ("no HTTP at all", b"\x16\x03\x01\x02\x00\x01" + b"\r\n" * 10),
    ("a request line without end", b"POST /" + b"x" * 100000),
    ("headers without end", HEAD + b"X: y\r\n" * 20000),
    ("a negative length", HEAD + b"Content-Length: -1\r\n\r\n"),
    ("a length of 1e18", HEAD + b"Content-Length: 999999999999999999\r\n\r\n"),
    ("chunks without end", HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunk * 64),
    ("a chunk of nonsense", HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
):
    status = answer_of(send(data))
    say(status == 0 or status >= 400, f"row 38: {name}: refused or closed", f"got {status}")

# Two calls in one segment: two answers, in order.
request = HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(HEALTH), HEALTH)
sock = send(request * 2)
data = b""
while data.count(b'"healthy"') < 2:
    data += sock.recv(65536)
say(data.count(b"HTTP/1.1 200") == 2, "two calls in one segment get two answers")

# A thousand who say nothing, some who say it slowly; everybody else is served.
before = rss()
idle = [plain_socket() for _ in range(940)] + [send(HEAD) for _ in range(30)]
slow = [plain_socket() for _ in range(10)]
served = 0
for byte in range(len(request)):
    for sock in slow:
        send(request[byte : byte + 1], sock)
    served += Connection().call("GET_HEALTH")[0] == 200
say(served == len(request), f"row 38: {len(idle)} idle connections, 10 slow ones: everybody else is served", f"{served} of {len(request)}")
say([answer_of(sock) for sock in slow] == [200] * 10, "row 38: the slow ones, too")
grown = rss() - before
say(grown < 64 * MIB, "row 38: and none of them costs much memory", f"{grown >> 20} MiB for {len(idle)} connections")
print(f"# {grown >> 10} KiB for {len(idle)} connections")
for sock in idle + slow:
    sock.close()

# Bodies that never end: together they may hold what the design allows (256 MiB), not more.
hogs = []
for _ in range(400):
    sock = plain_socket(5)
    hogs.append(send(HEAD + b"Content-Length: %d\r\n\r\n" % MIB + b" " * (900 << 10), sock))
# What has been sent has been taken: the answer to a later call says so.
say(Connection().call("GET_HEALTH")[0] == 200, "row 38: beside 400 bodies of nearly 1 MiB a call is answered")
held = rss()
say(held < 320 * MIB, "row 38: which hold a bounded part of memory", f"{held >> 20} MiB")
print(f"# {held >> 20} MiB")
for sock in hogs:
    sock.close()
deadline = time.monotonic() + 10
while rss() > 64 * MIB and time.monotonic() < deadline:
    time.sleep(0.05)
say(rss() <= 64 * MIB, "row 38: and give it back when they are gone", f"{rss() >> 20} MiB")

# Connections beyond all there are.
many = []
for _ in range(1200):
    try:
        many.append(plain_socket(0.05))
    except (OSError, socket.timeout):
        break
for sock in many:
    sock.close()
deadline = time.monotonic() + 10
while True:
    try:
        status = Connection(1).call("GET_HEALTH")[0]
        break
    except (OSError, socket.timeout):
        if time.monotonic() > deadline:
            status = 0
            break
say(status == 200, f"row 38: after {len(many)} connections at once the daemon serves")

# Who waits and goes away.
kept = Connection()
kept.call("LAUNCH_CONTAINER", **launch_fields("waited", ("sleep", "600"), cpus=0.1))
wait = json.dumps({"type": "WAIT_CONTAINER", "wait_container": {"container_id": {"value": "waited"}}}).encode()
for _ in range(50):
    send(HEAD + b"Content-Length: %d\r\n\r\n%s" % (len(wait), wait)).close()
kept.call("KILL_CONTAINER", container_id={"value": "waited"})
status, answer = kept.call("WAIT_CONTAINER", container_id={"value": "waited"})
say(status == 200, "who waits and goes away is not missed", f"{status} {answer}")
status, answer = kept.call("REMOVE_CONTAINER", container_id={"value": "waited"})
say(status == 200 and containers() == 0, "and holds nothing up", f"{status} {answer}")
PYTHON
points_of python3 "$scratch/rude.py"

fds_of() {
    find "/proc/$daemon_pid/fd" -mindepth 1 | wc -l
}
fds_are_few() {
    [[ $(fds_of) -lt 100 ]]
}
succeeds "no file descriptor of all these stays open" eventually 10 fds_are_few
succeeds "the daemon is well" weir version
done_testing
