# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# How far a figure may be off, in percent, and how much is done. The only place for such numbers.
#
# The second column is for guests whose CPUs are emulated: their clocks are right, their
# timing is not. WEIR_TEST_EMULATED=1 chooses it.

declare -A weir_bounds=(
    #                  native emulated
    [cpu_limit]="      1      10" # CPU time under a quota, beside one quota at either end
    [cpu_agreement]="  0.3    10" # the meter's CPU time against the kernel's
    [cpu_share]="      3      10" # CPU time by weight, against a competitor
    [innocent]="      60      45" # CPU time beside a noisy burster, at least, of an equal share
    [turns_gain]="    150     110" # changes of place in the idle class, at least, of those by the tick alone
    [blame_least]="   75      60" # of a wait that has one known culprit
    [blame_unknown]=" 5       5"
    [blame_sum]="     5       5" # the causes of a wait against the whole of it
    [bodies]="       10      20" # answers written for 50 who ask at once
    [soak_mib]="     4       8" # that the daemon may grow by all its requests
    [stalled_mib]="  24      24" # and by subscribers that do not read, after the first lot of them
    [memory]="         1       1" # bytes, by the kernel's own count
)

# How much of something is done: an emulated machine takes some twenty times as long for it.
declare -A weir_amounts=(
    #               native emulated
    [launches]="    250    60" # detached ones, each of a hundred processes
    [foreground]="  50     10" # and in the foreground
    [admissions]="  1000   60" # launches and removals
    [churn]="       1500   100" # launches of all kinds; WEIR_TEST_CHURN=5000 for more
    [sums]="        1000   60" # changes of an executor's tasks
    [many]="        100   20" # containers for a long answer
    [requests]="    1000000 20000"
    [stalled]="     1000  300" # subscribers that do not read
    [half_open]="   10000 2000" # connections with half a request
    [small_files]=" 20000   1000" # in a volume that moves
    [walk]="        4000    400" # operations on reservations
    [end_ns]="      5000000 100000000" # CPU time that a process may take to end
    [mixed_load]="  40     20" # seconds
    [swaps]="       100   10" # of policies
    [kills]="       100   4" # of the daemon, behind a fence
    [helpers_share]="10  2" # times what the shell needs that starts them
    [pipe_mib]="    1024   32"
    [top_interval_ms]="500 3000" # a reader's delays matter less in a longer one
    [shortages]="   5      2" # of a whole node: in guests only
)

bound() {
    choose "${weir_bounds[$1]:?no bound of that name}"
}

amount() {
    choose "${weir_amounts[$1]:?no amount of that name}"
}

# choose "NATIVE EMULATED"
choose() {
    local native emulated
    read -r native emulated <<<"$1"
    if [[ ${WEIR_TEST_EMULATED:-} ]]; then
        echo "$emulated"
    else
        echo "$native"
    fi
}
