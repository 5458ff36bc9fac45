#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016
#
# What others let through of the ways that test_fence.sh tries: a firewall that knows cgroups, a filter of
# families, a service manager's firewall. Each is told to let nothing through but unix sockets. It is asserted
# that they run and do what they are for; what gets past them is evidence, for docs/fence.md.
[[ ${WEIR_TEST_NETNS:-} ]] || exec env WEIR_TEST_NETNS=1 unshare --net -- "$0" "$@"
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/fence.sh
. "$(dirname "$0")/fence.sh"

[[ ! ${WEIR_TEST_EMULATED:-} ]] ||
    skip_all "others wait long for what is dropped, and longer where the CPU is emulated: it runs natively"
cgroup2=$(cgroup2_mount)
[[ $cgroup2 ]] || skip_all "no cgroup2 is mounted"
at_a_time=8
results=$scratch/results
heard_files=("$scratch/heard.$port" "$scratch/heard.others" "$scratch/heard.agent")
from_outside=(inherited received taken)

# Dropped packets tell a caller nothing, who then asks again and again.
echo 1 >/proc/sys/net/ipv4/tcp_syn_retries
[[ ! -e /proc/sys/net/ipv4/tcp_syn_linear_timeouts ]] || echo 0 >/proc/sys/net/ipv4/tcp_syn_linear_timeouts

# group_make NAME: sets $group, a directory of cgroup2 right below its top, for processes that are to be held.
group_make() {
    group=$cgroup2/$prefix$1
    mkdir "$group"
}
within_group=(sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"')

# all_ways COMMAND…: each way, by processes in $group that COMMAND executes; a line for each, in no order.
all_ways() {
    local way one=("${within_group[@]}" "$group" "$@" "$reach" "$port")
    grep -vxF "$(printf '%s\n' "${from_outside[@]}")" "$scratch/ways" |
        xargs -P "$at_a_time" -I '{}' "${one[@]}" '{}'
    for way in "${from_outside[@]}"; do
        python3 "$tree/tests/system/outside.py" "$way" "$port" "${one[@]}" "$way" || :
    done
}

# try_peer NAME COMMAND…: all ways in $group; what came of each is told, and lies in $results.
try_peer() {
    local peer=$1
    shift
    settle
    truncate --size 0 "${heard_files[@]}"
    all_ways "$@" >"$scratch/said"
    settle
    # Who was heard got through, whatever the caller was told.
    awk '{ $2 = FILENAME ~ /heard/ ? "arrived" : $2; came[$1] = came[$1] == "arrived" ? "arrived" : $2 }
        END { while ((getline way <ways) > 0) print way, came[way] }' ways="$scratch/ways" \
        "${heard_files[@]}" "$scratch/said" >"$results"
    sed "s/^/#= evasion $peer - /" "$results"
    is "$(cut -d' ' -f1 "$scratch/said" | sort | xargs)" "$(sort "$scratch/ways" | xargs)" "$peer: each way was tried"
    succeeds "$peer: the agent's socket is reached" grep -qx "agent arrived" "$results"
}
# works PEER: it is not one that lets everything through.
works() {
    fails "$1: a plain connection does not arrive" grep -qx "tcp4 arrived" "$results"
}

# ---- By packets: a firewall that finds the group of a packet's socket ----

# nft_lacks: what keeps it from knowing sockets here; "": nothing.
nft_lacks() {
    local said
    command -v nft >/dev/null || { echo "nft is not installed: tools/setup check installs it" && return; }
    said=$(nft -f - 2>&1 <<<"add table inet peer
        add chain inet peer output { type filter hook output priority 0; }
        add rule inet peer output socket mark 1 accept
        flush chain inet peer output") || echo "this kernel has no expression for sockets: $(head -n 1 <<<"$said")"
}

nftables() {
    local lacks path
    lacks=$(nft_lacks)
    # nft looks for the group below this directory, wherever cgroup2 is mounted.
    path=${cgroup2#/sys/fs/cgroup}
    [[ $lacks || $cgroup2 == /sys/fs/cgroup* ]] || lacks="cgroup2 is not below /sys/fs/cgroup, where nft looks for it"
    [[ ! $lacks ]] || { skip "nftables" "$lacks" && return; }
    group_make nftables
    path=${path:+${path#/}/}${group##*/}
    succeeds "nftables: what leaves the group by IP is dropped" \
        nft add rule inet peer output socket cgroupv2 level 1 "\"$path\"" drop
    try_peer nftables
    works nftables
    nft delete table inet peer
}

# ---- By system calls: a filter of families ----

seccomp() {
    [[ -e /proc/sys/kernel/seccomp ]] || { skip "seccomp" "this kernel has no filters of system calls" && return; }
    group_make seccomp
    succeeds "seccomp: a command is executed behind the filter" "$build/tests/system/only_unix" true
    try_peer seccomp "$build/tests/system/only_unix"
    works seccomp
}

# ---- By packets: programs of BPF at the group ----

cgroup_skb() {
    local programs=$pin_dir/peer
    group_make cgroup_skb
    mkdir -p "$pin_dir"
    succeeds "cgroup_skb: two programs drop all of IP" bpftool prog loadall "$build/tests/system/drop_ip.bpf.o" "$programs"
    succeeds "cgroup_skb: what leaves" bpftool cgroup attach "$group" cgroup_inet_egress pinned "$programs/drop_egress"
    succeeds "cgroup_skb: and what comes" bpftool cgroup attach "$group" cgroup_inet_ingress pinned "$programs/drop_ingress"
    try_peer cgroup_skb
    works cgroup_skb
}

recorders_start
"$reach" "$port" </dev/null | cut -d' ' -f1 >"$scratch/ways"
group_make none
try_peer none
succeeds "none: a plain connection arrives" grep -qx "tcp4 arrived" "$results"
nftables
seccomp
cgroup_skb
done_testing
