#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# A node that runs short of memory: who is over its request pays, and nobody else.
# alone: everybody on the machine feels it
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

[[ ${WEIR_TEST_GUEST:-} ]] || skip_all "takes all memory there is: in guests only"

trials=${WEIR_TEST_SHORTAGES:-$(amount shortages)}
innocents=(first second third big)
meminfo_mib() {
    awk -v key="$1:" '$1 == key { print int($2 / 1024) }' /proc/meminfo
}

is_held_by_nothing() {
    [[ $(knob "$1" memory memory.high memory.high) == max ]]
}

reason_of() {
    call '{"type": "WAIT_CONTAINER", "wait_container": {"container_id": {"value": "'"$1"'"}}}'
    jq -r .wait_container.weir.reason <<<"$body"
}

nobody_else_suffered() {
    local id
    for id in "${innocents[@]}" modest; do
        is_running "$id" || return 1
    done
}

# shortage RATE: a container that wants ever more, so many MiB a second, until it has ended.
# It begins close to the edge: what is there in peace is of no interest.
shortage() {
    local available
    available=$(meminfo_mib MemAvailable)
    weir run --name hog --mem 32Mi:max --detach -- \
        "$load" grow $((available - total / 20 - total / 40)) "$1" >/dev/null
    weir wait hog >/dev/null 2>&1 || :
    reason_of hog
    weir rm hog >/dev/null
}

# The kernel's killer by itself, beside it: it takes whoever uses most, though that one was promised it.
# kernel_alone RATE: who of the two ended, "big" or "hog".
kernel_alone() {
    local big hog ended status=0
    "$load" hold "$big_mib" >"$scratch/big.out" &
    big=$!
    eventually 30 grep -q ready "$scratch/big.out"
    "$load" grow $(($(meminfo_mib MemAvailable) - total / 20)) "$1" >/dev/null &
    hog=$!
    wait -n -p ended "$big" "$hog" 2>/dev/null || status=$?
    [[ $status == 137 ]] || echo "status-$status-"
    if [[ $ended == "$big" ]]; then echo big; else echo hog; fi
    kill -KILL "$big" "$hog" 2>/dev/null || :
    wait "$big" "$hog" 2>/dev/null || :
}

total=$(meminfo_mib MemTotal)
big_mib=$((total * 45 / 100)) # more than is left for the one that grows
taken=
for ((i = 1; i <= trials; i++)); do
    taken+="$(kernel_alone 1000) "
done
echo "# by the kernel alone, at 1 GiB a second, it was: $taken"

daemon_start
weir run --name big --mem "$((big_mib + 8))Mi:max" --detach -- "$load" hold "$big_mib" >/dev/null
for id in first second third; do
    weir run --name "$id" --mem 48Mi:max --detach -- "$load" hold 24 >/dev/null
done
weir run --name modest --mem 32Mi:max --detach -- "$load" hold 64 >/dev/null
for id in "${innocents[@]}" modest; do
    succeeds "$id has its memory" eventually 30 grep -q ready "$state_dir/logs/$id.stdout"
done

for ((i = 1; i <= trials; i++)); do
    is "$(shortage 20)" node-pressure "row 22: at 20 MiB a second, $i: who is far over its request goes"
    succeeds "row 22: and nobody else, $i" nobody_else_suffered
done
for id in "${innocents[@]}"; do
    if [[ $(controller_version memory) == 2 ]]; then
        succeeds "$id, within its request, is held by nothing" is_held_by_nothing "$id"
    fi
done
for ((i = 1; i <= trials; i++)); do
    is "$(shortage 1000)" node-pressure "row 22: at 1 GiB a second, $i: the kernel takes the same"
    succeeds "row 22: nor does anybody else go, $i" nobody_else_suffered
done

# What is held is let go when there is room again.
if [[ $(controller_version memory) == 2 ]]; then
    succeeds "in peace modest is held by nothing" eventually 40 is_held_by_nothing modest
fi

# One that breaches its own limit while the node has room says so.
weir run --name own --mem 32Mi:48Mi --detach -- "$load" grow 8 100 >/dev/null
weir wait own >/dev/null 2>&1 || :
is "$(reason_of own)" limit "row 13: its own limit is told from the node's"
done_testing
