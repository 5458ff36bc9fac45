#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Groups that somebody else made: metered right, written only when asked, left without a trace.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

mib=$((1 << 20))
daemon_start
# shellcheck source=tests/system/engine.sh
. "$tree/tests/system/engine.sh"

# As an engine does it, and a process in it.
made=() # groups
started=() # processes
engine_runs() {
    local name=$1 root
    shift
    "$@" &
    started+=($!)
    disown
    for root in "${roots[@]}"; do
        mkdir -p "$root/$engine/$name"
        made+=("$root/$engine/$name")
        echo "${started[-1]}" >"$root/$engine/$name/cgroup.procs"
    done
}
engine_ends() {
    local group
    kill -KILL "${started[@]}" 2>/dev/null || :
    for group in "${made[@]}"; do
        eventually 5 rmdir_if "$group" || :
        rmdir "${group%/*}" 2>/dev/null || :
    done
    made=() started=()
}
rmdir_if() {
    [[ ! -d $1 ]] || rmdir "$1" 2>/dev/null
}
at_end() {
    engine_ends
}
# On v2 its groups get controllers only if it passes them on.
if [[ $(controller_version memory) == 2 || $(controller_version cpu) == 2 ]]; then
    mkdir "$(cgroup2_mount)/$engine"
    for controller in cpu memory; do
        [[ $(controller_version "$controller") == 1 ]] ||
            echo "+$controller" >"$(cgroup2_mount)/$engine/cgroup.subtree_control"
    done
fi

# ---- Looking on ----

# What it uses is charged to where it is then, so it begins when it is there.
mkfifo "$scratch/go"
engine_runs one sh -c 'read -r go <"$0"; exec "$1" spin' "$scratch/go" "$load"
pid=${started[-1]}
echo go >"$scratch/go"
is_spinning() {
    [[ $(tr '\0' ' ' <"/proc/$pid/cmdline") == *"load spin"* ]]
}
eventually 10 is_spinning
before=$(knobs_of one)
weir adopt --pid "$pid" --name one
is "$(weir ps | awk '$1 == "one" { print $2 }') $(first_pid one)" "running $pid" "adopted by a process in it"
adopted_is_metered one "$pid"
is "$(($(stat_of one mem_current_bytes) > 0))" 1 "its memory, too, though nothing was executed in it since"
is "$(knobs_of one)" "$before" "nothing is written there"
fails "it is no other container's at the same time" weir adopt --cgroup "$engine/one" --name again
fails "nor what lies around it" weir adopt --cgroup "/$engine" --name around
# Not process 1: where that is systemd it has a scope of its own.
at_the_top=$({ grep -lx '0::/' /proc/[0-9]*/cgroup 2>/dev/null || :; } | head -n 1 | cut -d / -f 3)
refusal=$(weir adopt --pid "$at_the_top" --name top 2>&1) || is $? 4 "who is in no group of its own can't be adopted"
matches "$refusal" "no cgroup of its own" "and that is said"
refusal=$(weir adopt --cgroup /nowhere --name nowhere 2>&1) || is $? 3 "nor what is not there"
matches "$refusal" "no cgroup 'nowhere'" "by its name"
if refusal=$(weir rm --force one 2>&1); then
    not_ok "it is not removed, but released" "weir rm --force accepted it"
else
    matches "$refusal" "release" "it is not removed, but released"
fi
weir update one --cpu 0.5:1
is "$(knobs_of one)" "$before" "figures that are given to it are for the record"
is "$(weir exec one cat /proc/self/cgroup | grep -c "$engine/one")" "${#roots[@]}" "weir exec: inside, in each hierarchy"
daemon_stop KILL
daemon_start
is "$(field one .weir.state) $(field one .weir.enforced)" "running false" "it outlives the daemon"
weir release one
fails "released it is forgotten" weir inspect one
succeeds "and runs on" kill -0 "$pid"

# ---- Holding ----

# writes_quota US [PERIOD]: engines have periods of their own.
writes_quota() {
    if [[ $(controller_version cpu) == 2 ]]; then
        echo "${1/-1/max} ${2-}" >"$(of_engine group_of one cpu)/cpu.max"
    else
        [[ ! ${2-} ]] || echo "$2" >"$(of_engine group_of one cpu)/cpu.cfs_period_us"
        echo "$1" >"$(of_engine group_of one cpu)/cpu.cfs_quota_us"
    fi
}
writes_quota 30000 50000
before=$(knobs_of one)
refusal=$(weir adopt --pid "$pid" --name one --cpu 0.5:0.2 --enforce 2>&1) || is $? 4 "figures are checked"
is "$(knobs_of one)" "$before" "and a refusal writes nothing"
weir adopt --cgroup "$(cgroup2_mount)/$engine/one" --name one --cpu 0.25:0.4 --mem 48Mi:96Mi --enforce
is "$(of_engine weight_mcpu one) $(of_engine quota_mcpu one)" "250 400" "enforced: weight and quota"
is "$(($(of_engine mem_low_bytes one) / mib)) $(($(of_engine mem_max_bytes one) / mib))" "48 96" "enforced: memory"
weir update one --cpu 0.3:0.5 --mem 64Mi:128Mi
is "$(of_engine quota_mcpu one) $(($(of_engine mem_max_bytes one) / mib))" "500 128" "enforced: and changed live"
daemon_stop KILL
daemon_start
writes_quota -1
is_held() {
    [[ $(of_engine quota_mcpu one) == 500 ]]
}
succeeds "a knob that somebody else writes is set back" eventually 20 is_held
is "$(weir events --json one | jq -r 'select(.kind == "contested") | "\(.cause) \(.figures.cpu_limit_mcpu)"')" "cpu Infinity" \
    "and that is told"
weir release one
is "$(knobs_of one)" "$before" "released: every knob is as it was, beyond a daemon that was killed"

# ---- Going ----

weir adopt --cgroup "$engine/one" --name one
engine_ends
eventually 10 has_ended one
is "$(field one '.weir | "\(.reason): \(.message)"')" "self: its cgroup was removed" "a group that vanishes is noticed"
weir release one
engine_runs two sleep 600
weir adopt --cgroup "$engine/two" --name two
# It is not to look in between.
kill -STOP "$daemon_pid"
kill -KILL "${started[@]}"
for group in "${made[@]}"; do
    eventually 5 rmdir "$group" 2>/dev/null
    mkdir "$group"
done
kill -CONT "$daemon_pid"
eventually 10 has_ended two
is "$(field two .weir.message)" "its cgroup was removed, and another has its name" "one that is made anew is another"
weir rm two

done_testing
