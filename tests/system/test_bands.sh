#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Who is over its request gives way to those within theirs, and to nobody else.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

band_of() {
    weir stats --json "$1" | jq -r '.[0].band'
}

# What its request still covers, in ns.
saved_by() {
    weir why --json "$1" | jq .cpu_saved_ns
}

# weighs ID MCPU
weighs() {
    [[ $(weight_mcpu "$1") == "$2" ]]
}

# events_of ID KIND: their causes, a line each.
events_of() {
    weir events --json "$1" | jq -r "select(.kind == \"$2\") | .cause"
}

daemon_start
cpus=$(nproc)

# More loops than CPUs, so that none is idle; what has no request is over it from the start.
for ((i = 0; i < cpus; i++)); do
    weir run --name "burst$i" --detach -- "$load" spin >/dev/null
done
weir run --name booked --cpu 0.3:max --detach -- "$load" spin >/dev/null
weir kill booked
weir wait booked >/dev/null
succeeds "with nobody within their request about, weights rule" eventually 5 is_normal burst0
files=()
for ((i = 0; i < cpus; i++)); do
    files+=("$(group_of "burst$i" cpu)/cpu.idle")
done
witness_start modify "${files[@]}"
sleep 5
is "$(witness_stop)" "" "row 20: only bursters about: no band is written"

# Uses more than its request for a moment, and is stopped: what was saved, two windows of it, is less now.
is_drawn_on() {
    [[ $(saved_by saver) -lt 90000000 ]]
}
weir run --name saver --cpu 0.5:max --detach -- "$load" spin >/dev/null
succeeds "what its request covers is drawn on by who uses more" eventually 10 is_drawn_on
weir kill --signal STOP saver
sleep 0.3
saved=$(saved_by saver)

# Somebody within theirs comes: half the time it sleeps.
weir run --name service --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.002; done' "$load" >/dev/null
for ((i = 0; i < cpus; i++)); do
    succeeds "row 19: beside a service burst$i gives way" eventually 5 is_idle "burst$i"
done
is "$(band_of burst0)" burst "and its band is in the map"
is "$(events_of burst0 demoted | uniq)" over-request "an event says why"
is "$(weir events --json burst0 | jq -s 'any(.[]; .kind == "demoted" and .figures.cpu_used_mcpu > .figures.cpu_request_mcpu)')" \
    true "with what it used and what it had requested"
succeeds "the service keeps its own" is_normal service
is "$(band_of service)" guaranteed "by the map too"

weir run --name exempt --exempt --detach -- "$load" spin >/dev/null
sleep 1
succeeds "one that is exempt gives way to nobody" is_normal exempt
is "$(field exempt .weir.exempt) $(field burst0 .weir.exempt)" "true false" "its record says that it is"
weir kill exempt
weir wait exempt >/dev/null

# Figures change while it is in the idle class.
is "$(weir update burst0 --cpu 0.001:1.5 2>&1 >/dev/null | grep -c -v raised)" 0 "row 10: an update of one that gives way"
is "$(quota_mcpu burst0)" 1500 "row 10: its limit is in force at once"

# The daemon dies, and what it wrote stays; the next one goes on from there.
kill -KILL "$daemon_pid"
wait "$daemon_pid" 2>/dev/null || :
succeeds "a dead daemon leaves it in its band" is_idle burst1
daemon_start
succeeds "the next one finds it there" is_idle burst1
is "$(band_of burst1)" burst "and says so"
is "$(saved_by saver)" "$saved" "what is saved is as it was"
weir kill service
weir wait service >/dev/null
succeeds "row 19: alone again, they share by weight" eventually 10 is_normal burst1
succeeds "row 19: all of them" eventually 10 is_normal burst0
is "$(events_of burst1 promoted | tail -n 1)" disarmed "and an event says that nobody needed it any more"
# Who asks for a hundredth may have to wait beside the other one, and that calls for the class again.
succeeds "row 10: and the weight is what was asked for meanwhile" eventually 10 weighs burst0 10

# A daemon that stops leaves nobody behind.
weir run --name another --cpu 0.9:max --detach -- \
    sh -c 'while :; do "$0" spin 2; sleep 0.002; done' "$load" >/dev/null
succeeds "again it gives way" eventually 5 is_idle burst1
daemon_stop
succeeds "a daemon that stops puts it back" is_normal burst1
is "$(weight_mcpu burst0)" 10 "with its weight"

# Without bands: weights alone.
printf '[bursting]\nbands = no\n' >"$scratch/plain.conf"
daemon_start --config "$scratch/plain.conf"
sleep 1
succeeds "bands = no: nobody gives way" is_normal burst1
done_testing
