#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Pins of another weir, or only some of them: what a daemon makes of what it finds.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

pins=$pin_dir/v1
blame_bytes=64 # the last group of a slot, and
programs_bytes=16 # of the node, which begin with the fingerprint of the programs

# hex_key N: as bpftool takes it.
hex_key() {
    printf '%02x %02x %02x %02x\n' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255))
}

# record PIN N: its bytes in hex, one a line.
record() {
    local key
    read -ra key < <(hex_key "$2")
    bpftool --json map lookup pinned "$pins/$1" key hex "${key[@]}" | jq -r '.value[][2:]'
}

# write_record PIN N <BYTES
write_record() {
    local key bytes
    read -ra key < <(hex_key "$2")
    mapfile -t bytes
    bpftool map update pinned "$pins/$1" key hex "${key[@]}" value hex "${bytes[@]}"
}

# The node's record with another fingerprint.
other_programs() {
    head -n "-$programs_bytes"
    for ((i = 0; i < programs_bytes; i++)); do echo 5a; done
}

# shrink PIN BYTES N…: the map with records that are shorter by so much; those are kept.
shrink() {
    local pin=$1 less=$2 n size entries
    shift 2
    for n; do
        record "$pin" "$n" | head -n "-$less" >"$scratch/record.$n"
    done
    size=$(wc -l <"$scratch/record.$n") entries=$(max_entries "$pin")
    rm "$pins/$pin"
    bpftool map create "$pins/$pin" type array key 4 value "$size" entries "$entries" name "weir_$pin" flags 0x400
    for n; do
        write_record "$pin" "$n" <"$scratch/record.$n"
    done
}

program_of() {
    # It tells, and ends with 255 where it can not tell whose fds there are.
    { bpftool --json link show pinned "$pins/links/$1" || :; } | jq .prog_id
}
counters() {
    weir stats --json "$1" | jq -c '.[0] | [.cpu_ns, .wait_ns, .switches, .forks, .cgroup_id, .generation, .first_pid]'
}
max_entries() {
    bpftool --json map show pinned "$pins/$1" | jq .max_entries
}
start_said() {
    grep 'BPF programs' "$daemon_log" | tail -n 1
}

# Used some CPU, and uses none any more: its counters have to stay to the nanosecond.
daemon_start
weir run --name quiet --cpu 0.2:max --mem 64Mi:128Mi --detach -- sh -c '"$0" spin 1000; exec "$0" nap' "$load" >/dev/null
weir run --name busy --cpu 0.2:0.5 --detach -- "$load" spin >/dev/null
is_napping() {
    [[ $(tr '\0' ' ' <"/proc/$(first_pid quiet)/cmdline") == *" nap " ]]
}
eventually 30 is_napping
settled() {
    local before
    before=$(counters quiet)
    sleep 0.2
    [[ $(counters quiet) == "$before" ]]
}
eventually 10 settled
quiet=$(counters quiet)
seen_figures() {
    field "$1" '[.weir.state, .weir.slot, .weir.cpu_request_mcpu, .weir.mem_limit_bytes, .container_status.executor_pid] | @csv'
}
figures=$(seen_figures quiet)

# Other programs over the same records.
daemon_stop KILL
old_switch=$(program_of switch)
record node 0 | other_programs >"$scratch/node"
write_record node 0 <"$scratch/node"
daemon_start
matches "$(start_said)" "replaced, over the maps" "programs of another weir are replaced"
isnt_old() {
    [[ $(program_of switch) != "$old_switch" ]]
}
succeeds "they are other programs now" isnt_old
is "$(counters quiet)" "$quiet" "counters survive it to the nanosecond"
is "$(seen_figures quiet)" "$figures" "and so do figures"
low=$(kernel_cpu_ns busy) got=$(stat_of busy cpu_ns) high=$(kernel_cpu_ns busy)
bracketed "$low" "$got" "$high" "$(bound cpu_agreement)" "what ran all the while is counted as the kernel counts"

# Shorter records, of an earlier ABI.
daemon_stop KILL
length=$(record slots 1 | wc -l)
shrink slots "$blame_bytes" 1 2
shrink node "$programs_bytes" 0
is "$(record slots 1 | wc -l)" $((length - blame_bytes)) "records are shorter now"
daemon_start
matches "$(start_said)" "records migrated" "records of an earlier weir are migrated"
is "$(counters quiet)" "$quiet" "counters survive it to the nanosecond"
is "$(seen_figures quiet)" "$figures" "and so do figures"
is "$(record slots 1 | wc -l)" "$length" "records are of today's length"
before=$(kernel_cpu_ns quiet)
kill -TERM "$(first_pid quiet)"
is "$(weir wait quiet)" 143 "programs and records work together: an end is told"
bracketed "$before" "$(field quiet .weir.cpu_ns)" $((before + $(amount end_ns))) "$(bound cpu_agreement)" "with all of the CPU time"
moved() {
    [[ $(stat_of busy cpu_ns) -gt $1 ]]
}
succeeds "and counting goes on" eventually 5 moved "$(stat_of busy cpu_ns)"

# Nothing changed: nothing is touched.
switch=$(program_of switch)
daemon_stop KILL
daemon_start
matches "$(start_said)" "taken over as they were" "pins of this very weir are taken over"
is "$(program_of switch)" "$switch" "with the same programs"

# Any one pin is missing: it comes back, nobody loses a limit, and metering goes on.
mapfile -t all < <(cd "$pins" && find . -type f -printf '%P\n' | sort)
for pin in "${all[@]}"; do
    # Where a start takes seconds one of a kind, of which all or none are taken over, stands for the others.
    [[ ! ${WEIR_TEST_EMULATED:-} || $pin != */* || $pin == fence/@(connect4|family|settings) ||
        $pin == links/@(exit|switch) || $pin == private/@(asked|threads|waiting) ]] || continue
    daemon_stop KILL
    rm "$pins/$pin"
    daemon_start
    now=$(stat_of busy cpu_ns)
    if [[ -e $pins/$pin && $(quota_mcpu busy) == 500 && $(field busy .weir.state) == running ]] &&
        eventually 5 moved "$now"; then
        ok "without the pin '$pin' it starts, makes it again and goes on"
    else
        not_ok "without the pin '$pin' it starts, makes it again and goes on" "$(tail -n 5 "$daemon_log")"
    fi
done
is "$(cd "$pins" && find . -type f -printf '%P\n' | sort)" "$(printf '%s\n' "${all[@]}")" "in the end all pins are there"

# Records that no container of ours stands behind are dropped.
daemon_stop
rm -r "$state_dir"
daemon_start
is "$(weir stats --json)" "[]" "slots of containers that nobody knows any more are freed"
is "$(cgroups_of_run)" "" "and their cgroups are cleaned up"
done_testing
