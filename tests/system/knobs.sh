# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# A container's knobs as the kernel has them, in the same units for both versions of cgroups.
#
# Finds each controller by itself, from the mount table: agreeing with the daemon about where
# things are is part of what is tested. Looked up once for each daemon, since a process costs an
# emulated machine as much as a hundred reads of a knob.

: "${prefix:=weir.}" # of the daemon that is looked at
: "${cgroup_parent:=}"

declare -A controller_roots=() # as controller_root says them; none: not learned
cgroup2_root=

# After a daemon has started, since it may have mounted a cgroup2.
roots_learn() {
    local controller
    controller_roots=() cgroup2_root=
    cgroup2_root=$(cgroup2_mount)
    for controller in cpu cpuacct memory; do
        controller_roots[$controller]=$(controller_root "$controller") || :
    done
}

cgroup_mounts() {
    awk '$3 ~ /^cgroup2?$/ { print $2 }' /proc/mounts
}

cgroup2_mount() {
    [[ ! $cgroup2_root ]] || { echo "$cgroup2_root" && return; }
    awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

# controller_root CONTROLLER: "1 DIRECTORY" or "2 DIRECTORY".
controller_root() {
    local mount
    [[ ! ${controller_roots[$1]:-} ]] || { echo "${controller_roots[$1]}" && return; }
    mount=$(awk -v name="$1" '$3 == "cgroup" && "," $4 "," ~ "," name "," { print $2; exit }' /proc/mounts)
    if [[ $mount ]]; then
        echo "1 $mount"
        return
    fi
    mount=$(cgroup2_mount)
    [[ $mount && " $(<"$mount/cgroup.controllers") " == *" $1 "* ]] && echo "2 $mount"
}

controller_version() {
    local root
    root=${controller_roots[$1]:-$(controller_root "$1")}
    echo "${root%% *}"
}

# group_of ID CONTROLLER, and of ID on cgroup2.
group_of() {
    local root
    root=${controller_roots[$2]:-$(controller_root "$2")}
    [[ $root ]] || return
    echo "${root#* }/${cgroup_parent:+$cgroup_parent/}$prefix$1"
}

group2_of() {
    echo "${cgroup2_root:-$(cgroup2_mount)}/${cgroup_parent:+$cgroup_parent/}$prefix$1"
}

# knob ID CONTROLLER V1-FILE V2-FILE: its text.
knob() {
    local root text file=$3
    root=${controller_roots[$2]:-$(controller_root "$2")}
    [[ $root == 1* ]] || file=$4
    text=$(<"${root#* }/${cgroup_parent:+$cgroup_parent/}$prefix$1/$file") && echo "$text"
}

# The weight as CPUs requested: 1000 is what a host's service has by default.
weight_mcpu() {
    local weight
    weight=$(knob "$1" cpu cpu.shares cpu.weight)
    if [[ $(controller_version cpu) == 1 ]]; then
        echo $(((weight * 1000 + 512) / 1024))
    else
        echo $((weight * 10))
    fi
}

# Which class of the scheduler a container runs in.
is_idle() {
    [[ $(knob "$1" cpu cpu.idle cpu.idle) == 1 ]]
}

is_normal() {
    [[ $(knob "$1" cpu cpu.idle cpu.idle) == 0 ]]
}

# Millicores, or "max".
quota_mcpu() {
    local quota period
    if [[ $(controller_version cpu) == 1 ]]; then
        quota=$(knob "$1" cpu cpu.cfs_quota_us -)
        period=$(knob "$1" cpu cpu.cfs_period_us -)
    else
        read -r quota period < <(knob "$1" cpu - cpu.max)
    fi
    if [[ $quota == max || $quota == -1 ]]; then
        echo max
    else
        echo $((quota * 1000 / period))
    fi
}

period_us() {
    if [[ $(controller_version cpu) == 1 ]]; then
        knob "$1" cpu cpu.cfs_period_us -
    else
        knob "$1" cpu - cpu.max | cut -d' ' -f2
    fi
}

# v1 says "unlimited" as the largest number of whole pages.
bytes_or_max() {
    local bytes
    bytes=$(cat)
    if [[ $bytes != max && $bytes -ge 9223372036854000000 ]]; then
        bytes=max
    fi
    echo "$bytes"
}

mem_low_bytes() {
    knob "$1" memory memory.soft_limit_in_bytes memory.low | bytes_or_max
}

mem_max_bytes() {
    knob "$1" memory memory.limit_in_bytes memory.max | bytes_or_max
}

mem_current_bytes() {
    knob "$1" memory memory.usage_in_bytes memory.current
}

# usage_ns_at DIRECTORY: CPU time of a group of cgroup2.
usage_ns_at() {
    awk '$1 == "usage_usec" { printf "%d000\n", $2 }' "$1/cpu.stat"
}

# CPU time, by the kernel's count.
kernel_cpu_ns() {
    if [[ $(controller_version cpuacct) == 1 ]]; then
        cat "$(group_of "$1" cpuacct)/cpuacct.usage"
    else
        usage_ns_at "$(group2_of "$1")"
    fi
}

# By cgroup2, where a process is from its first instant; a v1 group has to be joined first.
cgroup2_cpu_ns() {
    usage_ns_at "$(group2_of "$1")"
}

# Processes inside, groups below included.
pids_of() {
    find "$(group2_of "$1")" -name cgroup.procs -exec cat {} + 2>/dev/null || :
}

# Every hierarchy has a group for it / none has.
group_exists() {
    local mount
    for mount in $(group2_of "$1") $(group_of "$1" cpu) $(group_of "$1" memory); do
        [[ -d $mount ]] || return 1
    done
}

group_is_gone() {
    [[ ! $(cgroup_mounts | while read -r mount; do
        find "$mount" -type d -name "$prefix$1" 2>/dev/null
    done) ]]
}
