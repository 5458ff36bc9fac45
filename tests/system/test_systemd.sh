#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119,SC2317
#
# The unit that is shipped, on a host that systemd runs: containers outlive whatever happens to the
# daemon, and nothing that systemd does changes a knob of theirs unnoticed.
# alone: others would lose their controllers, too
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/systemd.sh
. "$(dirname "$0")/systemd.sh"

mib=$((1 << 20))

# What must not change, by the kernel's account: who it is, and what it is held to.
state_of() {
    echo "$(first_pid "$1") $(group_of "$1" cpu) $(knobs_at "$(group2_of "$1")" | grep -v '^cpu.weight\|^cpu.idle')"
}
runs_on() {
    [[ $(systemctl is-active "$service") == active && $(main_pid) != "$1" && $(main_pid) != 0 ]] &&
        weir version >/dev/null 2>&1
}
has_used() {
    [[ $(stat_of "$1" cpu_ns) -ge $2 ]]
}
# metered_on ID NAME: the meter goes on, and agrees with the kernel.
metered_on() {
    local before kernel
    before=$(stat_of "$1" cpu_ns)
    succeeds "$2: metered on" eventually 10 has_used "$1" $((before + 100000000))
    weir pause "$1"
    kernel=$(kernel_cpu_ns "$1")
    within "$(stat_of "$1" cpu_ns)" "$kernel" "$(bound cpu_agreement)" "$2: as the kernel counts"
    weir resume "$1"
}

# ---- The unit ----

install_service
systemctl start "$service"
succeeds "started, it serves: systemd waits for that" weir version
roots_learn
daemon=$(main_pid)
is "$(systemctl is-active "$service") $(place_of "$daemon")" "active /system.slice/$service" "the daemon is in its own group"
is "$(</proc/"$daemon"/oom_score_adj)" -900 "and has its OOM score"

weir run --detach --name web --cpu 0.2:0.5 --mem 32Mi:64Mi -- "$load" spin >/dev/null
weir run --detach --name idler --cpu 0.1:max --mem 16Mi:max -- sleep 100000 >/dev/null
web=$(first_pid web)
is "$(quota_mcpu web) $(($(mem_low_bytes web) / mib)) $(($(mem_max_bytes web) / mib))" "500 32 64" "containers have their limits"
is "$(place_of "$web")" "/${prefix}web" "they lie beside system.slice, not in it"
cgls=$(systemd-cgls --no-pager --full --xattr=no --cgroup-id=no)
matches "$cgls" "${prefix}web"$'[^\n]*\n[^0-9]*'"$web "$'[^\n]*'"spin" "systemd-cgls shows a container with its process"
matches "$cgls" "$service"$'[^\n]*\n[^0-9]*'"$daemon "$'[^\n]*'"weir-daemon" "and the daemon in its unit"
is "$(readlink /proc/"$web"/ns/mnt)" "$(readlink /proc/1/ns/mnt)" "nothing of the unit's is handed down: the mounts are the host's"
is "$(tr '\0' '\n' </proc/"$web"/environ | grep -c 'NOTIFY\|WATCHDOG\|LISTEN_\|INVOCATION\|JOURNAL' || :)" 0 \
    "nor its environment"
is "$(($(</proc/"$web"/oom_score_adj) >= 0)) $(grep -c '^Max open files  *1024 ' /proc/"$web"/limits)" "1 1" \
    "nor its OOM score and limits"

# ---- What happens to the daemon ----

before=$(state_of web) idler=$(state_of idler)
systemctl restart "$service"
is "$(state_of web)" "$before" "systemctl restart: same process, same knobs"
is "$(state_of idler)" "$idler" "of who has no limit, too"
fails "by another daemon" test "$(main_pid)" = "$daemon"
metered_on web "systemctl restart"

daemon=$(main_pid)
systemctl reload "$service"
is "$(main_pid) $(state_of web)" "$daemon $before" "systemctl reload: nothing changes"

kill -KILL "$daemon"
succeeds "kill -9: systemd starts another" eventually 20 runs_on "$daemon"
is "$(state_of web)" "$before" "kill -9: same process, same knobs"
is "$(systemctl show --property NRestarts --value "$service")" 1 "kill -9: once"
metered_on web "kill -9"

since=$(last_event)
systemctl daemon-reload
systemctl daemon-reexec
is "$(state_of web)" "$before" "daemon-reload: same process, same knobs"
sleep 3
is "$(contested "$since")" "" "daemon-reload: nothing was written there in between"
systemctl set-property --runtime "$service" MemoryMax=500M
is "$(state_of web)" "$before" "what the daemon's unit is held to does not hold containers"

# ---- What systemd takes away ----

# Nobody asks for the cpu controller then, so systemd means to turn it off at the top.
systemctl stop "$service"
is "$(</proc/"$web"/comm) $(place_of "$web")" "load /${prefix}web" "systemctl stop: containers run on"
for _ in 1 2 3; do # it may take its own groups first, and the top with the next
    systemctl daemon-reload
done
knobs=$(knobs_at "$(group2_of web)")
matches "$knobs" "cpu.max 50000 100000" "with no daemon about, systemd can't take the controller of their limits"
systemctl start "$service"
is "$(state_of web)" "$before" "the next daemon finds all as it was"

if [[ ${WEIR_TEST_GUEST:-} ]]; then
    systemctl stop "$service"
    rmdir "$cgroup2/@weir"
    is_taken() {
        systemctl daemon-reload
        [[ ! -e $(group2_of web)/cpu.max ]]
    }
    succeeds "without '@weir' it takes it" eventually 10 is_taken
    systemctl start "$service"
    is "$(state_of web)" "$before" "and the next daemon gives it back"

    # Nobody asks for it then, though the daemon runs.
    printf '[Service]\nCPUWeight=\n' >"$units/$service.d/weight.conf"
    takes_cpu() {
        systemctl daemon-reload
        rmdir "$cgroup2/@weir"
        echo -cpu >"$cgroup2/cgroup.subtree_control"
    }
    since=$(last_event)
    succeeds "whoever takes it from a running daemon" eventually 10 takes_cpu
    succeeds "is told of" eventually 10 told "" contested controllers "$since"
    is_back() {
        [[ $(state_of web 2>/dev/null) == "$before" ]]
    }
    succeeds "the limits come back" eventually 10 is_back
    succeeds "and are told of, too" eventually 10 told web contested cpu "$since"
    matches "$(<"$cgroup2/@weir/cgroup.subtree_control")" "^cpu memory" "and it is kept again"
else
    skip "without '@weir' it takes it" "the host's own controllers are left alone: this is for guests"
fi

# ---- What somebody writes by hand ----

since=$(last_event)
kill -STOP "$(main_pid)" # so that it sees all of it at once
echo "max 100000" >"$(group2_of web)/cpu.max"
echo $((48 * mib)) >"$(group2_of web)/memory.max"
echo 77 >"$(group2_of idler)/cpu.weight"
kill -CONT "$(main_pid)"
is_held() {
    [[ $(state_of web) == "$before" && $(weight_mcpu idler) == 100 ]]
}
succeeds "what somebody writes by hand is set back" eventually 20 is_held
matches "$(contested "$since")" "web: somebody else has set its CPU limit to max, its memory limit to 48Mi: set back" "and told"
matches "$(contested "$since")" "idler: somebody else has set its CPU weight to 77" "of weights, too"
since=$(last_event)
weir update web --cpu 0.3:0.6 --mem 40Mi:80Mi
sleep 3
is "$(contested "$since") $(quota_mcpu web)" " 600" "what weir writes itself is not"

# ---- The socket unit ----

weir update web --cpu 0.2:0.5 --mem 32Mi:64Mi
systemctl stop "$service"
install_unit weir-daemon.socket "${run}_daemon.socket"
mkdir -p "$units/${run}_daemon.socket.d"
printf '[Socket]\nListenStream=\nListenStream=%s\n' "$WEIR_SOCKET" >"$units/${run}_daemon.socket.d/run.conf"
systemctl daemon-reload
systemctl start "${run}_daemon.socket"
succeeds "socket activation: the first to ask starts the daemon" weir ps
is "$(systemctl is-active "$service") $(state_of web)" "active $before" "with all its containers"
(
    for ((i = 0; i < 5; i++)); do
        weir ps -q >/dev/null || :
    done
) >"$scratch/asked" 2>&1 &
asking=$!
systemctl restart "$service"
wait "$asking"
is "$(grep -i 'connect\|recovery' "$scratch/asked" || :)" "" "and nobody is turned away while it is restarted"
systemctl stop "${run}_daemon.socket" "$service"
rm -r "$units/${run}_daemon.socket"*
systemctl daemon-reload

# ---- The end ----

systemctl start "$service"
weir rm --force web
weir rm --force idler
systemctl stop "$service"
fails "with nothing left to run for, '@weir' goes with the daemon" test -e "$cgroup2/@weir"
done_testing
