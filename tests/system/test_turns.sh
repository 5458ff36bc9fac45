#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Bursters that give way take turns faster than the kernel's tick, while there are any.
# alone: how often CPUs switch is what is counted
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

config=$scratch/weir.conf
cpus=$(nproc)
seconds=3

# switches ID…: how often threads of theirs left a CPU.
switches() {
    weir stats --json "$@" | jq 'map(.switches) | add'
}

used_ns() {
    echo $(($(kernel_cpu_ns loops0) + $(kernel_cpu_ns loops1)))
}

# Sets `rate`: how often the bursters are switched, per second of CPU time that they get.
look() {
    local n ns
    n=$(switches loops0 loops1) ns=$(used_ns)
    sleep "$seconds"
    n=$(($(switches loops0 loops1) - n)) ns=$(($(used_ns) - ns))
    rate=$((n * 1000 / (ns / 1000000 + 1)))
    echo "# $n switches in $ns ns of CPU time: $rate a second"
}

# How often the threads that end turns have slept.
turns_ended() {
    local status
    for status in /proc/"$daemon_pid"/task/*/status; do
        if grep -q '^Name:[[:space:]]weir-turn$' "$status"; then
            awk '$1 == "voluntary_ctxt_switches:" { print $2 }' "$status"
        fi
    done | awk '{ n += $1 } END { print n + 0 }'
}

# Does the kernel end slices by a timer of its own? In a mount namespace, as debugfs may be mounted nowhere.
has_hrtick() {
    local features
    features=$(unshare --mount sh -c 'mount -t debugfs none /sys/kernel/debug; cat /sys/kernel/debug/sched/features' 2>/dev/null)
    echo "# $features"
    [[ " $features " == *" HRTICK "* ]]
}

# more_turns_than N
more_turns_than() {
    [[ $(turns_ended) -gt $1 ]]
}

# ends_none NAME: a second from now on, for a second. Sets `before`.
ends_none() {
    sleep 1
    before=$(turns_ended)
    sleep 1
    is "$(turns_ended)" "$before" "$1"
}

echo '[bursting]' >"$config"
daemon_start --config "$config"
for i in 0 1; do
    weir run --name "loops$i" --detach -- \
        sh -c 'for i in $(seq '"$cpus"'); do "$0" spin & done; wait' "$load" >/dev/null
done
ends_none "nobody within their request about: no turns are ended"

# One thread at a time: on no machine, however slow, can it be over its own request and give way itself.
weir run --name service --cpu 1:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.1; done' "$load" >/dev/null
for i in 0 1; do
    succeeds "beside a service loops$i gives way" eventually 5 is_idle "loops$i"
done
succeeds "and now turns are ended" eventually 5 more_turns_than "$before"
look
fast=$rate

printf '%s\n' '[bursting]' 'bands_turns = no' >"$config"
succeeds "reload" weir reload
before=$(turns_ended)
look
is "$(turns_ended)" "$before" "bands_turns = no: no turns are ended"
if [[ $rate -ge 900 ]]; then
    skip "and the tick ends them later" "this kernel's tick is as short"
elif has_hrtick; then
    skip "and the tick ends them later" "this kernel has a timer for the end of each slice (HRTICK)"
else
    is "$((100 * fast >= $(bound turns_gain) * rate))" 1 \
        "and the tick ends them later: $rate times a second, not $fast"
fi
succeeds "who gives way still does" is_idle loops0

echo '[bursting]' >"$config"
succeeds "reload" weir reload
succeeds "bands_turns = yes: they are ended again" eventually 5 more_turns_than "$before"
for i in 0 1; do
    weir kill "loops$i"
    weir wait "loops$i" >/dev/null
done
ends_none "the last burster has ended: no turns are ended"
done_testing
