#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Who waits for a CPU is told for whom: known culprits, one at a time.
# alone: whoever else runs would be to blame, too
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

seconds=3
printf '[bursting]\nbands = no\n' >"$scratch/plain.conf"
daemon_start --config "$scratch/plain.conf"
cpu=$(($(nproc) - 1))

# loops N: on one CPU, in this container, that are all there after a moment.
loops() {
    echo 'for i in $(seq '"$1"'); do taskset -c '"$cpu"' "$0" spin & done; wait'
}

# look ID CAUSE: over some seconds, most of what it waits for is CAUSE, and the causes add up.
# What speaks against it is in $scratch/verdict.
look() {
    local before after
    sleep 0.5
    before=$(weir stats --json "$1")
    sleep "$seconds"
    after=$(weir stats --json "$1")
    jq -rn --argjson a "$before" --argjson b "$after" '
        "wait \(($b[0].wait_ns - $a[0].wait_ns) / 1e6 | round)",
        (("self", "neighbour", "limit", "system", "short", "unknown") as $cause |
            "\($cause) \(($b[0]["wait_\($cause)_ns"] - $a[0]["wait_\($cause)_ns"]) / 1e6 | round)")' \
        >"$scratch/blame"
    sed 's/^/# ms of /' "$scratch/blame"
    awk -v cause="$2" -v least="$(bound blame_least)" -v unknown="$(bound blame_unknown)" -v sum="$(bound blame_sum)" '
        { of[$1] = $2 }
        $1 != "wait" { total += $2 }
        END {
            if (of["wait"] < 100)
                print "it hardly waited"
            # Whatever else runs on this machine has a share in it.
            others = cause == "system" ? 0 : of["system"]
            if (of[cause] * 100 < least * (of["wait"] - others))
                print cause " is less than " least " %"
            if (of["unknown"] * 100 > unknown * of["wait"])
                print "more than " unknown " % unknown"
            if (total > of["wait"] * (1 + sum / 100) || total < of["wait"] * (1 - sum / 100))
                print "the causes add up to " total " of " of["wait"]
        }' "$scratch/blame" >"$scratch/verdict"
    [[ ! -s $scratch/verdict ]]
}

# blamed ID CAUSE NAME: in one of a few looks, since others may be at work on this machine, and
# who is kept off by them says nothing about the rest.
blamed() {
    local i
    for ((i = 0; i < 3; i++)); do
        ! look "$1" "$2" || break
    done
    is "$(<"$scratch/verdict")" "" "$3"
}

weir run --name alone --detach -- sh -c "$(loops 3)" "$load" >/dev/null
blamed alone self "more threads than it has CPUs: itself"
weir rm --force alone

weir run --name held --cpu 0.2:0.2 --detach -- sh -c "$(loops 1)" "$load" >/dev/null
blamed held limit "a loop under a fifth of a CPU: its limit"
weir rm --force held

weir run --name victim --cpu 0.2 --detach -- sh -c "$(loops 1)" "$load" >/dev/null
weir run --name noisy --cpu 0.6 --detach -- sh -c "$(loops 2)" "$load" >/dev/null
inflicted=$(stat_of noisy inflicted_ns)
blamed victim neighbour "beside loops of another container: a neighbour"
inflicted=$((($(stat_of noisy inflicted_ns) - inflicted) / 1000000))
is "$((inflicted > seconds * 300))" 1 "and the other has it on its account"
is "$(weir why --json victim | jq -r '.culprits[0].id')" noisy "weir why names it"
succeeds "and so for people" grep -q "for other containers: noisy " <<<"$(weir why victim)"
weir rm --force noisy
is "$(weir why --json victim | jq -r '.culprits[0].id')" noisy "while its record is not used anew"

taskset -c "$cpu" "$load" spin &
outside=$!
blamed victim system "beside a loop outside of all containers: the system"
kill "$outside"
wait "$outside" 2>/dev/null || :
done_testing
