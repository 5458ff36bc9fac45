#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119,SC2317
#
# Limits of swap, and bursts of CPU beyond a quota: the kernel takes neither in the wrong order.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

mib=$((1 << 20))
daemon_start

# Beside memory, in MiB; v1 has it together with memory.
swap_mib() {
    local both mem
    if [[ $(controller_version memory) == 1 ]]; then
        both=$(knob "$1" memory memory.memsw.limit_in_bytes - | bytes_or_max)
        mem=$(mem_max_bytes "$1")
        [[ $both == max ]] || both=$(((both - mem) / mib))
    else
        both=$(knob "$1" memory - memory.swap.max)
        [[ $both == max ]] || both=$((both / mib))
    fi
    echo "$both"
}
burst_mcpu() {
    echo $(($(knob "$1" cpu cpu.cfs_burst_us cpu.max.burst) / 100))
}
# limits_are ID MEMORY SWAP NAME: in MiB.
limits_are() {
    local mem
    mem=$(mem_max_bytes "$1")
    [[ $mem == max ]] || mem=$((mem / mib))
    is "$mem $(swap_mib "$1")" "$2 $3" "$4"
}

# ---- Row 12 ----

weir run --name none --mem 64Mi:128Mi --detach -- sleep 600 >/dev/null
limits_are none 128 0 "row 12: no swap unless it is asked for"
weir run --name some --mem 64Mi:128Mi --swap 32Mi --detach -- sleep 600 >/dev/null
limits_are some 128 32 "row 12: a limit of swap on first set"
weir update some --mem 64Mi:256Mi
limits_are some 256 32 "row 12: memory is raised, swap stays"
weir update some --swap 64Mi
limits_are some 256 64 "row 12: swap is raised"
weir update some --mem 64Mi:96Mi --swap 16Mi
limits_are some 96 16 "row 12: both are lowered"
weir update some --swap 0
limits_are some 96 0 "row 12: to none"
weir update some --mem 64Mi:max --swap 32Mi
is "$(mem_max_bytes some)" max "row 12: no limit of memory any more"
weir update some --mem 64Mi:128Mi
limits_are some 128 32 "row 12: and one again, with its swap"
weir update some --swap max
is "$(swap_mib some)" max "row 12: all the swap there is"
is "$(field some .weir.swap_limit_bytes)" Infinity "row 12: and it is told"
weir update some --swap 8Mi
limits_are some 128 8 "row 12: and less"
daemon_stop KILL
daemon_start
limits_are some 128 8 "row 12: beyond the daemon"
weir update some --mem 64Mi:192Mi
limits_are some 192 8 "row 12: and changed by the next one"

# ---- Bursts ----

weir run --name burst --cpu 0.2:0.5 --cpu-burst 0.5 --detach -- sleep 600 >/dev/null
is "$(quota_mcpu burst) $(burst_mcpu burst)" "500 500" "a burst beyond the quota"
weir update burst --cpu 0.2:0.3 --cpu-burst 0.3
is "$(quota_mcpu burst) $(burst_mcpu burst)" "300 300" "both are lowered"
weir update burst --cpu 0.2:1 --cpu-burst 0.8
is "$(quota_mcpu burst) $(burst_mcpu burst)" "1000 800" "both are raised"
refusal=$(weir update burst --cpu 0.2:0.4 2>&1) || is $? 4 "a burst above the limit is refused"
is "$refusal" "weir: container 'burst': cpus burst 0.8 is above the limit 0.4" "by both figures"
is "$(quota_mcpu burst) $(burst_mcpu burst)" "1000 800" "and nothing is written"
file=$(group_of burst cpu)/cpu.max
[[ -e $file ]] || file=$(group_of burst cpu)/cpu.cfs_quota_us
witness_start modify "$file" "$(dirname "$file")/$([[ $file == *cpu.max ]] && echo cpu.max.burst || echo cpu.cfs_burst_us)"
daemon_stop KILL
daemon_start
is "$(witness_stop)" "" "a restart writes neither, for either would refill the quota"
weir rm --force burst some none
done_testing
