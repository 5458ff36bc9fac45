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

# Held still while it is looked at from both sides: one that waits for its quota or for a CPU stops late.
# What its thread runs when it is adopted is counted once it has left the CPU.
both_counts() {
    kill -STOP "$2"
    eventually 10 is_stopped "$2"
    echo "$(of_engine cgroup2_cpu_ns "$1") $(stat_of "$1" cpu_ns)"
    kill -CONT "$2"
}

# metered_as_the_kernel_counts NAME PID: adopted by its name, of one process that spins.
metered_as_the_kernel_counts() {
    local kernel meter kernel_now meter_now
    read -r kernel meter < <(both_counts "$1" "$2")
    sleep 2
    read -r kernel_now meter_now < <(both_counts "$1" "$2")
    within $((meter_now - meter)) $((kernel_now - kernel)) "$(bound cpu_agreement)" \
        "metered from then on, as the kernel counts"
}
