#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Somebody else writes into a launched container, or into the parent of all: noticed, told, set back.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

mib=$((1 << 20))
daemon_start

# writes ID CONTROLLER V1-FILE V2-FILE V1-VALUE V2-VALUE
writes() {
    if [[ $(controller_version "$2") == 1 ]]; then
        echo "$5" >"$(group_of "$1" "$2")/$3"
    else
        echo "$6" >"$(group_of "$1" "$2")/$4"
    fi
}
state_of_web() {
    echo "$(quota_mcpu web) $(weight_mcpu web) $(($(mem_low_bytes web) / mib)) $(($(mem_max_bytes web) / mib))"
}
is_as_it_was() {
    [[ $(state_of_web) == "$before" ]]
}

weir run --detach --name web --cpu 0.2:0.5 --mem 32Mi:64Mi -- sleep 600 >/dev/null
weir run --detach --name plain -- sleep 600 >/dev/null
before=$(state_of_web)
is "$before" "500 200 32 64" "a container has its knobs"
sleep 3
is "$(contested 0)" "" "what weir writes itself is not contested"

since=$(last_event)
writes web cpu cpu.cfs_quota_us cpu.max -1 "max 100000"
succeeds "a quota that somebody else lifts is told" eventually 10 told web contested cpu "$since"
succeeds "and set back" eventually 5 is_as_it_was
matches "$(contested "$since")" "^web: somebody else has set its CPU limit to max: set back" "with what it was"
is "$(weir events --json | jq "select(.seq > $since) | .figures.cpu_limit_mcpu")" '"Infinity"' "as a figure, too"

since=$(last_event)
writes web cpu cpu.shares cpu.weight 77 77
succeeds "so is a weight" eventually 10 told web contested weight "$since"
succeeds "which is set back" eventually 5 is_as_it_was
since=$(last_event)
writes web memory memory.limit_in_bytes memory.max $((48 * mib)) $((48 * mib))
writes web memory memory.soft_limit_in_bytes memory.low $((8 * mib)) $((8 * mib))
succeeds "so is a memory limit" eventually 10 told web contested mem "$since"
succeeds "and what is protected is set back with it" eventually 10 is_as_it_was
since=$(last_event)
writes plain cpu cpu.idle cpu.idle 1 1
succeeds "so is a class" eventually 10 told plain contested class "$since"
succeeds "which is set back" eventually 5 is_normal plain

since=$(last_event)
weir update web --cpu 0.3:0.6 --mem 40Mi:80Mi
weir update web --cpu 0.2:0.5 --mem 32Mi:64Mi
weir reset-knobs 2>/dev/null
sleep 3
is "$(contested "$since") $(state_of_web)" " $before" "updates and reset-knobs are weir's own"
daemon_stop KILL
daemon_start
sleep 3
is "$(contested 0)" "" "nor is anything contested of what an earlier daemon wrote"

# Of an executor and its tasks, which move each other's knobs.
weir run --executor --detach --name e --cpu 0.1:0.2 --mem 32Mi:64Mi -- sleep 600 >/dev/null
weir run --in e --detach --name t --cpu 0.1:0.3 --mem 32Mi:64Mi -- sleep 600 >/dev/null
since=$(last_event)
sleep 3
is "$(contested "$since")" "" "an executor's knobs go with its tasks, which is no contest"
writes e/t cpu cpu.cfs_quota_us cpu.max 5000 "5000 100000"
is_quota_of_task() {
    [[ $(quota_mcpu e/t) == 300 ]]
}
succeeds "a task's knobs are looked after, too" eventually 10 is_quota_of_task
matches "$(contested "$since")" "its CPU limit to 0.05" "and it is told"
weir rm --force e
weir rm --force web
weir rm --force plain
daemon_stop

# ---- The parent's class ----

cgroup_parent=$prefix"parent"
parent=$(controller_root cpu | cut -d' ' -f2-)/$cgroup_parent
daemon_start --cgroup-parent "$cgroup_parent"
for ((i = 0; i < $(nproc); i++)); do
    weir run --name "burst$i" --detach -- "$load" spin >/dev/null
done
weir run --name service --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.002; done' "$load" >/dev/null
# Not at a moment when weir itself has brought it back.
is_taken_out() {
    since=$(last_event)
    [[ $(<"$parent/cpu.idle") == 1 ]] && echo 0 >"$parent/cpu.idle" && eventually 2 told "" contested parent "$since"
}
succeeds "a parent that somebody takes out of the idle class is told" eventually 20 is_taken_out
matches "$(contested "$since")" "has taken '$cgroup_parent' out of the idle class" "by its name"
parent_is_idle() {
    [[ $(<"$parent/cpu.idle") == 1 ]]
}
succeeds "and is put back" eventually 5 parent_is_idle
matches "$(weir events | grep contested | tail -n 1)" " - +contested +parent " "in the list it belongs to no container"
done_testing
