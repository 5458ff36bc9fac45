# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# How far a figure may be off, in percent. The only place for such numbers.
#
# The second column is for guests whose CPUs are emulated: their clocks are right, their
# timing is not. WEIR_TEST_EMULATED=1 chooses it.

declare -A weir_bounds=(
    #                  native emulated
    [cpu_limit]="      1      10" # CPU time under a quota, beside one quota at either end
    [cpu_agreement]="  0.3    10" # the meter's CPU time against the kernel's
    [cpu_share]="      3      10" # CPU time by weight, against a competitor
    [memory]="         1       1" # bytes, by the kernel's own count
)

# bound NAME
bound() {
    local native emulated
    read -r native emulated <<<"${weir_bounds[$1]:?no bound of that name}"
    if [[ ${WEIR_TEST_EMULATED:-} ]]; then
        echo "$emulated"
    else
        echo "$native"
    fi
}
