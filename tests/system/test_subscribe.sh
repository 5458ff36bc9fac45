#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119
#
# SUBSCRIBE: a snapshot, then what happens, and nobody who does not read holds others up.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
python_protos
export DAEMON_PID=$daemon_pid
weir run --name before --detach --cpu 0.1 -- sleep 600

cat >"$scratch/stream.py" <<'PYTHON'
import json
import os
import socket
import time

from api import Connection, launch_fields, say
from protobuf import JSON, MASTER, PROTOBUF, Client, encode, master_pb2, plain

PID = os.environ["DAEMON_PID"]
MIB = 1 << 20


def rss():
    with open(f"/proc/{PID}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


class Stream:
    """A subscription, read byte by byte, or not at all."""

    def __init__(self, media=JSON, small=False, timeout=20, **resume):
        self.media, self.data = media, b""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if small:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
        self.sock.settimeout(timeout)
        self.sock.connect(os.environ["WEIR_SOCKET"])
        request = {"type": "SUBSCRIBE"} | ({"subscribe": resume} if resume else {})
        body = encode(request, MASTER) if media == PROTOBUF else json.dumps(request).encode()
        self.sock.sendall(f"POST /master/api/v1 HTTP/1.1\r\nHost: weir\r\nContent-Type: {media}\r\nAccept: {media}\r\n"
                          f"Content-Length: {len(body)}\r\n\r\n".encode() + body)

    def more(self, size=65536):
        part = self.sock.recv(size)
        if not part:
            raise EOFError
        self.data += part

    def until(self, mark, size=65536):
        while mark not in self.data:
            self.more(size)
        part, _, self.data = self.data.partition(mark)
        return part

    def head(self):
        self.lines = self.until(b"\r\n\r\n").decode().split("\r\n")
        self.content = b""
        return int(self.lines[0].split()[1])

    def chunk(self, size=65536):
        length = int(self.until(b"\r\n", size), 16)
        while len(self.data) < length + 2:
            self.more(size)
        self.content += self.data[:length]
        self.data = self.data[length + 2:]
        return length

    def record(self, size=65536):
        """The next event; None: the stream has ended."""
        while b"\n" not in self.content:
            if not self.chunk(size):
                return None
        length, _, rest = self.content.partition(b"\n")
        while len(rest) < int(length):
            if not self.chunk(size):
                return None
            rest = self.content.partition(b"\n")[2]
        self.content = rest[int(length):]
        data = rest[:int(length)]
        return json.loads(data) if self.media == JSON else plain(master_pb2.Event.FromString(data))

    def records_until(self, holds):
        """Without bands: a slow machine may find what it launches over its request."""
        seen = []
        while not seen or not holds(seen[-1]):
            record = self.record()
            if record["type"] != "WEIR" or record["weir"]["kind"] not in ("demoted", "promoted"):
                seen.append(record)
        return seen


def is_end_of(name):
    return lambda e: e["type"] == "WEIR" and e["weir"]["kind"] == "ended" and e["weir"]["container_id"]["value"] == name


def launch(name, *argv, **fields):
    status, answer = Connection().call("LAUNCH_CONTAINER", **(launch_fields(name, argv, cpus=0.01) | fields))
    assert status == 200, answer


json_stream, proto_stream = Stream(), Stream(PROTOBUF)
for stream, media in ((json_stream, JSON), (proto_stream, PROTOBUF)):
    status = stream.head()
    say(status == 200 and f"Content-Type: {media}" in stream.lines, f"row 35: {media}: 200, in what was asked for", str(stream.lines))
    first = stream.record()
    stream.first = first
    names = [task["name"] for task in first.get("subscribed", {}).get("get_state", {}).get("get_tasks", {}).get("tasks", [])]
    say(first["type"] == "SUBSCRIBED" and names == ["before"], f"row 35: {media}: first a snapshot", str(first))
    say(first["subscribed"]["heartbeat_interval_seconds"] == 15, f"row 35: {media}: that announces heartbeats")
    say(first["subscribed"]["get_state"]["get_agents"]["agents"][0]["active"] is True, f"row 35: {media}: as the master has it")

launch("one", "sh", "-c", "exit 3")
told = [s.records_until(is_end_of("one")) for s in (json_stream, proto_stream)]
kinds = [e["type"] for e in told[0] if e["type"] != "HEARTBEAT"]
say(kinds == ["TASK_ADDED", "WEIR", "TASK_UPDATED", "WEIR"], "row 35: then what happens, to Mesos' clients and to weir's", str(told[0]))
added, updated = told[0][0]["task_added"]["task"], told[0][2]["task_updated"]
say((added["name"], added["framework_id"]["value"]) == ("one", "weir"), "row 35: a task that was added", str(added))
say((updated["state"], updated["status"]["state"], updated["status"]["message"], updated["status"]["task_id"]["value"], updated["framework_id"]["value"])
    == ("TASK_FAILED", "TASK_FAILED", "exited with 3", "one", "weir"), "row 35: and one that has ended", str(updated))


told = [[e for e in events if e["type"] != "HEARTBEAT"] for events in told]
say(told[0] == told[1], "row 34: both encodings tell the same", str(told[0]), str(told[1]))

launch("gone", "true", weir={"autoremove": True})
told = json_stream.records_until(is_end_of("gone"))
say([e["task_updated"]["state"] for e in told if e["type"] == "TASK_UPDATED"] == ["TASK_FINISHED"], "one whose record goes with it, too", str(told))
launch("exec", "true", weir={"executor": True})
told = json_stream.records_until(is_end_of("exec"))
say({e["type"] for e in told} <= {"WEIR", "HEARTBEAT"}, "an executor is no task", str(told))

place = {"since": 0, "epoch_us": json_stream.first["subscribed"]["weir"]["epoch_us"]}
place["since"] = told[-1]["weir"]["seq"] - 1
resumed = Stream(**place)
resumed.head()
first, second = resumed.record(), resumed.record()
say("get_state" not in first["subscribed"] and first["subscribed"]["weir"]["since"] == place["since"], "since: no snapshot", str(first))
say(second["type"] == "WEIR" and second["weir"]["seq"] == place["since"] + 1, "since: and what came after it", str(second))
# Told again when their records have gone: of whom, and that they were there at all.
since = told[-1]["weir"]["seq"]
of_shop = {"labels": [{"key": "framework_id", "value": "shop"}]}
launch("shop", "sleep", "600", weir={"executor": True} | of_shop)
status, answer = Connection().call("LAUNCH_CONTAINER", **(launch_fields("sale", ("sh", "-c", "exit 2"), parent="shop", share=False, cpus=0.01) | {"weir": {"autoremove": True}}))
json_stream.records_until(is_end_of("sale"))
launch("lone", "sh", "-c", "exit 4", weir={"autoremove": True} | of_shop)
json_stream.records_until(is_end_of("lone"))
launch("office", "true", weir={"executor": True, "autoremove": True})
json_stream.records_until(is_end_of("office"))
Connection().call("KILL_CONTAINER", container_id={"value": "shop"})
Connection().call("WAIT_CONTAINER", container_id={"value": "shop"})
Connection().call("REMOVE_CONTAINER", container_id={"value": "shop"})
again = Stream(since=since, epoch_us=place["epoch_us"])
again.head()
again.record()
again = [e for e in again.records_until(is_end_of("office")) if e["type"].startswith("TASK")]
whose = [(e["task_added"]["task"] if "task_added" in e else e["task_updated"]["status"] | e["task_updated"]) for e in again]
whose = [(t["task_id"]["value"], t["framework_id"]["value"], t.get("executor_id", {}).get("value"), t["state"]) for t in whose]
say(whose == [("sale", "shop", "shop", "TASK_RUNNING"), ("sale", "shop", "shop", "TASK_FAILED"), ("lone", "shop", None, "TASK_RUNNING"),
              ("lone", "shop", None, "TASK_FAILED")], "since: of those that have gone, too, whose they were", str(whose))
anew = Stream(since=1, epoch_us=7)
anew.head()
say("get_state" in anew.record()["subscribed"], "since of another daemon: a snapshot")

# Snapshot and stream leave nothing out, however they meet.
for number in range(15):
    launch(f"race{number}", "sleep", "600")
    if number % 3 == 0:
        launch(f"quick{number}", "true")
    stream = Stream()
    stream.head()
    state = stream.record()["subscribed"]["get_state"]
    launch(f"last{number}", "sleep", "600")
    told = stream.records_until(lambda e: e["type"] == "TASK_ADDED" and e["task_added"]["task"]["name"] == f"last{number}")
    known = {t["name"] for t in state["get_tasks"]["tasks"]} | {e["task_added"]["task"]["name"] for e in told if e["type"] == "TASK_ADDED"}
    missing = {f"race{i}" for i in range(number + 1)} | {f"last{i}" for i in range(number + 1)}
    if missing - known:
        break
    stream.sock.close()
say(not missing - known, "snapshot and stream leave no gap", str(missing - known))

began = time.monotonic()
beat = anew.records_until(lambda e: e["type"] == "HEARTBEAT")[-1]
say(beat == {"type": "HEARTBEAT"}, "row 35: heartbeats", str(beat))
say(time.monotonic() - began < 16, "row 35: no later than was announced")

# A record that comes byte by byte is one record.
slow = Stream()
slow.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
slow.until(b"\r\n\r\n", 1)
slow.content = b""
say(slow.record(1)["type"] == "SUBSCRIBED", "row 35: a record split over chunks parses")
slow.sock.close()

# One that does not read: others go on, and it is cut off with bounded memory.
stalled = [Stream(small=True, timeout=5) for _ in range(20)]
reader = Stream()
reader.head()
reader.record()
before = rss()
busy = Connection()
for number in range(3000):
    cpus = [{"name": "cpus", "type": "SCALAR", "scalar": {"value": (20 - 10 * (number % 2)) / 100}}]
    busy.call("UPDATE_CONTAINER", container_id={"value": "before"}, resources=cpus)
    while reader.record()["type"] != "WEIR":
        pass
grown = rss() - before


def how_it_ends(stream):
    try:
        while stream.record() is not None:
            pass
        return "in order"
    except TimeoutError:
        return "it does not"
    except (EOFError, ConnectionResetError):
        return "cut off"


for stream in stalled:
    stream.head()
ends = {how_it_ends(stream) for stream in stalled}
say(ends == {"cut off"}, "row 35: who does not read is cut off", str(ends))
say(grown < 30 * MIB, "row 35: with bounded memory", f"{grown >> 20} MiB more")
say(reader.record() is not None, "row 35: while others are told all of it")

# Too many: the oldest has to go.
first = Stream()
first.head()
first.record()
others = [Stream() for _ in range(256)]
for other in others:
    other.head()
ended = how_it_ends(first)
say(ended == "cut off", "row 35: over the maximum the oldest is closed", ended)
launch("after", "true")
say(others[-1].records_until(is_end_of("after")), "row 35: and the others go on")
say(Client().ask({"type": "GET_HEALTH"})[0] == 200, "and so does everybody else")
for other in others:
    other.sock.close()
PYTHON
points_of "$python" "$scratch/stream.py"

# What ends in order ends with the daemon.
curl -sSN --unix-socket "$WEIR_SOCKET" -H 'Content-Type: application/json' -d '{"type": "SUBSCRIBE"}' \
    http://weir/api/v1 >"$scratch/whole" &
curl_pid=$!
succeeds "by name it goes on either path" eventually 5 grep -q SUBSCRIBED "$scratch/whole"
daemon_stop
ended=0
wait "$curl_pid" || ended=$?
is "$ended $daemon_status" "0 0" "the daemon's end ends a stream in order"
daemon_start
for id in $(weir ps -q); do
    weir rm --force "$id"
done

done_testing
