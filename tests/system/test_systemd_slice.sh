#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# All containers below weir.slice, as weir-daemon(8) has it: systemd's properties hold them together, its
# daemon-reload takes nothing from them, and what it does to the slice's class is noticed.
# alone: others reload systemd
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/systemd.sh
. "$(dirname "$0")/systemd.sh"

mib=$((1 << 20))
cgroup_parent=$slice
parent=$cgroup2/$slice

state_of() {
    echo "$(first_pid "$1") $(knobs_at "$(group2_of "$1")" | grep -v '^cpu.weight\|^cpu.idle')"
}
parent_is_idle() {
    [[ $(<"$parent/cpu.idle") == 1 ]]
}
parent_is_normal() {
    [[ $(<"$parent/cpu.idle") == 0 ]]
}

install_unit weir.slice "$slice"
install_service --cgroup-parent "$slice"
printf '[Unit]\nBindsTo=%s\nAfter=%s\n' "$slice" "$slice" >"$units/$service.d/slice.conf"
systemctl daemon-reload
systemctl start "$service"
roots_learn

weir run --detach --name web --cpu 0.2:0.5 --mem 32Mi:64Mi -- sleep 100000 >/dev/null
web=$(first_pid web)
is "$(place_of "$web") $(place_of "$(main_pid)")" "/$slice/${prefix}web /system.slice/$service" \
    "containers lie in the slice, the daemon in its own unit"
matches "$(systemd-cgls --no-pager --full --xattr=no --cgroup-id=no "/$slice")" "${prefix}web"$'[^\n]*\n[^0-9]*'"$web " "systemd-cgls shows them in it"
is "$(quota_mcpu web) $(($(mem_max_bytes web) / mib))" "500 64" "with their limits"

# ---- What systemd writes there ----

before=$(state_of web)
since=$(last_event)
systemctl daemon-reload
is "$(state_of web)" "$before" "daemon-reload: no knob of a container changes"
is "$(<"$parent/cgroup.subtree_control")" "$(<"$parent/@weir/cgroup.subtree_control")" "and none of their controllers is taken"
systemctl set-property --runtime "$slice" CPUWeight=300 MemoryMax=1G CPUQuota=190%
is "$(<"$parent/cpu.weight") $(<"$parent/memory.max") $(<"$parent/cpu.max")" "300 $((1024 * mib)) 190000 100000" \
    "what the operator says of the slice holds for all in it"
sleep 3
is "$(<"$parent/cpu.weight") $(<"$parent/memory.max") $(state_of web)" "300 $((1024 * mib)) $before" "weir leaves that alone"
is_protected() {
    [[ $(<"$parent/memory.low") == $((32 * mib)) ]]
}
succeeds "but for the memory that containers are promised" eventually 10 is_protected
is "$(contested "$since" | grep -v "^-: .* the protected memory of '$slice' to" || :)" "" "and has nothing else to contest"
systemctl restart "$service"
is "$(state_of web)" "$before" "systemctl restart: same process, same knobs"

# ---- The class of the slice is weir's ----

for ((i = 0; i < $(nproc); i++)); do
    weir run --name "burst$i" --detach -- "$load" spin >/dev/null
done
weir run --name service --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.002; done' "$load" >/dev/null
succeeds "beside a service bursters give way, and the slice with them" eventually 10 parent_is_idle

# Somebody short inside brings the slice back for a moment: weir's own doing, and not to be taken for it.
reloads_while_idle() {
    since=$(last_event)
    parent_is_idle || return 1
    systemctl daemon-reload
    eventually 3 told "" contested parent "$since"
}
succeeds "daemon-reload takes it out of the idle class, which is told" eventually 30 reloads_while_idle
matches "$(contested "$since")" "somebody else has taken '$slice' out of the idle class" "by its name"
succeeds "and it is put back" eventually 10 parent_is_idle
sets_while_idle() {
    since=$(last_event)
    parent_is_idle || return 1
    systemctl set-property --runtime "$slice" CPUWeight="$1"
    eventually 3 told "" contested parent "$since"
}
succeeds "set-property, too" eventually 30 sets_while_idle 400
weir rm --force service
succeeds "nobody within its request about: it comes back" eventually 20 parent_is_normal
is "$(<"$parent/cpu.weight")" 400 "with the weight that it was given meanwhile"
for ((i = 0; i < $(nproc); i++)); do
    weir rm --force "burst$i"
done

# ---- It goes and comes with the slice ----

systemctl stop "$slice"
is "$(systemctl is-active "$service" || :) $(place_of "$web") $(<"$(group2_of web)/cpu.max")" \
    "inactive /$slice/${prefix}web 50000 100000" "systemctl stop of the slice ends the daemon, and no container"
systemctl start "$service"
is "$(state_of web) $(systemctl is-active "$slice")" "$before active" "which the next one takes over"
weir rm --force web
done_testing
