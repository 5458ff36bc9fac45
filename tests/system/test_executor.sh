#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Executors and their tasks: what goes together, what an executor is held to, and how they end.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

mib=$((1 << 20))
mkfifo "$scratch/go"
# Of who gives way the kernel takes no weight until it is back: test_bands.sh has that.
printf '[bursting]\nbands = no\n[containers]\ndefault_cpu_limit = request\n' >"$scratch/plain.conf"
daemon_start --config "$scratch/plain.conf"

# knobs_are ID WEIGHT QUOTA LOW MAX NAME: in the kernel's files, memory in MiB.
knobs_are() {
    is "$(weight_mcpu "$1") $(quota_mcpu "$1") $(($(mem_low_bytes "$1") / mib)) $(($(mem_max_bytes "$1") / mib))" \
        "$2 $3 $4 $5" "$6"
}

# task NAME OPTION…: one of e, asleep.
task() {
    local name=$1
    shift
    weir run --in e --name "$name" --detach "$@" -- sleep 600 >/dev/null
}

# ---- Row 9: the sum of its parts ----

weir run --executor --name e --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
knobs_are e 100 100 32 32 "row 9: an executor alone has its own figures"
task t1 --cpu 0.1 --mem 32Mi
task t2 --cpu 0.1:0.5 --mem 32Mi:64Mi
knobs_are e 300 700 96 128 "row 9: with two tasks: weight .3, quota .7, low 96, max 128"
knobs_are e/t1 100 100 32 32 "row 9: the first task has what it asked for"
knobs_are e/t2 100 500 32 64 "row 9: and the second"
is "$(weight_mcpu e/self) $(($(mem_low_bytes e/self) / mib))" "100 32" \
    "row 9: the executor's own processes have its own request"
is "$(awk -F: '$1 == 0 { print $3 }' "/proc/$(first_pid e)/cgroup")" "/${prefix}e/self" \
    "row 9: and lie in a group of their own"
is "$(field e '.weir | "\(.cpu_request_mcpu) \(.cpu_limit_mcpu) \(.mem_limit_bytes)"')" \
    "300 700 $((128 * mib))" "row 9: the sum is what is told"

files=()
for id in e/t1 e/t2; do
    for controller in cpu memory; do
        mapfile -t -O "${#files[@]}" files < <(find "$(group_of "$id" "$controller")" -maxdepth 1 -type f -writable \
            -regex '.*/\(cpu\.\(weight\|max\|shares\|cfs_quota_us\)\|memory\.\(low\|high\|max\|.*limit_in_bytes\)\)')
    done
done
witness_start modify "${files[@]}"
task t3 --cpu 0.1 --mem 32Mi
knobs_are e 400 800 128 160 "row 9: a third task comes: .4, .8, 128, 160"
is "$(witness_stop)" "" "row 9: the others are not touched"
weir kill e/t1
weir kill e/t2
weir wait e/t1 >/dev/null
weir wait e/t2 >/dev/null
knobs_are e 200 200 64 64 "row 9: two of three end: .2, .2, 64, 64"

# ---- Row 10, at the task's level ----

weir update e/t3 --cpu 0.2:0.6 --mem 64Mi:96Mi >/dev/null
knobs_are e/t3 200 600 64 96 "row 10: a task's figures go up live"
knobs_are e 300 700 96 128 "row 10: and its executor's with them"
weir update e/t3 --cpu 0.1:max --mem 32Mi:max >/dev/null
is "$(quota_mcpu e/t3) $(quota_mcpu e) $(mem_max_bytes e)" "max max max" \
    "row 10: one part without a limit, and the sum has none"
weir update e/t3 --cpu 0.1:0.2 --mem 32Mi:48Mi >/dev/null
knobs_are e/t3 100 200 32 48 "row 10: and down again"
knobs_are e 200 300 64 80 "row 10: with its executor"
weir update e --cpu 0.3:0.5 --mem 48Mi:64Mi >/dev/null
knobs_are e 400 700 80 112 "row 10: an executor's own figures count beside its tasks'"
is "$(weight_mcpu e/self)" 300 "row 10: and are its own processes' request"
weir rm --force e

# ---- Row 8: what goes together ----

# refuses WORD NAME COMMAND…: with a text that has the word.
refuses() {
    local word=$1 name=$2 text
    shift 2
    if text=$("$@" 2>&1); then
        not_ok "row 8: $name" "it was accepted: $text"
    else
        matches "$text" "$word" "row 8: $name"
    fi
}

weir run --executor --name e --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
weir run --name plain --detach -- sleep 600 >/dev/null
groups=$(cgroups_of_run)
refuses share_cgroups "limits of a task that shares its executor's cgroup are refused" \
    weir run --in e --shared --name t --cpu 0.1:0.5 --detach -- sleep 600
refuses "no executor 'nobody'" "a task of an executor that is not there is refused" \
    weir run --in nobody --name t --detach -- sleep 600
weir run --in nobody --name t --detach -- sleep 600 2>/dev/null || is $? 125 "row 8: which is no fault of the command's"
refuses "is no executor" "a task of a plain container is refused" \
    weir run --in plain --name t --detach -- sleep 600
refuses "two levels" "an executor in an executor is refused" \
    weir run --in e --executor --name t --detach -- sleep 600
refuses "called 'self'" "a task called self is refused" \
    weir run --in e --name self --detach -- sleep 600
call '{"type": "LAUNCH_CONTAINER", "launch_container": {"container_id": {"value": "x", "parent":
    {"value": "t", "parent": {"value": "e"}}}, "command": {"value": "true"}}}'
is "$code" 400 "row 8: three levels are refused"
is "$(cgroups_of_run)" "$groups" "row 8: and nothing was made of any of them"
weir run --in e --shared --name s --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
refuses share_cgroups "a task with a cgroup of its own beside one that shares is refused" \
    weir run --in e --name t --detach -- sleep 600
weir rm --force e/s
weir run --in e --name t --detach -- sleep 600 >/dev/null
refuses share_cgroups "and the other way round" \
    weir run --in e --shared --name s --detach -- sleep 600
weir rm --force e plain

# ---- Sharing ----

weir run --executor --name e --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
weir run --in e --shared --name s --cpu 0.2 --mem 32Mi --detach -- "$load" spin >/dev/null
is "$(weight_mcpu e/self) $(quota_mcpu e)" "300 300" "one that shares counts in the executor's sum"
ran_for() {
    [[ $(stat_of "$1" cpu_ns) -gt $2 ]]
}
succeeds "and is metered by itself" eventually 10 ran_for e/s 100000000
weir kill e/s
weir wait e/s >/dev/null
is "$(field e .weir.state) $(weight_mcpu e/self)" "running 100" "it ends alone, and its share with it"

# ---- Metered: a task for itself, and in its executor's sum ----

weir run --in e --name fg --cpu 0.2 --mem 32Mi -- "$load" spin 300
weir run --in e --name b --cpu 0.2:max --mem 32Mi --detach -- sh -c '"$0" spin 500 & "$0" spin 300; wait; exec "$0" nap' "$load" >/dev/null
is_napping() {
    [[ $(tr '\0' ' ' <"/proc/$(first_pid "$1")/cmdline") == *" nap " ]]
}
eventually 60 is_napping e/b
for id in e e/b; do
    within "$(stat_of "$id" cpu_ns)" "$(cgroup2_cpu_ns "$id")" "$(bound cpu_agreement)" \
        "metered: CPU time of $id is the kernel's, of a task that has gone, too"
done
is "$(weir stats --json e/b | jq -r '.[0].id')" e/b "a task's record has its whole name"
succeeds "and so has the kernel's own table" grep -q "^e/b  *running" "$pin_dir/v1/containers"
weir kill e/b
weir wait e/b >/dev/null

# ---- How they end ----

weir run --in e --name own --cpu 0.1:1 --mem 32Mi:48Mi --detach -- "$load" hold 200 >/dev/null
eventually 30 has_ended e/own
is "$(field e/own .weir.reason) $(field e .weir.state)" "limit running" \
    "row 13: a task that breaches its own limit ends alone"
is "$(weir events --json e/own | jq -r 'select(.kind == "ended").cause' | xargs)" "limit" \
    "row 13: one end is told, with its reason"
weir run --in e --name t --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
weir kill e
eventually 10 has_ended e
is "$(field e .weir.reason) $(field e/t .weir.state) $(field e/t .weir.reason)" "killed exited killed" \
    "an executor that is killed takes its tasks"
matches "$(field e/t .weir.message)" "executor" "and they say so"
weir rm e
fails "records of tasks go with their executor's" weir inspect e/t
is "$(cgroups_of_run)" "" "nothing is left of them"

weir run --executor --name e --cpu 0.1 --mem 32Mi:48Mi --detach -- sh -c 'read -r go <"$0"; exec "$1" hold 300' "$scratch/go" "$load" >/dev/null
weir run --in e --name t --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
echo go >"$scratch/go"
eventually 30 has_ended e
is "$(field e .weir.reason) $(field e/t .weir.reason)" "limit limit" \
    "row 13: an executor that breaches its limit takes its tasks"
matches "$(field e/t .weir.message)" "limit of its executor" "and they say whose limit it was"
weir rm e

# In the foreground its record goes with its caller, and takes its tasks'.
weir run --executor --name e -- sh -c 'weir() { "$0" "$@"; }; weir run --in e --name t --detach -- true; weir wait e/t' "$build/weir" >"$scratch/out"
is "$(xargs <"$scratch/out")" "e/t 0" "an executor in the foreground has tasks"
fails "whose records go with its own" weir inspect e/t
fails "when it has ended" weir inspect e

# ---- A restart ----

weir run --executor --name e --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
weir run --in e --name t --cpu 0.2 --mem 32Mi --detach -- sleep 600 >/dev/null
daemon_stop KILL
daemon_start --config "$scratch/plain.conf"
is "$(field e .weir.state) $(field e/t .weir.state)" "running running" "both survive the daemon"
knobs_are e 300 300 64 64 "and what they are held to"
weir run --in e --name u --cpu 0.1 --mem 32Mi --detach -- sleep 600 >/dev/null
knobs_are e 400 400 96 96 "to which a new task is added"
daemon_stop KILL
mkdir "$(group2_of e)/cut" "$(group2_of e)/self/task.short" "$(group2_of e)/self/mine"
daemon_start --config "$scratch/plain.conf"
is "$(cd "$(group2_of e)" && echo */ self/*/)" "self/ t/ u/ self/mine/" \
    "groups of launches that were cut short go, one of the executor's own stays"
pid=$(first_pid e)
daemon_stop KILL
kill -KILL "$pid"
daemon_start --config "$scratch/plain.conf"
eventually 10 has_ended e/t
is "$(field e .weir.state) $(field e/t .weir.state) $(field e/u .weir.state)" "exited exited exited" \
    "an executor that ended meanwhile has taken its tasks"
weir rm e
done_testing
