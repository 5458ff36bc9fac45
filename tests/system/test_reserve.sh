#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Reservations: who holds what, what becomes what, and what is refused with which status.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

conf=$scratch/weir.conf
mkdir "$scratch/path" "$scratch/mount"
cat >"$conf" <<CONF
[node]
disk = 100Gi
disks = PATH:$scratch/path:10Gi, MOUNT:$scratch/mount
[roles]
volume_grace = 0s
CONF
daemon_start --config "$conf"
export DISKS=$scratch

cat >"$scratch/reserve.py" <<'PYTHON'
import os
import time

from api import launch_fields, say
from resources import Operator, held, level

op = Operator()
ROOT = os.environ["DISKS"]


def codes(name, wanted, *got):
    say(list(got) == wanted, name, f"got {got}, wanted {wanted}: {op.said}")


before = op.holds()
op.reserve(held("role role/foo", cpus=0.5, mem=10), held("role role/bar", cpus=0.5, mem=10))
codes("row 39: from what nobody holds: 409", [409], op.reserve(held("role role/foo", cpus=0.5, mem=10), held("role role/bar", cpus=0.5, mem=10)))
say(op.holds() == before, "row 39: nothing changed")
codes("row 39: unreserved to [role, role/foo] in one call", [202], op.reserve(held("role role/foo", cpus=0.5, mem=10), held(cpus=0.5, mem=10)))
now = op.holds()
say({key: now[key] for key in now if not key.startswith("*")} == {"role+role/foo cpus": 0.5, "role+role/foo mem": 10},
    "row 39: the state shows exactly that stack", str(now))
say(abs(before["* cpus"] - now["* cpus"] - 0.5) < 1e-9 and before["* mem"] - now["* mem"] == 10, "row 39: and what is left", str(now))
codes("row 39: bar to foo again: 409", [409], op.reserve(held("role role/foo", cpus=0.5, mem=10), held("role role/bar", cpus=0.5, mem=10)))
codes("row 39: foo to bar", [202], op.reserve(held("role role/bar", cpus=0.5, mem=10), held("role role/foo", cpus=0.5, mem=10)))
say("role+role/bar cpus" in op.holds() and "role+role/foo cpus" not in op.holds(), "row 39: it is bar's")
say(op.said["reserve_resources"]["operation_id"] and op.said["reserve_resources"]["version"] == op.reservations()["version"],
    "an operation has an id, and the books a version", str(op.said))

start = op.holds()
codes("row 40: amounts that differ: 400", [400, 400],
      op.reserve(held("a", cpus=0.2), held(cpus=0.1)), op.reserve(held("a", cpus=0.1, mem=1), held(cpus=0.1)))
codes("row 40: ids of disks that differ: 400", [400], op.reserve(held("b", volume="w", disk=1), held("a", volume="v", disk=1)))
codes("row 40: mixed stacks in one side: 400", [400, 400],
      op.reserve(held("a", cpus=0.1) + held("b", mem=1), held(cpus=0.1, mem=1)),
      op.reserve(held("a", cpus=0.1, mem=1), held(cpus=0.1) + held("b", mem=1)))
codes("row 40: an empty side: 400", [400, 400], op.reserve([], held(cpus=0.1)), op.reserve([]))
codes("row 40: an empty source is none", [202, 202], op.reserve(held("a", cpus=0.1), []), op.unreserve(held("a", cpus=0.1)))
codes("nothing, infinity, other things: 400", [400, 400, 400, 400],
      op.reserve(held("a", cpus=0)), op.reserve(held("a", cpus="Infinity")), op.reserve(held("a", gpus=1)), op.reserve(held("a", cpus=-1)))
say(op.holds() == start, "row 40: nothing changed", str(op.holds()))

op.reserve(held("eng", cpus=0.4, disk=100))
op.reserve(held("eng eng/ads", cpus=0.3, disk=100))
codes("row 41: UNRESERVE pops one level", [202], op.unreserve(held("eng eng/ads", cpus=0.1)))
say(op.holds()["eng cpus"] == 0.2 and op.holds()["eng+eng/ads cpus"] == 0.2, "row 41: back to the level before", str(op.holds()))
codes("more than is held: 409", [409], op.unreserve(held("eng eng/ads", cpus=0.3)))
codes("of what is unreserved: 400", [400], op.unreserve(held(cpus=0.1)))
op.create(held("eng eng/ads", volume="data", disk=60))
codes("row 41: with a volume on it: refused until it is destroyed", [400, 409, 202],
      op.unreserve(held("eng eng/ads", volume="data", disk=60)), op.unreserve(held("eng eng/ads", disk=100)), op.unreserve(held("eng eng/ads", disk=40)))
codes("row 41: and then it goes", [202, 202], op.destroy(held("eng eng/ads", volume="data", disk=60)), op.unreserve(held("eng eng/ads", disk=60)))

codes("row 43: another's principal, or none: 400", [400, 400],
      op.reserve(held([level("q", "somebody")], cpus=0.1)), op.reserve(held([level("q", None)], cpus=0.1)))
codes("row 43: roles that are none: 400", [400] * 7, *(op.reserve(held([level(role)], cpus=0.1)) for role in
      ("*", "", "/a", "a/", "a//b", "a/../b", "-a")))
codes("row 43: a refinement that is no strict subrole: 400", [400] * 3,
      *(op.reserve(held([level("a"), level(role)], cpus=0.1), held(cpus=0.1)) for role in ("a", "ab", "b/a")))
codes("STATIC is the configuration's: 400", [400], op.reserve(held([level("a", kind="STATIC")], cpus=0.1)))
codes("another agent's id: 400", [400], op.operate("RESERVE_RESOURCES", agent_id={"value": "S7"}, resources=held("a", cpus=0.1)))

codes("row 44: labels", [202, 202], op.reserve(held([level("l", k="a")], cpus=0.1)), op.reserve(held([level("l", k="b")], cpus=0.1)))
codes("row 44: one can't be spent as the other", [409, 409, 202], op.unreserve(held([level("l", k="a")], cpus=0.2)),
      op.unreserve(held("l", cpus=0.1)), op.unreserve(held([level("l", k="a")], cpus=0.1)))
say("l=b cpus" in op.holds() and "l=a cpus" not in op.holds(), "row 44: the other stays", str(op.holds()))
op.unreserve(held([level("l", k="b")], cpus=0.1))

op.reserve(held("v", disk=100))
volume = held("v", volume="data", disk=50)
codes("row 45: CREATE, and with an id that the role has: 400", [202, 400], op.create(volume), op.create(held("v", volume="data", disk=10)))
codes("row 45: SHRINK to 0, GROW by 0: 400", [400, 400], op.shrink(volume[0], 50), op.grow(volume[0], held("v", disk=0)[0]))
codes("GROW and SHRINK", [202, 202], op.grow(volume[0], held("v", disk=25)[0]), op.shrink(held("v", volume="data", disk=75)[0], 65))
say(op.holds()["v volume data"] == 10 and op.holds()["v disk"] == 90, "and what is left", str(op.holds()))
codes("ids that are none: 400", [400] * 3, *(op.create(held("v", volume=bad, disk=1)) for bad in ("a/b", "..", "a b")))
codes("CREATE of more than is reserved: 409, of what is not: 400", [409, 400],
      op.create(held("v", volume="big", disk=1000)), op.create(held("", volume="big", disk=1)))
place = next(v for v in op.reservations()["volumes"] if v["id"] == "data")
with open(place["path"] + "/file", "w", encoding="ascii") as file:
    file.write("kept")
inode = os.stat(place["path"]).st_ino
codes("a volume moves with its reservation", [202], op.reserve(held("w", volume="data", disk=10), held("v", volume="data", disk=10)))
moved = next(v for v in op.reservations()["volumes"] if v["id"] == "data")
say((moved["role"], moved["path"]) == ("w", place["path"]) and os.stat(moved["path"]).st_ino == inode and open(moved["path"] + "/file", encoding="ascii").read() == "kept",
    "and is where it was, with all that is in it", str(moved))
op.create(held("v", volume="data", disk=10))
codes("into a role that has its id: 409", [409], op.reserve(held("v", volume="data", disk=10), held("w", volume="data", disk=10)))
op.destroy(held("v", volume="data", disk=10))
op.destroy(held("w", volume="data", disk=10))
deadline = time.monotonic() + 10
while op.reservations()["volumes"] and time.monotonic() < deadline:
    time.sleep(0.05)
say(not op.reservations()["volumes"] and not os.path.exists(place["path"]), "what is destroyed is removed when its grace is over")

path = {"type": "PATH", "path": {"root": ROOT + "/path"}}
mount = {"type": "MOUNT", "mount": {"root": ROOT + "/mount"}}
whole = next(r["scalar"]["value"] for r in op.reservations()["resources"] if r.get("disk", {}).get("source", {}).get("type") == "MOUNT")
codes("other disks: a part of one, the whole of another", [202, 400, 202],
      op.reserve(held("d", source=path, disk=10)), op.reserve(held("d", source=mount, disk=10)), op.reserve(held("d", source=mount, disk=whole)))
op.create(held("d", volume="there", source=path, disk=10))
say(op.reservations()["volumes"][0]["path"].startswith(ROOT + "/path/weir-volumes/"), "a volume lies on its disk", str(op.reservations()["volumes"]))
codes("a disk that is not there: 400", [400], op.reserve(held("d", source={"type": "PATH", "path": {"root": "/nowhere"}}, disk=1)))
op.destroy(held("d", volume="there", source=path, disk=10))

start, version = op.holds(), op.reservations()["version"]
codes("row 47: dry_run answers what the call would", [202, 409, 400],
      op.reserve(held("t", cpus=0.1), dry_run=True), op.reserve(held("t", cpus=1000), dry_run=True), op.reserve(held("t", cpus=0), dry_run=True))
say(op.holds() == start and op.reservations()["version"] == version, "row 47: and changes nothing")
codes("row 47: the version that is expected, and one that is stale: 409", [202, 409],
      op.reserve(held("t", cpus=0.1), version=version), op.unreserve(held("t", cpus=0.1), version=version))
op.unreserve(held("t", cpus=0.1))

last = op.call("GET_OPERATIONS")[1]["get_operations"]["operations"]
states = {o["latest_status"]["state"] for o in last}
say(states == {"OPERATION_FINISHED", "OPERATION_FAILED"} and all(o["latest_status"]["message"] for o in last),
    "operations end FINISHED or FAILED, and say what they were, or why", str(states))

# ---- Containers spend their role's ----

free = op.holds()["* cpus"]
op.reserve(held("run", cpus=0.5))
roles = {role["name"]: role["resources"][0]["scalar"]["value"] for role in op.call("GET_ROLES")[1]["get_roles"]["roles"]}
say(roles.get("run") == 0.5, "a role that something is reserved for is one, though nobody runs in it", str(roles))
told = [e for e in op.call("GET_EVENTS")[1]["get_events"]["events"] if e["kind"] == "operated"]
say(told and told[-1]["cause"] == "reserve" and "run" in told[-1]["text"], "operations are events", str(told[-1:]))


def launch(name, role, cpus):
    return op.call("LAUNCH_CONTAINER", **(launch_fields(name, ("sleep", "600"), cpus=cpus) | {"weir": {"role": role}}))


codes("a container of the role fits, and one of none does not", [200, 409], launch("mine", "run/one", 0.4)[0], launch("big", "*", free - 0.4)[0])
status, text = launch("bigger", "other", free)
say(status == 409 and "reserved: " in text and "run 0.5" in text, "the refusal says for whom the rest is reserved", text)
codes("what bears a container's request stays: 409", [409, 202], op.unreserve(held("run", cpus=0.2)), op.unreserve(held("run", cpus=0.1)))



def requested(name):
    found = op.call("GET_CONTAINERS", show_standalone=True, weir={"container_id": {"value": name}})[1]["get_containers"]["containers"][0]["weir"]
    return found["cpu_request_mcpu"], found["cpu_limit_mcpu"]


launch("mine-too", "run", 0.0)
limits = requested("mine")
codes("in use, and nobody yields: 409", [409], op.reserve(held("late", cpus=0.2), held("run", cpus=0.2)))
codes("more than they have, yielding or not: 409", [409], op.reserve(held("late", cpus=0.399), held("run", cpus=0.399), yield_=True))
say(requested("mine") == limits == (400, "Infinity"), "and nobody has given anything up", str(requested("mine")))
codes("with yield containers give up what is moved, while they run", [202], op.reserve(held("late", cpus=0.2), held("run", cpus=0.2), yield_=True))
say(requested("mine") == (190, "Infinity") and requested("mine-too")[0] == 10, "live, down to their floors, and may burst on", str(requested("mine")))
say(op.holds().get("late cpus") == 0.2, "and it is the other's", str(op.holds()))
op.reserve(held("run", cpus=0.2), held("late", cpus=0.2))
op.call("KILL_CONTAINER", container_id={"value": "mine-too"})
op.call("WAIT_CONTAINER", container_id={"value": "mine-too"})
op.call("KILL_CONTAINER", container_id={"value": "mine"})
op.call("WAIT_CONTAINER", container_id={"value": "mine"})
codes("until it has ended", [202], op.unreserve(held("run", cpus=0.4)))
PYTHON
points_of python3 "$scratch/reserve.py"

# ---- What containers give up is written down with what it is for ----

weir reserve --role run --cpu 0.5
weir run --name spender --role run --cpu 0.4:max --detach -- sleep 600 >/dev/null
reserved_for() {
    weir roles --json | jq --arg role "$1" '[.[] | select(.role == $role) | .reserved_mcpu][0] // 0'
}
for point in store.holding store.commit operate.stored; do
    daemon_stop
    export WEIR_FAULT=$point=KILL
    daemon_start --config "$conf"
    unset WEIR_FAULT
    fails "killed at $point: it is not answered" weir reserve move --from run --to late --cpu 0.2 --yield 2>/dev/null
    eventually 5 not_running "$daemon_pid"
    daemon_start --config "$conf"
    wanted="400 500 0"
    [[ $point != operate.stored ]] || wanted="300 300 200"
    is "$(field spender .weir.cpu_request_mcpu) $(reserved_for run) $(reserved_for late)" "$wanted" \
        "killed at $point: requests and reservations are of one time"
done
weir rm --force spender
weir reserve move --from late --to run --cpu 0.2
weir unreserve --role run --cpu 0.5

# ---- Rights, level by level ----

rights() {
    printf '[node]\ndisk = 100Gi\ndisks = PATH:%s/path:10Gi, MOUNT:%s/mount\n[roles]\nvolume_grace = 0s\nreserve = %s\nunreserve = %s\n' \
        "$scratch" "$scratch" "$1" "$2" >"$conf"
    weir reload
}
cat >"$scratch/rights.py" <<'PYTHON'
import sys

from api import say
from resources import Operator, held

op = Operator()
name, wanted, text = sys.argv[1], int(sys.argv[2]), sys.argv[3]
before = op.holds()
status = op.reserve(held("baz baz/bar", cpus=0.1), held("foo foo/bar", cpus=0.1))
say(status == wanted and text in str(op.said), f"row 42: {name}: {wanted}", f"{status} {op.said}")
say((op.holds() == before) == (wanted == 403), f"row 42: {name}: what changed", str(op.holds()))
if status == 202:
    op.reserve(held("foo foo/bar", cpus=0.1), held("baz baz/bar", cpus=0.1))
PYTHON
move() {
    points_of python3 "$scratch/rights.py" "$@"
}
rights '' ''
python3 - <<'PYTHON'

from resources import Operator, held
Operator().reserve(held("foo foo/bar", cpus=0.1), held(cpus=0.1))
PYTHON
rights 'root *' 'root *'
move "all of them" 202 ''
rights 'root *' 'root baz'
move "to unreserve foo/bar is missing" 403 "'unreserve' for role 'foo/bar'"
rights 'root *' 'root foo/bar, root baz'
move "to unreserve foo is missing" 403 "'unreserve' for role 'foo'"
rights 'root foo' 'root *'
move "to reserve baz is missing" 403 "'reserve' for role 'baz'"
rights 'somebody *' 'root *'
move "it is somebody else's" 403 "'root' has no right to 'reserve'"
fails "rights that are none are refused" rights 'root' ''
rights '' ''

# ---- What the configuration reserves ----

static() {
    daemon_stop
    printf '[node]\ndisk = 100Gi\ndisks = PATH:%s/path:10Gi, MOUNT:%s/mount\n[roles]\nvolume_grace = 0s\nstatic = %s\n' \
        "$scratch" "$scratch" "$1" >"$conf"
    daemon_start --config "$conf"
}
fixed() {
    weir api GET_RESERVATIONS | jq -r '.get_reservations.resources[] | select(.reservations[0].type == "STATIC") |
        "\(.reservations | map(.role) | join("+")) \(.name) \(.scalar.value)"' | sort | paste -sd, -
}
static 'st cpus=0.3 disk=1Gi, su cpus=0.1'
is "$(fixed)" "st cpus 0.3,st disk 1024,su cpus 0.1" "static reservations are as the configuration has them"
cat >"$scratch/static.py" <<'PYTHON'
from api import say
from resources import Operator, held, level

op = Operator()
ST = level("st", None, "STATIC")
got = [op.unreserve(held([ST], cpus=0.1)), op.reserve(held("ops", cpus=0.1), held([ST], cpus=0.1)),
       op.reserve(held([ST, level("st/a")], cpus=0.2)), op.reserve(held([ST, level("st/a")], disk=100)),
       op.create(held([ST, level("st/a")], volume="v", disk=100)),
       op.reserve(held([ST, level("st/b")], volume="v", disk=100), held([ST, level("st/a")], volume="v", disk=100))]
say(got == [400, 400, 202, 202, 202, 202], "nobody can take them away, but refine them, and move what they are refined to", str(got))
PYTHON
points_of python3 "$scratch/static.py"
static 'st cpus=0.25 disk=2Gi'
is "$(fixed)" "st cpus 0.05,st disk 1948,st+st/a cpus 0.2,st+st/b disk 100" "they follow it, by what is not refined"
static 'st cpus=0.1'
is "$(fixed)" "st cpus 0.05,st disk 1948,st+st/a cpus 0.2,st+st/b disk 100" "as far as that takes nothing from anybody"
matches "$(grep -c "static reservation of cpus for role 'st' stays" "$daemon_log")" '^[1-9]' "and a warning says so"
free=$(weir api GET_RESERVATIONS | jq '[.get_reservations.resources[] | select(.name == "cpus" and (.reservations | not)) | .scalar.value] | add')
weir run --name all --cpu "$free:max" --detach -- sleep 600 >/dev/null
static 'st cpus=0.25, sv cpus=0.1'
is "$(fixed | tr , '\n' | grep -c '^sv')" 0 "nor from a container that ran before"
matches "$(grep -c "static reservation of cpus for role 'sv' stays" "$daemon_log")" '^[1-9]' "and a warning says that, too"
weir rm --force all

daemon_stop
done_testing
