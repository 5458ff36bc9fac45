# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Groups that are not weir's: "$engine/NAME" in each hierarchy, and what their knobs are.

: "${run:?source lib.sh first}" "${scratch:?}"
engine=$run-engine # no prefix of weir's before it: who cleans up after the run looks for that
mapfile -t roots < <({
    cgroup2_mount
    controller_root cpu | cut -d' ' -f2-
    controller_root cpuacct | cut -d' ' -f2-
    controller_root memory | cut -d' ' -f2-
} | sed '/^$/d' | sort -u)

# The knobs of an engine's group, as text; memory.peak and the like are none.
knobs_of() {
    local root
    for root in "${roots[@]}"; do
        (cd "$root/$engine/$1" && { grep -s . cpu.weight cpu.max cpu.shares cpu.cfs_*_us memory.low memory.high memory.max \
            memory.oom.group memory.limit_in_bytes memory.soft_limit_in_bytes || :; })
    done
}

# As if it had weir's prefix: what knobs.sh reads.
# shellcheck disable=SC2034
of_engine() {
    local prefix=$engine/
    "$@"
}

# adopted_is_metered NAME PID: a group of an engine's, of one process that spins.
adopted_is_metered() {
    metered_as_the_kernel_counts "$1" "$2" "metered from then on, as the kernel counts" of_engine cgroup2_cpu_ns "$1"
}
