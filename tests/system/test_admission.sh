#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Requests never exceed what the node has, to the last millicore.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

# A node with exactly 0.3 CPUs to give, and 256 MiB.
cpus=$(getconf _NPROCESSORS_ONLN)
kib=$(awk '/^MemTotal:/ { print $2 }' /proc/meminfo)
cat >"$scratch/small.conf" <<CONF
[node]
reserve_cpu = $((cpus * 1000 - 300))m
reserve_memory = $((kib - 256 * 1024))Ki
CONF
daemon_start --config "$scratch/small.conf"

requested() {
    weir metrics | awk -v name="weir_node_requested_$1" '$1 == name { print $2 }'
}

cat >"$scratch/launches.py" <<'PYTHON'
import sys

from api import Connection, launch_fields, say

LAUNCHES = int(sys.argv[1])
client = Connection()
tally = {200: 0, 409: 0}


def launch(name, cpus):
    status, answer = client.call("LAUNCH_CONTAINER", **launch_fields(name, cpus=cpus))
    if status not in tally:
        sys.exit(f"launch {name}: {status} {answer}")
    tally[status] += 1
    return status


def remove(name):
    this = {"container_id": {"value": name}}
    for call in ("KILL_CONTAINER", "WAIT_CONTAINER", "REMOVE_CONTAINER"):
        status, answer = client.call(call, **this)
        if status != 200:
            sys.exit(f"{call} {name}: {status} {answer}")


# In threes: a tenth and a fifth fill the node, and when they are gone three tenths do.
wrong = []
while tally[200] < LAUNCHES:
    got = [launch("tenth", 0.1), launch("fifth", 0.2), launch("more", 0.01)]
    remove("tenth")
    remove("fifth")
    got += [launch("both", 0.3), launch("more", 0.01)]
    remove("both")
    if got != [200, 200, 409, 200, 409]:
        wrong.append(f"after {tally[200]} launches: {got}")
say(not wrong, f"row 18: 0.1 + 0.2 = 0.3 exactly, over {tally[200]} launches and removals", *wrong[:5])
say(tally[409] == tally[200] * 2 // 3, "row 18: and not a hundredth more", str(tally))
PYTHON
points_of python3 "$scratch/launches.py" "$(amount admissions)"
is "$(requested cpus) $(requested bytes)" "0 0" "row 18: in the end nothing is promised"

# Who is refused learns why.
launch() {
    call '{"type": "LAUNCH_CONTAINER", "launch_container": {"container_id": {"value": "'"$1"'"},
        "command": {"shell": false, "value": "sleep", "arguments": ["sleep", "600"]},
        "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": '"$2"'}},
                      {"name": "mem", "type": "SCALAR", "scalar": {"value": '"$3"'}}]}}'
}
launch small 0.05 32
launch large 0.2 64
launch third 0.1 32
is "$code" 409 "a node that is full: 409"
matches "$body" "'third': wants 0.1 cpus, 0.05 free of $cpus \(" "the text says what was wanted and what is free"
matches "$body" "held by: large 0.2, small 0.05" "and who holds the rest, the largest first"
launch third 0.05 256
matches "$code $body" "^409 .*wants 256Mi mem, 160Mi free of .*held by: large 64Mi, small 32Mi" "and so for memory"
launch third 0.05 160
is "$code" 200 "what fits to the last byte is taken"
is "$(requested cpus) $(requested bytes)" "0.3 $((256 << 20))" "the node's record says that all is promised"

# At the command line.
status=0
weir run --name fourth --cpu 0.1 --detach -- true 2>"$scratch/refusal" || status=$?
matches "$status $(<"$scratch/refusal")" "^125 .*'fourth': wants 0.1 cpus, 0 free" "weir run says so, too"
status=0
weir update small --cpu 0.06 2>"$scratch/refusal" || status=$?
matches "$status $(<"$scratch/refusal")" "^4 .*'small': wants 0.06 cpus, 0.05 free" "an update that does not fit is refused"
is "$(weight_mcpu small) $(requested cpus)" "50 0.3" "and changes nothing"
weir update small --cpu 0.01 >/dev/null
is "$(requested cpus)" "0.26" "an update downwards gives back"
weir update large --cpu 0.24 >/dev/null
is "$(requested cpus)" "0.3" "and another takes"
succeeds "limits may exceed the node: bursting is what they are for" weir update small --cpu "0.01:$((2 * cpus))"

# Exited ones no longer count, and their records stay.
weir kill large
weir wait large >/dev/null
is "$(requested cpus)" "0.06" "a container that has exited no longer counts"
launch large 0.1 32
is "$code" 202 "its id is taken until it is removed"
launch fourth 0.24 64
is "$code" 200 "and its share is free"

# A restart with containers on it; a reserve that has grown.
daemon_stop
daemon_start --config "$scratch/small.conf"
launch fifth 0.01 32
is "$code" 409 "after a restart the node is as full as before"
daemon_stop
sed -i "s/^reserve_cpu.*/reserve_cpu = $((cpus * 1000 - 100))m/" "$scratch/small.conf"
daemon_start --config "$scratch/small.conf"
is "$(field fourth .weir.state) $(requested cpus)" "running 0.3" "who was promised more than is left now keeps it"
succeeds "and may ask for less" weir update fourth --cpu 0.2
fails "but not for more" weir update fourth --cpu 0.21
done_testing
