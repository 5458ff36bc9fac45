#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# What is without the daemon, and what a new one makes of it.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
weir run --name busy --cpu 0.3:0.3 --mem 32Mi:64Mi --detach -- "$load" spin >/dev/null
weir run --name held --cpu 0.1:0.5 --mem 64Mi:128Mi --detach -- "$load" hold 48 >/dev/null
mapfile -t roots < <(cgroups_of_run | grep "busy$" | xargs -n 1 dirname)
weir run --name exits --detach -- sh -c 'sleep 0.7; exit 7' >/dev/null
weir run --name dies --detach -- sh -c 'sleep 0.7; kill -TERM $$' >/dev/null
weir run --name before --detach -- sh -c 'exit 3' >/dev/null
weir wait before >/dev/null
eventually 10 says held ready

# Everything that a restart must not touch.
steady() {
    weir inspect "$1" | jq -c '[.container_id.value, .container_status.executor_pid, .weir.state, .weir.created_us,
        .weir.started_us, .weir.slot, .weir.cpu_request_mcpu, .weir.cpu_limit_mcpu, .weir.mem_request_bytes,
        .weir.mem_limit_bytes, .weir.stdout_path, .weir.argv]'
}
counters() {
    weir stats --json "$1" | jq -c '.[0] | [.cpu_ns, .wait_ns, .switches, .nr_periods, .nr_throttled, .throttled_ns]'
}
# not_lower BEFORE AFTER: each figure of AFTER is at least BEFORE's.
not_lower() {
    jq -en --argjson a "$1" --argjson b "$2" '[range($a | length)] | all($a[.] <= $b[.])' >/dev/null
}

steady_busy=$(steady busy) steady_held=$(steady held)
daemon_stop KILL
is "$daemon_status" 137 "the daemon is gone by SIGKILL"

# With no daemon.
matches "$(weir top --once)" "busy.*" "kill -9: weir top --once works"
matches "$(cat "$pin_dir/v1/containers")" "busy +running +300 +300" "kill -9: cat of the pinned table works"
status=0
weir ps >/dev/null 2>&1 || status=$?
is "$status" 5 "kill -9: what needs the daemon says that there is none"
is "$(quota_mcpu busy) $(mem_max_bytes busy)" "300 $((64 << 20))" "kill -9: limits are in the kernel"
counted=$(counters busy)
throttled_on() {
    [[ $(knob busy cpu cpu.stat cpu.stat | awk '$1 == "nr_throttled" { print $2 }') -ge $1 ]]
}
throttled=$(knob busy cpu cpu.stat cpu.stat | awk '$1 == "nr_throttled" { print $2 }')
succeeds "kill -9: limits hold" eventually 10 throttled_on $((throttled + 3))
grows() {
    [[ $(stat_of busy cpu_ns) -gt $(jq '.[0]' <<<"$counted") ]]
}
succeeds "kill -9: CPU time goes on being counted" grows
state_in_maps() {
    [[ $(stat_of "$1" state) == "$2" ]]
}
succeeds "kill -9: an end meanwhile is seen in the maps" eventually 10 state_in_maps exits exited
eventually 10 state_in_maps dies exited

# What the next daemon finds beside its records: an orphan, one with a process in it and a
# group below, and what is none of its business.
for root in "${roots[@]}"; do
    mkdir -p "$root/${prefix}orphan" "$root/${prefix}crowded/below" "$root/x$prefix"
done
# No v1 group has to be joined: what counts is that cgroup2's is populated.
"$load" nap &
crowd=$!
disown
echo "$crowd" >"$(group2_of crowded)/below/cgroup.procs"

# Logs of a launch that was not written down, and what only looks alike.
echo lost >"$state_dir/logs/orphan.stdout"
echo kept >"$state_dir/logs/notes"
echo stale | tee "$state_dir/logs/spare1" >"$state_dir/logs/spare2"

# The kernel's witness: a quota that is written is a quota that is refilled.
quota_file=$(group_of busy cpu)/cpu.max
[[ -e $quota_file ]] || quota_file=$(group_of busy cpu)/cpu.cfs_quota_us
counted=$(counters busy)
witness_start modify "$quota_file"
daemon_start
is "$(witness_stop)" "" "a restart does not write a quota that is in force"

is "$(weir top --once | grep -c "not running" || :)" 0 "after the restart: weir top sees the daemon at once"
is "$(steady busy)" "$steady_busy" "after the restart: the same container with the same figures"
is "$(steady held)" "$steady_held" "after the restart: another one, too"
succeeds "after the restart: counters go on from where they were" not_lower "$counted" "$(counters busy)"
kernel_low=$(kernel_cpu_ns busy) seen=$(field busy .weir.cpu_ns) kernel_high=$(kernel_cpu_ns busy)
bracketed "$kernel_low" "$seen" "$kernel_high" "$(bound cpu_agreement)" \
    "after the restart: CPU time is still all that the kernel counts"
is "$(weir wait exits) $(field exits .weir.reason)" "7 self" "an exit status of meanwhile is told"
is "$(weir wait dies)" 143 "a signal of meanwhile is told"
is "$(weir wait before)" 3 "an exit status of before is told"

matches "$(cat "$daemon_log")" "cgroup '${prefix}orphan' is in no record, cleaned up" \
    "row 16: a cgroup of ours without a record is cleaned up, and that is logged"
succeeds "row 16: it is gone" group_is_gone orphan
succeeds "row 16: one with a process in it is gone, too" group_is_gone crowded
succeeds "row 16: and so is the process" eventually 5 not_running "$crowd"
foreign=0
for root in "${roots[@]}"; do
    [[ ! -d $root/x$prefix ]] || ((++foreign))
    rmdir "$root/x$prefix"
done
is "$foreign" "${#roots[@]}" "row 16: a foreign cgroup is left"

matches "$(cat "$daemon_log")" "log '$state_dir/logs/orphan.stdout' belongs to no record, removed" \
    "a log of no container is removed, and that is logged"
is "$(cd "$state_dir/logs" && echo *orphan* && cat notes)" "*orphan*"$'\n'kept "it is gone, another file is left"
is "$(weir logs held)" ready "logs of those on record are left"
rm "$state_dir/logs/notes"
weir run --name fresh --detach -- echo hello >/dev/null
weir wait fresh >/dev/null
is "$(weir logs fresh)" hello "spare log files of before begin empty"
weir rm fresh

# A record without a cgroup.
weir run --name lost --cpu 0.1 --detach -- "$load" nap >/dev/null
lost=$(first_pid lost)
daemon_stop KILL
kill -KILL "$lost"
eventually 5 not_running "$lost"
for root in "${roots[@]}"; do
    rmdir "$root/${prefix}lost"
done
daemon_start
is "$(field lost '.weir.state + " " + .weir.reason')" "exited lost" "row 16: a record without a cgroup becomes exited"
matches "$(grep "'lost'" "$daemon_log")" "<4>weir-daemon: container 'lost': its cgroup was gone" "row 16: with a warning"
weir rm lost
status=0
weir inspect lost >/dev/null 2>&1 || status=$?
is "$status" 3 "row 16: and can be removed"

# Only some of its groups are gone: what is left of them goes, too.
if [[ ${#roots[@]} -gt 1 ]]; then
    weir run --name partly --detach -- "$load" nap >/dev/null
    partly=$(first_pid partly)
    daemon_stop KILL
    kill -KILL "$partly"
    eventually 5 not_running "$partly"
    rmdir "$(group2_of partly)"
    daemon_start
    is "$(field partly '.weir.state + " " + .weir.reason')" "exited lost" "one that lost some of its cgroups is exited"
    succeeds "and the others do not stay behind" group_is_gone partly
else
    skip "one that lost some of its cgroups is exited" "there is one hierarchy"
    skip "and the others do not stay behind" "there is one hierarchy"
fi

# A launch that was cut short: placed and limited, its command not yet started.
cat >"$scratch/half.py" <<'PYTHON'
import time

from api import Connection, launch_fields

fields = launch_fields("half", cpus=0.1)
fields["weir"] = {"foreground": True}
connection = Connection()
print(connection.call("LAUNCH_CONTAINER", **fields)[0], flush=True)
time.sleep(600)
PYTHON
python3 "$scratch/half.py" >"$scratch/half.out" &
half=$!
disown
eventually 10 grep -qx 200 "$scratch/half.out"
is "$(field half .weir.state)" launching "a launch waits for its command"
daemon_stop KILL
succeeds "its cgroups are there, without a daemon" group_exists half
daemon_start
succeeds "a launch that was cut short is taken back" group_is_gone half
status=0
weir inspect half >/dev/null 2>&1 || status=$?
is "$status" 3 "and forgotten"
kill -KILL "$half"

# Foreground commands whose end, or whose caller's, a daemon has missed.
has_no_record() {
    ! weir ps -q | grep -qx "$1"
}
callers=()
for name in missed orphaned kept; do
    keep=()
    [[ $name != kept ]] || keep=(--keep)
    "$build/weir" run --name "$name" "${keep[@]}" -- "$load" nap &
    callers[${#callers[@]}]=$!
    eventually 10 is_running "$name"
done
missed=$(first_pid missed) kept=$(first_pid kept)
daemon_stop KILL
kill -KILL "$missed" "$kept" "${callers[1]}"
for caller in "${callers[@]}"; do
    wait "$caller" 2>/dev/null || :
done
daemon_start
is "$(field orphaned .weir.state)" running "one whose caller was killed runs on"
succeeds "the record of one that ended with its caller meanwhile goes" eventually 15 has_no_record missed
weir kill orphaned
succeeds "and so does one whose caller ended meanwhile, when it ends" eventually 15 has_no_record orphaned
is "$(field kept .weir.state)" exited "one that was launched to be kept stays"
weir rm kept

# SIGTERM: a clean end, and containers don't notice.
steady_busy=$(steady busy) ticks=$(start_ticks "$(first_pid busy)") pid=$(first_pid busy)
daemon_stop TERM
is "$daemon_status" 0 "SIGTERM: the daemon ends with 0"
is "$(start_ticks "$pid") $(quota_mcpu busy)" "$ticks 300" "SIGTERM: containers run on under their limits"
is "$([[ -e $WEIR_SOCKET ]] && echo there || echo gone)" gone "SIGTERM: the socket is removed"
daemon_start
is "$(steady busy)" "$steady_busy" "SIGTERM and start: the same container with the same figures"
is "$(stat_of busy first_pid)" "$pid" "SIGTERM and start: in the same slot"

# A daemon that starts as often as one can kill it.
counted=$(counters busy)
for _ in 1 2 3; do
    daemon_stop KILL
    daemon_start
done
succeeds "killed over and over: counters never go back" not_lower "$counted" "$(counters busy)"
is "$(steady held)" "$steady_held" "killed over and over: figures stay"
done_testing
