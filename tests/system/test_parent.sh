#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Containers below cgroup_parent: they lie and are limited there, and give way together with it.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

cgroup_parent=$prefix"parent"
read -r version root < <(controller_root cpu)
parent=$root/$cgroup_parent
weight_file=$parent/cpu.weight weight=300
[[ $version == 2 ]] || weight_file=$parent/cpu.shares weight=3072

parent_is_idle() {
    [[ $(<"$parent/cpu.idle") == 1 ]]
}
parent_is_normal() {
    [[ $(<"$parent/cpu.idle") == 0 ]]
}
# has_used ID NS: as the map has it.
has_used() {
    [[ $(stat_of "$1" cpu_ns) -ge $2 ]]
}
# came_back ID CAUSE
came_back() {
    weir events --json "$1" | jq -e "select(.kind == \"promoted\" and .cause == \"$2\")" >/dev/null
}

# looked_at SECONDS ID: how often the parent was in each class, and how often ID was in the idle class
# though the parent was not.
looked_at() {
    python3 - "$1" "$parent/cpu.idle" "$(group_of "$2" cpu)/cpu.idle" <<'END'
import os, sys, time

seconds, (parent, child) = float(sys.argv[1]), (os.open(path, os.O_RDONLY) for path in sys.argv[2:])
idle = lambda fd: os.pread(fd, 8, 0) == b"1\n"
counts, end = [0, 0, 0], time.monotonic() + seconds
while time.monotonic() < end:
    began = time.monotonic()
    before, inside, after = idle(parent), idle(child), idle(parent)
    # Once looked at within a tick: it can't have been both between the two.
    if before == after and time.monotonic() - began < 0.004:
        counts[before] += 1
        counts[2] += inside and not before
    time.sleep(0.001)
print(*counts)
END
}

daemon_start --cgroup-parent "$cgroup_parent"
echo "$weight" >"$weight_file"
cpus=$(nproc)

weir run --name limited --cpu 0.1:0.4 --mem 32Mi:64Mi --detach -- "$load" spin >/dev/null
succeeds "it lies below the parent in every hierarchy" group_exists limited
is "$(quota_mcpu limited) $(mem_max_bytes limited)" "400 67108864" "with its limits"
succeeds "and is metered there" eventually 10 has_used limited 50000000

# ---- Its memory ----

if [[ $(controller_version memory) == 2 ]]; then
    mib=$((1 << 20))
    low_mib() {
        echo $(($(<"$(cgroup2_mount)/$cgroup_parent/memory.low") / mib))
    }
    low_is() {
        [[ $(low_mib) == "$1" ]]
    }
    is "$(low_mib)" 32 "what is protected of a container is of the parent, too"
    weir run --name second --mem 48Mi --executor --detach -- sleep 600 >/dev/null
    weir run --in second --name task --mem 32Mi --detach -- sleep 600 >/dev/null
    is "$(low_mib)" 112 "of all of them, and their tasks"
    weir update limited --mem 40Mi:64Mi
    is "$(low_mib)" 120 "as they are updated"
    echo 0 >"$(cgroup2_mount)/$cgroup_parent/memory.low"
    succeeds "what somebody else writes there is set back" eventually 10 low_is 120
    is "$(weir events --json | jq -r 'select(.kind == "contested") | "\(.container_id) \(.cause) \(.figures.mem_low_bytes)"')" \
        "null protection 0" "and told"
    weir rm --force second
    weir update limited --mem 32Mi:64Mi
    is "$(low_mib)" 32 "and as they go"
fi
weir kill limited
weir wait limited >/dev/null

for ((i = 0; i < cpus; i++)); do
    weir run --name "burst$i" --detach -- "$load" spin >/dev/null
done
# The limited one was within its request until a moment ago.
succeeds "among bursters weights rule, and the parent is as it was" eventually 5 parent_is_normal

weir run --name service --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.002; done' "$load" >/dev/null
succeeds "beside a service a burster gives way" eventually 5 is_idle burst0
succeeds "and the parent with it" eventually 5 parent_is_idle
succeeds "the service does not, inside" is_normal service

# The daemon dies, and one that may not move anybody comes. Work on the rest of the machine can make the
# service short, and then all are back for a moment: not at that one.
stops_while_idle() {
    kill -STOP "$daemon_pid"
    sleep 0.05
    parent_is_idle || { kill -CONT "$daemon_pid" && return 1; }
}
eventually 10 stops_while_idle
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null || :
succeeds "a dead daemon leaves the parent in its band" parent_is_idle
printf '[bursting]\nbands = no\n' >"$scratch/plain.conf"
daemon_start --cgroup-parent "$cgroup_parent" --config "$scratch/plain.conf"
succeeds "without bands the next one puts it back" eventually 5 parent_is_normal
succeeds "and those inside" is_normal burst0
is "$(<"$weight_file")" "$weight" "with the weight that somebody gave it"
printf '[bursting]\nbands = yes\n' >"$scratch/plain.conf"
weir reload
succeeds "with bands they give way again" eventually 5 parent_is_idle

# Outside, loops on all CPUs: nothing is left for who is in the idle class.
outside=$root/${prefix}outside
mkdir "$outside"
for ((i = 0; i < cpus; i++)); do
    (echo "$BASHPID" >"$outside/cgroup.procs" && exec "$load" spin) &
done
succeeds "who is short inside brings all of them back" eventually 10 came_back burst0 short-inside
read -r normal idle wrong < <(looked_at 5 burst0)
is "$((normal > 0)) $((idle > 0))" "1 1" "and then they give way again, by turns"
is "$wrong" 0 "never is one in the idle class in a parent that is not"

weir kill service
weir wait service >/dev/null
# Not as it did for a moment before, when the service was short.
succeeds "nobody within its request: those inside come back" eventually 10 came_back burst0 disarmed
succeeds "and the parent" eventually 5 parent_is_normal
is "$(<"$weight_file")" "$weight" "with its weight"

weir run --name another --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.002; done' "$load" >/dev/null
succeeds "again they give way" eventually 5 parent_is_idle
daemon_stop
succeeds "a daemon that stops brings the parent back" parent_is_normal
is "$(<"$weight_file")" "$weight" "and its weight"

daemon_start --cgroup-parent "$cgroup_parent"
succeeds "the next one takes over" eventually 10 stops_while_idle
daemon_stop KILL
for group in "$parent/$prefix"*/; do
    kill_all_in "$group"
done
daemon_start --cgroup-parent "$cgroup_parent"
succeeds "with nobody left inside the parent is brought back" eventually 5 parent_is_normal
is "$(<"$weight_file")" "$weight" "with its weight, too"
done_testing
