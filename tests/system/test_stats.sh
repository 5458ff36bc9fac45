#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# What a container is charged with, what is always told of it, and what happens when a source fails.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start

# A first process that does nothing itself: all that is charged is its children's.
weir run --name helpers --cpu 0.5:max --detach -- \
    sh -c '"$0" spin 900 & "$0" fork 0 60 & sh -c "$0 spin 400; $0 spin 400" & wait; exec "$0" nap' "$load" >/dev/null
is_napping() {
    [[ $(tr '\0' ' ' <"/proc/$(first_pid "$1")/cmdline") == *" nap " ]]
}
succeeds "helpers of helpers ran and ended" eventually 60 is_napping helpers
kernel=$(kernel_cpu_ns helpers)
within "$(stat_of helpers cpu_ns)" "$kernel" "$(bound cpu_agreement)" \
    "row 14: forked helpers are charged to their container: as the kernel counts"
own=$(awk '{ print $1 }' "/proc/$(first_pid helpers)/schedstat")
is $((kernel > $(amount helpers_share) * own)) 1 "row 14: and nearly all of it was theirs"
# The sixty and their parents; not more than the shells may fork besides.
forks=$(stat_of helpers forks)
is "$((64 <= forks && forks <= 70))" 1 "row 14: forks are counted, each of them once"
echo "# $forks"

# has_statistics ID…: what a limited container always has, zero or not.
has_statistics() {
    field "$1" '.resource_statistics as $r | .weir as $w |
        [$r.cpus_limit, $r.cpus_soft_limit, $r.cpus_nr_periods, $r.cpus_nr_throttled,
         $r.cpus_throttled_time_secs, $r.mem_limit_bytes, $r.mem_soft_limit_bytes,
         $w.nr_periods, $w.nr_throttled, $w.throttled_ns] | map(type) | unique | .[]'
}
weir run --name limited --cpu 0.1:0.1 --mem 32Mi:64Mi --detach -- "$load" spin >/dev/null
is "$(has_statistics limited)" number \
    "row 14: from its launch a limited container has request, limit, nr_periods, nr_throttled, throttled time"
is "$(field limited '.resource_statistics | [.cpus_soft_limit, .cpus_limit, .mem_soft_limit_bytes, .mem_limit_bytes] | @csv')" \
    "0.1,0.1,33554432,67108864" "row 14: request and limit are those in force"

throttled_in_kernel() {
    [[ $(knob "$1" cpu cpu.stat cpu.stat | awk '$1 == "nr_throttled" { print $2 }') -ge 3 ]]
}
eventually 10 throttled_in_kernel limited

# between LOW KEY HIGH NAME: what the maps say lies between two readings of the kernel's file.
kernel_stat() {
    knob limited cpu cpu.stat cpu.stat | awk -v key="$1" '$1 == key { print $2 }'
}
for key in nr_periods nr_throttled; do
    low=$(kernel_stat "$key")
    seen=$(stat_of limited "$key")
    high=$(kernel_stat "$key")
    is "$((low <= seen && seen <= high))" 1 "row 14: $key is the kernel's"
    echo "# $low <= $seen <= $high"
done
is "$(($(stat_of limited throttled_ns) > 0))" 1 "row 14: throttled time is told"
weir kill limited
weir wait limited >/dev/null
is "$(has_statistics limited)" number "row 14: they are there when it has ended"
is "$((seen <= $(field limited .weir.nr_throttled)))" 1 "row 14: with their last figures"

# Readers without a right to write: members of the reader group.
daemon_stop
# Without a guard: what is guarded can't be taken away below.
printf '[access]\nreader_group = 54321\n[fence]\ntier = T2\n' >"$scratch/readers.conf"
daemon_start --config "$scratch/readers.conf"
weir run --name seen --cpu 0.1:0.1 --mem 32Mi:64Mi --detach -- "$load" spin >/dev/null
as_reader() {
    setpriv --reuid 65534 --regid 54321 --clear-groups -- "$@"
}
install -m 755 "$build/weir" "$scratch/weir"
is "$(as_reader "$scratch/weir" stats --json seen | jq -r '.[0].cpu_request_mcpu')" 100 \
    "a member of the reader group reads the maps"
matches "$(as_reader cat "$pin_dir/v1/containers")" "seen +running +100" "and the pinned table"
succeeds "and asks the daemon" as_reader "$scratch/weir" inspect seen
fails "but changes nothing" as_reader "$scratch/weir" update seen --cpu 0.2
fails "and nobody else reads the maps" setpriv --reuid 65534 --regid 65534 --clear-groups -- "$scratch/weir" stats

# One source fails: what refreshes memory and throttle figures.
failures() {
    weir metrics | awk '$1 == "weir_node_refresh_failures_total" { print $2 }'
}
counts_failures() {
    [[ $(failures) -gt $1 ]]
}
cpu_moves() {
    [[ $(stat_of seen cpu_ns) -gt $1 ]]
}
is "$(failures)" 0 "row 15: nothing has failed so far"
cpu_before=$(stat_of seen cpu_ns)
rm "$pin_dir/v1/refresh"
succeeds "row 15: a metric source that fails is counted" eventually 10 counts_failures 0
succeeds "row 15: again at each tick" eventually 10 counts_failures 1
succeeds "row 15: CPU time goes on being counted" eventually 10 cpu_moves "$cpu_before"
is "$(has_statistics seen)" number "row 15: the daemon's answers have all fields"
succeeds "row 15: weir top still shows it" eval 'weir top --once | grep -q seen'
is "$(grep -c 'not refreshed' "$daemon_log")" 1 "row 15: and it is said once, not at each tick"

# A daemon that starts finds the pin missing and makes it again.
daemon_stop
daemon_start --config "$scratch/readers.conf"
succeeds "a restart brings the source back" test -e "$pin_dir/v1/refresh"

# With the pins goes the meter, and not one limit.
rm -r "$pin_dir/v1"
weir run --name unmetered --mem 32Mi --detach -- sh -c '"$0" hold 64 & wait; exec "$0" nap' "$load" >/dev/null
succeeds "without pins: who reaches the memory limit is killed whole" eventually 20 has_ended unmetered
is "$(field unmetered .weir.reason)" limit "without pins: the reason is known"
weir run --name coded --detach -- sh -c 'exit 7' >/dev/null
is "$(weir wait coded)" 7 "without pins: and so is an exit status"
daemon_stop
daemon_start
# With a request: without one it would hardly run at all where others do.
weir run --name metered --cpu 0.5:max --detach -- "$load" spin 1000 >/dev/null
weir wait metered >/dev/null
is $(($(stat_of metered cpu_ns) > 50000000)) 1 "without pins: the next daemon meters again"
done_testing
