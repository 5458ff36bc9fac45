#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Many who read at once: who gets one answer with others, who never does; and the scrape of all metrics.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

reader=64001
printf '[access]\nreader_group = %s\n' "$reader" >"$scratch/weir.conf"
daemon_start --config "$scratch/weir.conf"
MANY=$(amount many)
BODIES=$(bound bodies)
export DAEMON=$daemon_pid READER=$reader MANY BODIES

cat >"$scratch/together.py" <<'PYTHON'
import json
import os
import signal
import threading

from api import JSON, Connection, launch_fields, say

ASKERS, NOBODY = 50, 65534
DAEMON, MANY, BODIES, READER = (int(os.environ[name]) for name in ("DAEMON", "MANY", "BODIES", "READER"))
CALL = {"type": "GET_CONTAINERS", "get_containers": {"show_standalone": True}}

one = Connection()
for i in range(MANY):
    fields = launch_fields(f"idle{i}", ("sleep", "600"), cpus=0.001)
    assert one.call("LAUNCH_CONTAINER", **fields)[0] == 200
# Its CPU time tells each answer from every other one.
assert one.call("LAUNCH_CONTAINER", **launch_fields("busy", ("sh", "-c", "while :; do :; done"), cpus=0.1))[0] == 200


def connect():
    connection = Connection()
    connection.connect()
    return connection


def connect_as_reader():
    """The peer is who it is when it connects."""
    os.setgroups([READER])
    os.setegid(NOBODY)
    os.seteuid(NOBODY)
    connection = connect()
    os.seteuid(0)
    os.setegid(0)
    os.setgroups([])
    return connection


def ask(connections):
    """All at once, since the daemon sees none before the last is sent: the bodies, in the order of the connections."""
    os.kill(DAEMON, signal.SIGSTOP)
    for connection in connections:
        connection.request("POST", "/api/v1", json.dumps(CALL), JSON)
    os.kill(DAEMON, signal.SIGCONT)
    answers = [connection.getresponse() for connection in connections]
    return [answer.read() if answer.status == 200 else b"" for answer in answers]


alone = {ask([one])[0] for _ in range(5)}
say(len(alone) == 5, "who asks one after the other gets five answers", f"{len(alone)}")

crowd = [connect() for _ in range(ASKERS)]
counts = []
for _ in range(5):
    bodies = ask(crowd)
    say(b"" not in bodies and all(json.loads(body) for body in set(bodies)), f"row 36: {ASKERS} at once: all are answered")
    counts.append(len(set(bodies)))
say(sorted(counts)[2] <= BODIES, f"row 36: {ASKERS} who ask the same at once get few bodies", f"{counts}")
print(f"# bodies for {ASKERS}: {counts}")

mixed = [connect_as_reader() if i % 2 else crowd[i] for i in range(ASKERS)]
for _ in range(5):
    bodies = ask(mixed)
    ours, theirs = set(bodies[0::2]), set(bodies[1::2])
    say(b"" not in bodies and not ours & theirs, "row 36: two principals share none", f"{len(ours & theirs)} shared")

# ---- A read after a write sees it, whatever is being read meanwhile ----

stop = threading.Event()


def hammer():
    connection = connect()
    while not stop.is_set():
        connection.call("GET_CONTAINERS", show_standalone=True)


def sees(name):
    answer = one.call("GET_CONTAINERS", show_standalone=True)[1]
    return name in (c["container_id"]["value"] for c in answer["get_containers"]["containers"])


hammers = [threading.Thread(target=hammer) for _ in range(4)]
for thread in hammers:
    thread.start()
stale = 0
for i in range(30):
    name = f"seen{i}"
    one.call("LAUNCH_CONTAINER", **launch_fields(name, ("sleep", "600"), cpus=0.001))
    stale += not sees(name)
    one.call("KILL_CONTAINER", container_id={"value": name})
    one.call("WAIT_CONTAINER", container_id={"value": name})
    one.call("REMOVE_CONTAINER", container_id={"value": name})
    stale += sees(name)
stop.set()
for thread in hammers:
    thread.join()
say(stale == 0, "row 36: a read after a write on one connection sees it", f"{stale} of 60 did not")
PYTHON
points_of python3 "$scratch/together.py"

# ---- GET /metrics ----

scrape() {
    curl -sS --unix-socket "$WEIR_SOCKET" "$@" http://weir/metrics
}
scrape -D "$scratch/head" >"$scratch/metrics"
is "$(grep -ciE '^content-type: application/openmetrics-text; *version=1.0.0' "$scratch/head")" 1 "a scrape is OpenMetrics"
is "$(python3 "$tree/tests/system/openmetrics.py" <"$scratch/metrics")" "" "without errors"
is "$(grep -c '^weir_container_memory_request_bytes{' "$scratch/metrics")" $((MANY + 1)) "of all containers"
is "$(grep -oE '^[^ ]+' "$scratch/metrics")" "$(weir metrics | grep -oE '^[^ ]+')" "the same as from the maps"
is "$(scrape -o /dev/null -w '%{http_code}' -X PUT)" 405 "a PUT of it is refused"
is "$(scrape -I | head -1 | tr -d '\r')" "HTTP/1.1 200 OK" "a HEAD of it is not"
is "$(setpriv --reuid nobody --regid "$reader" --clear-groups curl -sS --unix-socket "$WEIR_SOCKET" -o /dev/null \
    -w '%{http_code}' http://weir/metrics)" 200 "a reader may"

done_testing
