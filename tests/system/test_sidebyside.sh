#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317 # on calls them
#
# Two daemons on one machine: neither sees the other's containers, nor touches them.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

declare -A pids first
# Of the container that both have: quota and memory limit; and all CPU requests.
declare -A limits=([a]="1500 268435456" [b]="500 134217728") requested=([a]=300 [b]=200)

# on a|b COMMAND…: in that daemon's places, which all lie where the test cleans up.
on() {
    local prefix=$prefix$1.
    local -x WEIR_SOCKET=$scratch/$1.sock WEIR_PIN_DIR=$pin_dir/$1
    local daemon_options=(--socket "$WEIR_SOCKET" --state-dir "$scratch/$1-state" --pin-dir "$WEIR_PIN_DIR"
        --cgroup-prefix "$prefix" --run-dir "$scratch/$1-run" --log-level warning)
    local status=0
    daemon_pid=${pids[$1]:-}
    "${@:2}" || status=$?
    pids[$1]=$daemon_pid
    return "$status"
}

# Containers, by every way to look: records, maps, the kernel's table, cgroups.
all_there_is() {
    weir ps -q
    weir stats --json | jq -r '.[].id'
    sed '1d; s/ .*//' "$WEIR_PIN_DIR/v1/containers"
    cgroup_mounts | while read -r mount; do
        find "$mount" -maxdepth 1 -type d -name "$prefix*" -printf '%f\n'
    done | sed "s/^$prefix//"
}

# sees a|b CONTAINERS NAME
sees() {
    is "$(on "$1" all_there_is | sort -u | xargs)" "$2" "$3"
}

state_of_same() {
    echo "$(field same .weir.state) $(first_pid same) $(pids_of same) $(quota_mcpu same) $(mem_max_bytes same)"
}

# unharmed a|b NAME: the container that both have is as it was started.
unharmed() {
    is "$(on "$1" state_of_same)" "running ${first[$1]} ${first[$1]} ${limits[$1]}" "$2"
}

purge() {
    weir purge --cgroup-prefix "$prefix" --state-dir "$scratch/b-state" --run-dir "$scratch/b-run" "$@"
}

on a daemon_start
on b daemon_start
on a weir run --name same --cpu 0.2:1.5 --mem 64Mi:256Mi --detach -- sleep 600 >/dev/null
on b weir run --name same --cpu 0.1:0.5 --mem 64Mi:128Mi --detach -- sleep 600 >/dev/null
for which in a b; do
    on "$which" weir run --name "only-$which" --cpu 0.1 --detach -- "$load" nap >/dev/null
    first[$which]=$(on "$which" first_pid same)
done

# ---- Each sees its own ----

for which in a b; do
    sees "$which" "only-$which same" "$which: sees its own containers, wherever it looks"
    unharmed "$which" "$which: the container that both have is its own"
    on "$which" weir metrics --json >"$scratch/json"
    is "$(jq '.node | "\(.daemon_pid) \(.requested_mcpu)"' -r "$scratch/json")" "${pids[$which]} ${requested[$which]}" \
        "$which: its figures of the node are its own"
done
fails "a: does not know b's container" on a weir inspect only-b
fails "a: can't kill b's container" on a weir kill only-b

before=$(on b weir stats --json | jq -c 'map([.id, .cpu_ns])')
on a weir run --name busy --detach -- "$load" spin 500 >/dev/null
on a weir wait busy >/dev/null
used_ms=$(($(on a stat_of busy cpu_ns) / 1000000))
succeeds "a: meters what its container used, $used_ms ms" test "$used_ms" -gt 0
is "$(on b weir stats --json | jq -c 'map([.id, .cpu_ns])')" "$before" "b: meters none of it"
on a weir rm busy

# ---- What happens to one does not happen to the other ----

on a weir update same --cpu 0.3:1 --mem 64Mi:512Mi
limits[a]="1000 536870912"
unharmed a "a: an update"
unharmed b "a: an update is not b's"

on a weir kill same
on a weir wait same >/dev/null
unharmed b "a: a kill is not b's"
on a weir rm same
sees a only-a "a: a removal"
sees b "only-b same" "a: a removal is not b's"
unharmed b "a: a removal leaves b's container of the same name"

for signal in TERM KILL; do
    on b daemon_stop "$signal"
    sees a only-a "b ended by SIG$signal: a goes on"
    succeeds "b ended by SIG$signal: a launches" on a weir run --name more --cpu 0.1 -- true
    succeeds "b ended by SIG$signal: its containers run on" kill -0 "${first[b]}"
    on b daemon_start
    sees b "only-b same" "b again: takes over its own and no other"
    unharmed b "b again: they are as they were"
    is "$(on a field only-a .weir.state)" running "b again: a's are left alone"
done

# ---- One is taken away ----

on b daemon_stop
on b purge --force
is "$(on b cgroups_of_run)" "" "b purged: its cgroups are gone"
succeeds "b purged: its containers are gone" not_running "${first[b]}"
fails "b purged: its pins are gone" test -e "$pin_dir/b"
sees a only-a "b purged: a goes on"
is "$(on a field only-a .weir.state)" running "b purged: a's container goes on"
succeeds "b purged: a launches" on a weir run --cpu 0.1 -- true
on a daemon_stop

done_testing
