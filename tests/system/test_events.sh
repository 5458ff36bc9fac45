#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# What happens to containers is told in order, by number, once, and to those who wait.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

mib=$((1 << 20))

# Without bands: when who gives way to whom is not for this test to say, and each move is an event.
printf '[bursting]\nbands = no\n' >"$scratch/weir.conf"
serve() {
    daemon_start --config "$scratch/weir.conf"
}
serve

# kinds ID: "launched:detached ended:self", without what the squeezer does.
kinds() {
    weir events --json "$1" 2>/dev/null | jq -r 'select(.kind | IN("squeezed", "released") | not) |
        "\(.kind):\(.cause)"' | xargs
}

# figure ID KIND NAME: of the last of that kind.
figure() {
    weir events --json "$1" | jq -r --arg kind "$2" --arg name "$3" 'select(.kind == $kind) | .figures[$name]' | tail -n 1
}

# events FIELDS: a raw GET_EVENTS; the answer is in $body.
events() {
    call '{"type": "GET_EVENTS", "get_events": {'"${1:-}"'}}'
}

answered() {
    jq -r "$1" <<<"$body"
}

# ---- A life, and each kind of end ----

events
is "$code $(answered '.get_events | "\(.events | length) \(.next) \(.lost)"')" "200 0 0 0" "at first there is nothing"
is "$(weir events 2>&1)" "" "weir events: and so nothing is printed"

weir run --name self --cpu 0.2:0.5 --mem 64Mi:max --detach -- sh -c 'exit 3' >/dev/null
weir wait self >/dev/null
is "$(kinds self)" "launched:detached ended:self" "one that exits: launched, ended"
is "$(figure self launched cpu_request_mcpu) $(figure self launched cpu_limit_mcpu) $(figure self launched mem_request_bytes) $(
    figure self launched mem_limit_bytes)" "200 500 $((64 * mib)) Infinity" "launched: with its figures"
is "$(figure self ended exit_status)" $((3 << 8)) "ended: with its status"
is "$(figure self ended mem_request_bytes) $(figure self ended mem_limit_bytes)" "$((64 * mib)) Infinity" \
    "ended: with what was promised to it"
is "$(figure self ended cpu_ns) $(figure self ended mem_peak_bytes)" \
    "$(field self '.weir | "\(.cpu_ns) \(.mem_peak_bytes)"')" "ended: with what it used, as the record has it"

weir run --name killed --detach -- "$load" nap >/dev/null
weir kill killed
weir wait killed >/dev/null
is "$(kinds killed)" "launched:detached ended:killed" "one that is killed"
is "$(figure killed ended exit_status)" 9 "ended: by a signal"

weir run --name greedy --mem 32Mi:48Mi --detach -- "$load" hold 96 >/dev/null
weir wait greedy >/dev/null
is "$(kinds greedy)" "launched:detached ended:limit" "one that reaches its memory limit"

weir run --name front -- true
is "$(kinds front)" "launched:foreground ended:self" "one in the foreground, though its record is gone"
is "$(weir run --name nothing --detach -- /no/such/command 2>/dev/null || kinds nothing)" "" "a launch that is taken back is none"

# ---- Updates, and a limit that waits ----

weir run --name mem --mem 64Mi:256Mi --detach -- "$load" hold 96 16 >/dev/null
eventually 10 says mem ready
weir update mem --cpu 0.1:0.3 >/dev/null
weir update mem --cpu 0.1:0.3 >/dev/null
is "$(kinds mem)" "launched:detached updated:asked" "an update is told, one that changes nothing is not"
is "$(figure mem updated cpu_request_mcpu) $(figure mem updated cpu_limit_mcpu)" "100 300" "updated: with the figures in force"
weir update mem --mem 32Mi:64Mi >/dev/null 2>&1
is "$(kinds mem)" "launched:detached updated:asked updated:asked pending:in-use" "a memory limit that has to wait"
is "$(figure mem pending limit_bytes)" $((64 * mib)) "pending: the limit that waits"
within "$(figure mem pending used_bytes)" "$(mem_current_bytes mem)" "$(bound memory)" "pending: what is in the way"
settled() {
    [[ $(kinds "$1") == *settled* ]]
}
kill -USR1 "$(first_pid mem)"
succeeds "once usage fits, that is told" eventually 10 settled mem
is "$(figure mem settled limit_bytes) $(mem_max_bytes mem)" "$((64 * mib)) $((64 * mib))" "settled: the limit is in the kernel"
weir update mem --mem 32Mi:512Mi >/dev/null
fails "a refused update is refused" weir update mem --cpu 2:1 2>/dev/null
weir kill mem
weir wait mem >/dev/null
is "$(kinds mem)" "launched:detached updated:asked updated:asked pending:in-use settled:fits updated:asked ended:killed" \
    "all of it, in order; what was refused is not told"

weir run --name mind --mem 64Mi:256Mi --detach -- "$load" hold 96 >/dev/null
eventually 10 says mind ready
weir update mind --mem 32Mi:64Mi >/dev/null 2>&1
weir update mind --mem 32Mi:512Mi >/dev/null
is "$(kinds mind)" "launched:detached updated:asked pending:in-use updated:asked settled:overtaken" \
    "a limit that waits and is overtaken"

# ---- By number, by container ----

events
is "$(answered '[.get_events.events[].seq] == [range(1; .get_events.next + 1)]')" true "numbers begin at 1, and none is left out"
is "$(answered '[.get_events.events[].time_us] | . == sort')" true "times go up with the numbers"
next=$(answered .get_events.next)
events "\"since\": $((next - 1))"
is "$(answered '.get_events | "\([.events[].seq]) \(.next)"')" "[$next] $next" "since: only what came later"
events '"container_id": {"value": "greedy"}'
is "$(answered '.get_events | "\([.events[].container_id.value] | unique) \(.next)"')" "[\"greedy\"] $next" \
    "of one container; and the next number is that of all"
events '"container_id": {"value": "nobody"}'
is "$code $(answered '.get_events.events | length')" "200 0" "one that is unknown has none"
events "\"since\": $((next + 1)), \"wait_ms\": 60000"
is "$(answered '.get_events | "\(.events | length) \(.next)"')" "0 $next" "a number that was never given: answered at once"

events "\"since\": $next, \"wait_ms\": 60000, \"epoch_us\": 7"
is "$(answered '.get_events.events[0].seq')" 1 "a number of another epoch counts for nothing: answered with all"
events "\"since\": $((next - 1)), \"epoch_us\": $(answered .get_events.epoch_us)"
is "$(answered '"\([.get_events.events[].seq])"')" "[$next]" "one of this epoch does"

same_as_raw() {
    events
    [[ $(weir events --json | jq -cS .) == "$(answered '.get_events.events[]' | jq -cS .)" ]]
}
succeeds "weir events --json: objects as the daemon has them" same_as_raw
matches "$(weir events greedy | sed -n 1p)" "^TIME +SEQ +CONTAINER +EVENT +CAUSE +WHAT$" "weir events: a table"
matches "$(weir events greedy | sed -n 3p)" "^20[0-9-]{8} [0-9:]{8}\.[0-9]{3} +[0-9]+  greedy +ended +limit +memory limit exceeded: " \
    "weir events: with time, container, event, cause, and a sentence"
is "$(weir events --since "$((next - 1))" --json | jq .seq)" "$next" "weir events --since"

# bad NAME TEXT FIELDS
bad() {
    events "$3"
    matches "$code $body" "^400 $2" "$1: refused"
}
bad "a wait of more than a minute" "get_events.wait_ms: 60001 is not between 0 and 60000" '"wait_ms": 60001'
bad "a wait that is a text" "get_events.wait_ms: expected an integer, got a string" '"wait_ms": "1 s"'
bad "a negative number" "get_events.since: -1 is not between" '"since": -1'
bad "a container that is a text" "get_events.container_id: expected an object" '"container_id": "greedy"'
bad "a bad id" "get_events.container_id.value: .*'/'" '"container_id": {"value": "a/b"}'

# ---- Who waits ----

cat >"$scratch/wait.py" <<'PYTHON'
import json
import select
import time

from api import Connection, launch_fields, say

PATIENCE, AT_MOST = 20, 64  # seconds; who may wait


def latest(**fields):
    return Connection().call("GET_EVENTS", **fields)[1]["get_events"]["next"]


def poll(**fields):
    """A connection on which somebody waits."""
    connection = Connection()
    fields = {"since": latest(), "wait_ms": 60000, **fields}
    body = json.dumps({"type": "GET_EVENTS", "get_events": fields})
    connection.request("POST", "/api/v1", body, {"Content-Type": "application/json"})
    return connection


def is_answered(connection, seconds):
    return bool(select.select([connection.sock], [], [], seconds)[0])


def answer(connection):
    got = connection.getresponse()
    return got.status, got.read().decode()


def kinds(connection):
    events = json.loads(answer(connection)[1])["get_events"]["events"]
    return [f"{event['container_id']['value']} {event['kind']}" for event in events]


one, of_b, of_nobody = poll(), poll(container_id={"value": "b"}), poll(container_id={"value": "nobody"})
say(not is_answered(one, 0.3), "a long poll waits while nothing happens")
caller = Connection()
caller.call("LAUNCH_CONTAINER", **launch_fields("a"))
say(is_answered(one, PATIENCE) and kinds(one) == ["a launched"], "a long poll is answered when something happens")
say(not is_answered(of_b, 0.3), "one on another container is not")
caller.call("LAUNCH_CONTAINER", **launch_fields("b"))
say(is_answered(of_b, PATIENCE) and kinds(of_b) == ["b launched"], "it is when it is about that one")
say(not is_answered(of_nobody, 0.3), "one on a container that never comes waits on")
short = poll(wait_ms=200, container_id={"value": "nobody"})
say(is_answered(short, PATIENCE) and kinds(short) == [], "a wait that is over is answered with nothing")
of_nobody.close()

start = time.monotonic()
Connection().call("GET_EVENTS", wait_ms=60000)
say(time.monotonic() - start < PATIENCE, "what is there already is not waited for")

many = [poll(container_id={"value": "nobody"}) for _ in range(AT_MOST)]
refused = None
end = time.monotonic() + PATIENCE  # the last of them may still be on its way
while refused != 503 and time.monotonic() < end:
    # One that hung up before may have been in the way of one of these.
    many = [poll(container_id={"value": "nobody"}) if is_answered(c, 0) else c for c in many]
    extra = poll(container_id={"value": "nobody"})
    if is_answered(extra, 1):
        refused = answer(extra)[0]
    extra.close()
say(refused == 503, f"more than {AT_MOST} may not wait", str(refused))
for connection in many:
    connection.close()
refused, end = 503, time.monotonic() + PATIENCE
while refused and time.monotonic() < end:
    extra = poll(container_id={"value": "nobody"})
    refused = is_answered(extra, 0.3)
    extra.close()
say(not refused, "those that hung up wait no more")
for name in ("a", "b"):
    caller.call("KILL_CONTAINER", container_id={"value": name})
PYTHON
points_of python3 "$scratch/wait.py"

# ---- Following, over a restart ----

follow() {
    "$build/weir" events --json -f >"$scratch/followed" 2>"$scratch/followed.err" &
    follower=$!
}
unfollow() {
    kill "$follower" 2>/dev/null || :
    wait "$follower" 2>/dev/null || :
}
# followed ID KIND
followed() {
    jq -es --arg id "$1" --arg kind "$2" 'any(.[]; .container_id.value == $id and .kind == $kind)' "$scratch/followed" >/dev/null
}
# ends_of ID: how often the follower has seen it end, and why.
ends_of() {
    jq -r --arg id "$1" 'select(.container_id.value == $id and .kind == "ended") | .cause' "$scratch/followed" | xargs
}

daemon_stop
serve
follow
weir run --name stays --detach -- "$load" nap >/dev/null
succeeds "weir events -f: prints what happens while it runs" eventually 10 followed stays launched
weir run --name leaves --detach -- "$load" nap >/dev/null
weir run --name lost --detach -- "$load" nap >/dev/null
eventually 10 followed lost launched
pids=("$(first_pid leaves)" "$(first_pid lost)")
daemon_stop KILL
kill -KILL "${pids[@]}"
eventually 5 not_running "${pids[0]}" && eventually 5 not_running "${pids[1]}"
cgroups_of_run | grep "$prefix"lost | xargs rmdir
serve
succeeds "a restart: what ended meanwhile is told" eventually 10 followed leaves ended
succeeds "a restart: and what was lost" eventually 10 followed lost ended
weir stop stays
succeeds "a restart: weir events -f goes on with the new daemon" eventually 10 followed stays ended
is "$(ends_of leaves), $(ends_of lost), $(ends_of stays)" "self, lost, killed" "exactly one end each, with its cause"
is "$(figure lost ended cpu_ns)" null "nobody knows what the lost one had used"
matches "$(<"$scratch/followed.err")" "retrying" "weir events -f: says that the daemon is away"
matches "$(<"$scratch/followed.err")" "started anew" "and that numbers begin again"
unfollow

daemon_stop KILL
serve
is "$(weir events --json)" "" "a restart: who had ended before is not told again"

# As many numbers as the old daemon had given: only the epoch tells that they are others.
weir run --name one --detach -- "$load" nap >/dev/null
follow
eventually 10 followed one launched
pid=$(first_pid one)
daemon_stop KILL
kill -KILL "$pid"
eventually 5 not_running "$pid"
serve
succeeds "a restart: nothing is passed over when numbers meet" eventually 10 followed one ended
unfollow

# ---- More than is kept ----

weir run --name busy --detach -- "$load" nap >/dev/null
python3 - <<'PYTHON'
from api import Connection, scalars

connection = Connection()
for i in range(2100):
    connection.call("UPDATE_CONTAINER", container_id={"value": "busy"}, resources=scalars(cpus=0.1 + i % 2 / 10))
PYTHON
events
lost=$(answered .get_events.lost)
is "$(answered '.get_events | "\(.events | length) \(.events[0].seq)"')" "2048 $((lost + 1))" \
    "the newest are kept, and how many are not is said"
is "$((lost + 2048))" "$(answered .get_events.next)" "and none is missing in between"
is "$(weir events 2>&1 >/dev/null)" "weir: $lost earlier events are kept no more" "weir events: says so, too"
is "$(weir events --since "$lost" 2>&1 >/dev/null)" "" "but not to those who have seen them"

# ---- The log ----

is "$(grep -c "^<6>weir-daemon: container 'greedy': ended (limit): memory limit exceeded" "$daemon_log")" 1 "an end is one line in the log"
is "$(grep -c "^<6>weir-daemon: container 'mem': pending (in-use): the memory limit of 64Mi waits: " "$daemon_log")" 1 \
    "a limit that waits is one, too"
done_testing
