#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Figures change while containers run and use what they have.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

mib=$((1 << 20))
# Of who gives way the kernel takes no weight until it is back: test_bands.sh has that.
printf '[bursting]\nbands = no\n' >"$scratch/plain.conf"
daemon_start --config "$scratch/plain.conf"

# same_process ID PID TICKS: it is still the one that was started.
same_process() {
    is "$(first_pid "$1") $(start_ticks "$(first_pid "$1")") $(field "$1" .weir.state)" "$2 $3 running" \
        "row 10: no update of $1 ended or restarted anything in it"
}

# CPU, under a loop that uses all it gets.
weir run --name cpu --cpu 0.2:0.4 --detach -- "$load" spin >/dev/null
pid=$(first_pid cpu) ticks=$(start_ticks "$(first_pid cpu)")

# cpu_step CHANGE WEIGHT QUOTA
cpu_step() {
    weir update cpu --cpu "$1" >/dev/null
    is "$(weight_mcpu cpu) $(quota_mcpu cpu)" "$2 $3" "row 10: live, --cpu $1: weight $2, quota $3"
}

cpu_step 0.2:0.8 200 800
cpu_step 0.2:0.3 200 300
cpu_step 0.1:max 100 max
cpu_step 0.1:0.5 100 500
cpu_step 0.4:0.5 400 500
cpu_step 0.3 300 500

# In force at the next period: a loop that had more than enough is throttled from there on.
weir update cpu --cpu 0.2:max >/dev/null
throttled_more() {
    [[ $(throttled cpu) -gt $1 ]]
}
throttled() {
    knob "$1" cpu cpu.stat cpu.stat | awk '$1 == "nr_throttled" { print $2 }'
}
before=$(throttled cpu)
weir update cpu --cpu 0.2:0.2 >/dev/null
succeeds "row 10: a lower limit throttles from the next periods on" eventually 2 throttled_more "$before"
same_process cpu "$pid" "$ticks"
weir kill cpu

# Memory, while it is in use.
weir run --name mem --mem 64Mi:256Mi --detach -- "$load" hold 96 16 >/dev/null
eventually 10 says mem ready
pid=$(first_pid mem) ticks=$(start_ticks "$(first_pid mem)")

# mem_step CHANGE LOW MAX, in MiB
mem_step() {
    local max=$3
    [[ $max == max ]] || max=$((max * mib))
    weir update mem --mem "$1" >/dev/null
    is "$(mem_low_bytes mem) $(mem_max_bytes mem)" "$(($2 * mib)) $max" \
        "row 10: live, --mem $1: low $2 MiB, max $3"
}

mem_step 128Mi:512Mi 128 512
mem_step 64Mi:128Mi 64 128
mem_step 64Mi:max 64 max
mem_step 32Mi:192Mi 32 192
mem_step 48Mi 48 192

# Below what is in use: nothing dies, the limit waits, and is there once usage fits.
answer=$(weir update mem --mem 32Mi:64Mi 2>&1)
matches "$answer" "pending|wait" "row 10: a memory limit below usage: the answer says that it waits"
is "$(field mem .weir.pending_mem_limit_bytes)" $((64 * mib)) "row 10: a memory limit below usage is shown as pending"
is "$(field mem .weir.mem_limit_bytes)" $((64 * mib)) "row 10: the figure in force is the new one"
within "$(mem_current_bytes mem)" $((96 * mib)) "$(bound memory)" "row 10: it keeps what it uses while the limit waits"
same_process mem "$pid" "$ticks"

limit_is() {
    [[ $(mem_max_bytes "$1") == "$2" ]]
}
nothing_pending() {
    [[ $(field "$1" .weir.pending_mem_limit_bytes) == null ]]
}
kill -USR1 "$pid"
succeeds "row 10: once usage fits, the limit is in the kernel" eventually 10 limit_is mem $((64 * mib))
succeeds "row 10: and pending no more" eventually 5 nothing_pending mem
same_process mem "$pid" "$ticks"

# Overtaken by another update before it fits.
weir run --name mind --mem 64Mi:256Mi --detach -- "$load" hold 96 >/dev/null
eventually 10 says mind ready
weir update mind --mem 32Mi:64Mi >/dev/null 2>&1
weir update mind --mem 32Mi:128Mi >/dev/null
is "$(mem_max_bytes mind) $(field mind .weir.pending_mem_limit_bytes)" "$((128 * mib)) null" \
    "row 10: a limit that waits gives way to a later one that fits"

# Overtaken while the kernel still reclaims for it: page cache takes its time to go.
weir run --name cache --mem 32Mi:512Mi --detach -- \
    sh -c 'head -c 300M /dev/zero >"$0"; cat "$0" >/dev/null; echo ready; exec sleep 600' "$scratch/cached" >/dev/null
eventually 60 says cache ready
rounds=0
for ((i = 0; i < 3; i++)); do
    [[ $(weir update cache --mem :$((64 - i))Mi 2>&1) != *wait* ]] || ((++rounds))
    weir update cache --mem :512Mi >/dev/null
done
fails "row 10: the kernel has been at it" test "$rounds" = 0
# An overtaken write may still be reclaiming, and must not come to its end as if nothing had been.
# When it gave up there is nothing to see, so this is a time and no condition to be patient for.
for ((i = 0; i < 50; i++)); do
    [[ $(mem_current_bytes cache) -gt $((70 * mib)) ]] || break
    sleep 0.2
done
succeeds "row 10: a limit that was overtaken under way does not stay" eventually 5 limit_is cache $((512 * mib))
is "$(field cache '.weir | "\(.mem_limit_bytes) \(.pending_mem_limit_bytes)"')" "$((512 * mib)) null" \
    "row 10: the figures agree"
weir kill cache

# Refused whole: what was right of it is not done either.
before="$(weight_mcpu mind) $(quota_mcpu mind) $(mem_low_bytes mind) $(mem_max_bytes mind)"
fails "an update with a limit below its request is refused" weir update mind --cpu 0.5 --mem 200Mi:100Mi
is "$(weight_mcpu mind) $(quota_mcpu mind) $(mem_low_bytes mind) $(mem_max_bytes mind)" "$before" \
    "and changes nothing"

# Row 11.
call '{"type": "UPDATE_CONTAINER", "update_container": {"container_id": {"value": "nobody"},
    "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}}]}}'
is "$code $body" "404 no container 'nobody'" "row 11: update of an unknown container: 404"
status=0
weir update nobody --cpu 0.1 2>/dev/null || status=$?
is "$status" 3 "row 11: and exit status 3 of the command line"

cat >"$scratch/race.py" <<'PYTHON'
import collections
import sys
import time

from api import Connection, launch_fields, say, scalars

ROUNDS, PATIENCE = 20, 10  # seconds until one that sleeps for milliseconds has surely ended
answers = collections.Counter()
other = []
one = Connection()
for i in range(ROUNDS):
    name = f"race{i}"
    # It ends somewhere among the updates; the daemon learns of it between two of them.
    argv = ("sleep", f"{i % 5 * 0.002:.3f}")
    status, text = one.call("LAUNCH_CONTAINER", **launch_fields(name, argv, cpus=0.1, mem=32))
    if status != 200:
        sys.exit(f"launch: {status} {text}")
    patient_until = time.monotonic() + PATIENCE
    status, j = 200, 0
    while status == 200 and time.monotonic() < patient_until:
        change = scalars(cpus=0.1 + j % 10 / 100, mem=32 + j % 10)
        j += 1
        status, text = one.call("UPDATE_CONTAINER", container_id={"value": name}, resources=change)
        answers[status] += 1
        if status not in (200, 404):
            other.append(f"{status} {text}")
say(not other, f"row 11: updates of {ROUNDS} containers until they have ended: 200 or 404", *other)
say(answers[200] and answers[404] == ROUNDS, "row 11: and both happened", str(answers))
PYTHON
points_of python3 "$scratch/race.py"
succeeds "the daemon is well" weir version
done_testing
