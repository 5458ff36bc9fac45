#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119
#
# The control socket in protobuf: the data of JSON, and bytes that are none.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
python_protos
weir run --name web --detach --cpu 0.25:max --mem 64M:max --net deny-agent-tcp --net-degraded -- sleep 600
weir run --name over --detach --cpu 0.01 -- sh -c 'exit 3'
weir run --name batch --executor --detach --cpu 0.1 -- sleep 600
weir wait over >/dev/null || :

cat >"$scratch/same.py" <<'PYTHON'
import itertools

from api import launch_fields, say
from protobuf import AGENT, JSON, MASTER, PROTOBUF, Client, without_empty

client = Client()
both = (JSON, PROTOBUF)
# What goes on between two answers.
LIVE = {"timestamp", "cpus_user_time_secs", "cpus_system_time_secs", "cpu_ns", "cpu_beyond_ns", "wait_ns", "wait_self_ns",
        "wait_neighbour_ns", "wait_limit_ns", "wait_system_ns", "wait_short_ns", "wait_unknown_ns", "inflicted_ns",
        "mem_total_bytes", "mem_current_bytes", "mem_peak_bytes", "mem_beyond_bytes", "cpu_saved_ns"}


def still(value):
    if isinstance(value, dict):
        return {key: "live" if key in LIVE else still(entry) for key, entry in value.items()}
    return [still(entry) for entry in value] if isinstance(value, list) else value


labels = [{"key": "tier", "value": "gold"}, {"key": "odd", "value": "\u00fc"}, {"key": "bare"}]
client.ask({"type": "LAUNCH_CONTAINER", "launch_container": launch_fields("labelled", cpus=0.1) | {"weir": {"labels": labels}}})

READS = [
    {"type": "GET_HEALTH"},
    {"type": "GET_VERSION"},
    {"type": "GET_CONTAINERS", "get_containers": {"show_standalone": True, "show_nested": True}},
    {"type": "GET_CONTAINERS", "get_containers": {"show_standalone": True, "weir": {"container_id": {"value": "web"}}}},
    {"type": "GET_CONTAINERS"},
    {"type": "GET_EVENTS"},
    {"type": "GET_EVENTS", "get_events": {"since": 1, "container_id": {"value": "over"}}},
    {"type": "EXPLAIN_CONTAINER", "explain_container": {"container_id": {"value": "web"}}},
    {"type": "WAIT_CONTAINER", "wait_container": {"container_id": {"value": "over"}}},
]
STATE = [{"type": kind} for kind in ("GET_STATE", "GET_TASKS", "GET_EXECUTORS", "GET_FRAMEWORKS", "GET_OPERATIONS",
                                   "GET_FLAGS", "GET_LOGGING_LEVEL")]
AGENTS = READS + STATE + [{"type": "GET_AGENT"}]
MASTERS = READS[:2] + STATE + [{"type": "GET_AGENTS"}, {"type": "GET_ROLES"}]
for request, family in [(request, AGENT) for request in AGENTS] + [(request, MASTER) for request in MASTERS]:
    answers = [client.ask(request, content, accept, family) for content, accept in itertools.product(both, both)]
    first = still(without_empty(answers[0][1]))
    wrong = [answer for answer in answers if answer[0] != 200 or still(without_empty(answer[1])) != first]
    say(not wrong, f"row 34: {request['type']} on {family[0]} says the same, however it is asked and answered", str(answers[0]), *map(str, wrong))

infinite = client.ask(READS[3])[1]["get_containers"]["containers"][0]["weir"]
say(infinite["mem_limit_bytes"] == "Infinity" and infinite["cpu_request_mcpu"] == 250, "a limit that is none is infinity", str(infinite))
for accept, wanted in (("*/*", JSON), ("application/*", JSON), (f"{JSON};q=0.5, {PROTOBUF}", PROTOBUF), (f"{PROTOBUF};q=0.5, {JSON}", JSON)):
    got = client.exchange(b"\x08\x01", PROTOBUF, accept)[1]
    say(got == wanted, f"row 34: Accept: {accept} is answered in {wanted}", str(got))
got = client.exchange(b"\x08\x01", PROTOBUF, "text/html")
say(got[0] == 406, "row 34: protobuf with an Accept that nothing satisfies is 406", str(got))
PYTHON
points_of "$python" "$scratch/same.py"

cat >"$scratch/bytes.py" <<'PYTHON'
import os

from api import launch_fields, say
from protobuf import PROTOBUF, Client, agent_pb2, encode

client = Client()
PID = os.environ["DAEMON_PID"]


def rss():
    with open(f"/proc/{PID}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) * 1024 for line in file if line.startswith("VmRSS:"))


def varint(value):
    out = b""
    while value >= 0x80:
        out, value = out + bytes([value & 0x7f | 0x80]), value >> 7
    return out + bytes([value])


def field(number, kind, data):
    return varint(number << 3 | kind) + (varint(len(data)) + data if kind == 2 else data)


def call(kind, parameters=b""):
    """A Call of the type of that number; launch_container is its parameters."""
    return field(1, 0, varint(kind)) + (field(13, 2, parameters) if parameters else b"")


def launch(**parts):
    """A launch of "x" with the parts given, as bytes by their numbers."""
    named = {"id": (1, field(1, 2, b"x")), "command": (2, field(3, 2, b"true"))}
    for name, part in parts.items():
        named[name] = part
    return call(22, b"".join(field(number, 2, data) for number, data in named.values() if data is not None))


def deep(levels):
    """A ContainerID with so many parents."""
    heads, data = [], field(1, 2, b"x")
    size = len(data)
    for _ in range(levels):
        heads.append(field(1, 2, b"x") + varint(2 << 3 | 2) + varint(size))
        size += len(heads[-1])
    return b"".join(reversed(heads)) + data


SCALAR = lambda bits: field(1, 1, bits)
RESOURCE = lambda name, bits: field(1, 2, name) + field(2, 0, b"\0") + field(3, 2, SCALAR(bits))
ONE = b"\0\0\0\0\0\0\xf0\x3f"
NAN = b"\0\0\0\0\0\0\xf8\x7f"
CAPABILITIES = lambda data: field(1, 0, b"\x02") + field(8, 2, field(3, 2, data))

CASES = [
    ("an empty body", b"", 400, "'type'"),
    ("no type", field(13, 2, b""), 400, "'type'"),
    ("the type UNKNOWN", call(0), 501, "UNKNOWN"),
    ("a type of a newer client's", call(4711), 501, "4711"),
    ("a negative type", field(1, 0, varint(2 ** 64 - 1)), 501, "-1"),
    ("a type that is a string", field(1, 2, b"GET_HEALTH"), 400, "type"),
    ("parameters that are a number", call(22) + field(13, 0, b"\1"), 400, "launch_container"),
    ("no parameters", call(22), 400, "'launch_container'"),
    ("no id", launch(id=(1, None)), 400, "'launch_container.container_id'"),
    ("an id without a value", launch(id=(1, field(7, 2, b"x"))), 400, "'launch_container.container_id.value'"),
    ("an id that is no UTF-8", launch(id=(1, field(1, 2, b"\xff\xfe"))), 400, "launch_container.container_id.value"),
    ("an id with a NUL", launch(id=(1, field(1, 2, b"a\0b"))), 400, "launch_container.container_id.value"),
    ("three levels of ids", launch(id=(1, deep(2))), 400, "launch_container.container_id.parent.parent"),
    ("a hundred thousand levels of ids", launch(id=(1, deep(100000))), 400, "launch_container.container_id.parent.parent"),
    ("a value of the wrong type", launch(command=(2, field(3, 0, b"\1"))), 400, "launch_container.command.value: expected a string"),
    ("a resource that there is not", launch(r=(3, RESOURCE(b"gpus", ONE))), 400, "launch_container.resources[0].name"),
    ("a type of value that there is not", launch(r=(3, field(1, 2, b"cpus") + field(2, 0, b"\x63"))), 400, "launch_container.resources[0].type"),
    ("an amount that is no number", launch(r=(3, RESOURCE(b"cpus", NAN))), 400, "launch_container.resources[0].scalar.value"),
    ("a container of Docker's", launch(c=(4, field(1, 0, b"\1"))), 400, "launch_container.container.type"),
    ("a limit of something else", launch(l=(5, field(1, 2, b"disk") + field(2, 2, SCALAR(ONE)))), 400, "launch_container.limits.disk"),
    ("a limit without a key", launch(l=(5, field(2, 2, SCALAR(ONE)))), 400, "launch_container.limits."),
    ("a limit without a value", launch(l=(5, field(1, 2, b"cpus"))), 400, "'launch_container.limits.cpus.value'"),
    ("a capability that there is not", launch(c=(4, CAPABILITIES(field(1, 0, varint(1999))))), 400, "capabilities[0]"),
    ("one of two that are packed", launch(c=(4, CAPABILITIES(field(1, 2, varint(1010) + varint(1999))))), 400, "capabilities[1]"),
    ("an amount cut off", launch(c=(4, CAPABILITIES(field(1, 2, b"\xff\xff")))), 400, "capabilities: cut off"),
    ("70,000 arguments", launch(command=(2, field(3, 2, b"true") + field(7, 2, b"") * 70000)), 400, "65536"),
    ("a group", b"\x0b\x0c" + call(1), 400, "protobuf"),
    ("a field of number 0", b"\0\0" + call(1), 400, "protobuf"),
    ("a varint of eleven bytes", b"\x10" + b"\xff" * 10 + b"\1" + call(1), 400, "protobuf"),
    ("a length beyond the end", b"\x12\xff\xff\xff\xff\x0f", 400, "protobuf"),
]
for name, body, wanted, text in CASES:
    status, _, data = client.exchange(body)
    said = data.decode("utf-8", "replace")
    say(status == wanted and text in said, f"row 38: {name} is {wanted}, by name", f"got {status} {said}")

before = rss()
many = launch(command=(2, field(3, 2, b"true") + field(7, 2, b"") * 500000))
got = [client.exchange(many)[0] for _ in range(5)]
say(got == [400] * 5 and rss() - before < 8 << 20, "row 38: half a million arguments take no memory", str(got), str(rss() - before))

newer = encode({"type": "GET_HEALTH"}) + field(900, 2, b"new") + field(901, 0, b"\7") + field(902, 1, ONE) + field(903, 5, b"abcd")
say(client.exchange(newer)[0] == 200, "row 34: what a newer client says beside it is passed over")

whole = encode({"type": "LAUNCH_CONTAINER", "launch_container": dict(
    launch_fields("cut", cpus=0.1), container={"type": "MESOS", "linux_info": {"effective_capabilities": {"capabilities": ["CHOWN", "KILL"]}}},
    limits={"cpus": {"value": 0.5}})})
answers = [client.exchange(whole[:size])[0] for size in range(len(whole))]
say(set(answers) == {400}, f"row 38: of {len(whole)} bytes no beginning is a call", str(answers))
say(client.exchange(whole)[0] == 200, "row 37: the whole is")
repeated = agent_pb2.Call.FromString(whole)
say(client.exchange(repeated.SerializeToString())[0] == 202, "row 37: the same id again is 202")
PYTHON
export DAEMON_PID=$daemon_pid
points_of "$python" "$scratch/bytes.py"
is "$(awk '$1 == "CapEff:" { print $2 }' "/proc/$(first_pid cut)/status")" 0000000000000021 \
    "row 34: capabilities that were said by number are what it has"

done_testing
