#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Row 17: who may do what in a container's groups, with and without delegation.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
chmod 755 "$scratch"
install -m 755 "$load" "$scratch/load"

# From inside: which of its own files it can write, and whether it can make a group.
cat >"$scratch/try" <<'E2'
for group in "$@"; do
    for knob in cpu.weight cpu.max cpu.shares cpu.cfs_quota_us memory.low memory.max memory.limit_in_bytes; do
        [ ! -e "$group/$knob" ] || ! (cat "$group/$knob" >"$group/$knob") 2>/dev/null || echo "wrote $knob"
    done
    ! mkdir "$group/own" 2>/dev/null || echo made
done
E2
mapfile -t places < <({
    group2_of who
    group_of who cpu
    group_of who memory
} | sort -u)
weir run --user nobody --name who --cpu 0.1:1 --mem 32Mi:64Mi -- sh "$scratch/try" "${places[@]}" >"$scratch/out"
is "$(<"$scratch/out")" "" "row 17: a container that is not root writes none of its limits, and makes no groups"
weir run --user nobody --delegate --name who --cpu 0.1:1 --mem 32Mi:64Mi -- sh "$scratch/try" "${places[@]}" >"$scratch/out"
is "$(sort "$scratch/out" | uniq -c | xargs)" "${#places[@]} made" \
    "row 17: delegated it makes groups in each hierarchy, and still writes none of its limits"
is "$(cgroups_of_run)" "" "row 17: which go with it"

# What it does in a group of its own is its container's.
weir run --user nobody --delegate --name who --cpu 0.1:0.5 --mem 32Mi:64Mi --detach -- \
    sh -c 'mkdir "$0/own" && echo 0 >"$0/own/cgroup.procs" && exec "$1" spin' "$(group2_of who)" "$scratch/load" >/dev/null
is_below() {
    grep -qs . "$(group2_of who)/own/cgroup.procs"
}
succeeds "row 17: it moves into a group of its own" eventually 10 is_below
ran_for() {
    [[ $(stat_of who cpu_ns) -gt 200000000 ]]
}
eventually 30 ran_for
weir pause who
within "$(stat_of who cpu_ns)" "$(cgroup2_cpu_ns who)" "$(bound cpu_agreement)" "row 17: and is metered there"
weir kill who
weir wait who >/dev/null
is "$(cgroups_of_run)" "" "row 17: killed there, and cleaned up after"
weir rm who

# Of an executor's tasks, those that have a group of their own.
weir run --executor --name e --detach -- sleep 600 >/dev/null
refusal=$(weir run --in e --shared --delegate --name t -- true 2>&1) || is $? 125 "what is shared can't be given away"
matches "$refusal" share_cgroups "and it is said why"
weir run --in e --user nobody --delegate --name t --detach -- sleep 600 >/dev/null
is "$(stat -c %U "$(group2_of e/t)") $(stat -c %U "$(group2_of e)") $(stat -c %U "$(group2_of e/t)/memory.max" 2>/dev/null || echo root)" \
    "nobody root root" "a task's group is its user's, its executor's and the limits are not"
weir rm --force e
done_testing
