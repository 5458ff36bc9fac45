#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2317
#
# tests/agent: its agent and its executor speak Mesos' executor API, whoever and wherever they are.
set -euo pipefail
tree=$(readlink -f "$(dirname "$0")/../..")
# shellcheck source=tests/tap.sh
. "$tree/tests/tap.sh"

# The system's own, as another user may not get at one of somebody's home.
python=/usr/bin/python3
[[ -x $python ]] || python=$(command -v python3)
export PYTHONDONTWRITEBYTECODE=1

dir=$(mktemp -d)
bin=$dir/bin # a copy, as others may not get at the tree
socket=$dir/agent.sock
url='/slave(1)/api/v1/executor'
agents=0 executors=0
as=() # what an executor is started with
export MESOS_DOMAIN_SOCKET=$socket MESOS_SLAVE_PID='slave(1)@127.0.0.1:5051'
export MESOS_FRAMEWORK_ID=f MESOS_EXECUTOR_ID=e
chmod 755 "$dir"
mkdir "$bin"
cp "$tree"/tests/agent/*.py "$bin"
cd "$dir"

clean_up() {
    local left
    left=$(jobs -pr)
    # shellcheck disable=SC2086 # one argument each
    [[ -z $left ]] || kill -KILL $left || :
    wait || :
    cd /
    rm -rf "$dir"
} 2>/dev/null
trap clean_up EXIT
trap 'exit 143' TERM

# said FILE FILTER: there is such a line. told FILE FILTER: what it makes of all, in one line.
said() {
    jq -es "any(.[]; $2)" "$1" >/dev/null 2>&1
}

told() {
    jq -r "$2" "$1" | xargs
}

agent_start() {
    agent_log=$dir/agent.$((++agents)).log
    "$python" "$bin/agent.py" --socket "$socket" "$@" >"$agent_log" 2>"$agent_log.err" &
    agent_pid=$!
    if ! eventually 30 said "$agent_log" '.what == "listening"'; then
        sed 's/^/# /' "$agent_log" "$agent_log.err"
        exit 1
    fi
}

# agent_stop [SIGNAL]: sets agent_status.
agent_stop() {
    agent_status=0
    kill -"${1:-TERM}" "$agent_pid"
    wait "$agent_pid" 2>/dev/null || agent_status=$?
}

executor_start() {
    executor_log=$dir/executor.$((++executors)).log
    "${as[@]}" "$python" "$bin/executor.py" --timeout 60 "$@" >"$executor_log" 2>"$executor_log.err" &
    executor_pid=$!
}

# Sets executor_status; its time limit is the last --timeout it was given.
executor_wait() {
    executor_status=0
    wait "$executor_pid" || executor_status=$?
}

executor_run() {
    executor_start "$@"
    executor_wait
}

subscriptions() {
    told "$agent_log" 'select(.what == "subscribed") | "\(.peer_pid) \(.peer_uid)"'
}

updates='select(.what == "update").state'
failures='select(.what == "connect_failed").errno'
both="TASK_RUNNING TASK_FINISHED"

# ---- Records ----

cuts=$("$python" - "$bin" <<'END'
import sys
sys.path.insert(0, sys.argv[1])
import recordio

records = [b"a", b"{\n7\n}", b"", b"x" * 1000, b"5\nabcde"]
whole = b"".join(map(recordio.encode, records))

def decode(*pieces):
    decoder = recordio.Decoder()
    return [record for piece in pieces for record in decoder.feed(piece)]

def is_refused(data):
    try:
        return not recordio.Decoder().feed(data)
    except ValueError:
        return "refused"

print(whole[:8])
print(sum(decode(whole[:at], whole[at:]) == records for at in range(len(whole) + 1)) - len(whole))
print(decode(*(whole[at : at + 1] for at in range(len(whole)))) == records)
print(decode(whole[:-1]) == records[:-1])
print(*map(is_refused, [b"x", b"\n", b"-1\na", b"+1\na", b"1 \na", b"1048577\n", b"9" * 20, b"1048576\na"]))
END
) || : # it says less then, and the points miss it
mapfile -t cuts <<<"$cuts"
is "${cuts[0]:-}" "b'1\\na5\\n{\\n7'" "a record is its length in decimal, a line feed, its bytes"
is "${cuts[1]:-}" 1 "records cut in two parse, wherever the cut is"
is "${cuts[2]:-}" True "records parse that come byte by byte"
is "${cuts[3]:-}" True "a record is not there before its last byte is"
is "${cuts[4]:-}" "refused refused refused refused refused refused refused True" \
    "lengths that are none, and too long ones, are refused"

# ---- Two processes ----

executor_start
succeeds "an executor without an agent says ENOENT" \
    eventually 30 said "$executor_log" '.errno == "ENOENT"'
agent_start
executor_wait
is "$executor_status" 0 "and is served when it comes"
is "$(subscriptions)" "$executor_pid $EUID" "the agent knows the pid and the uid of who subscribes"
is "$(stat -c %a "$socket")" 666 "its socket is for everybody"
is "$(told "$agent_log" "$updates")" "$both" "the task's states come in their order"
is "$(told "$executor_log" 'select(.what == "acknowledged").state')" "$both" "and are acknowledged"
is "$(told "$agent_log" 'select(.what == "message").data | @base64d')" \
    "$(told "$executor_log" 'select(.what == "launch").task_id')" "a message arrives"
is "$(told "$executor_log" 'select(.what == "message").data')" \
    "$(told "$executor_log" 'select(.what == "launch").task_id')" "and one comes back"
succeeds "that an executor has gone is noticed" \
    eventually 30 said "$agent_log" '.what == "disconnected"'

as=(env -u MESOS_DOMAIN_SOCKET WEIR_AGENT_SOCKET="$socket")
executor_run
is "$executor_status" 0 "WEIR_AGENT_SOCKET does as well"
as=(env -u MESOS_SLAVE_PID)
executor_run
matches "$executor_status $(<"$executor_log.err")" "^1 .*'MESOS_SLAVE_PID'" \
    "an executor without the agent's process id gives up"
as=()
agent_stop
is "$agent_status" 0 "SIGTERM ends the agent"
fails "and removes its socket" test -e "$socket"

agent_start --split 1
executor_run
is "$executor_status $(told "$agent_log" "$updates")" "0 $both" "events may come byte by byte"
agent_stop

# ---- The end ----

has_finished() {
    [[ $(told "$executor_log" 'select(.what == "acknowledged" and .state == "TASK_FINISHED").what' |
        wc -w) -eq $1 ]]
}
agent_start --tasks 3
executor_start --tasks 1 --stay
succeeds "an executor takes all tasks that it is given" eventually 30 has_finished 3
is "$(told "$executor_log" 'select(.what == "ended").status')" "" "and stays when it is to"
agent_stop
executor_wait
is "$agent_status $executor_status $(told "$executor_log" 'select(.what == "shutdown").what')" \
    "0 0 shutdown" "until the agent ends, and tells it so"
agent_start --tasks 0
executor_run --timeout 1
is "$executor_status $(told "$executor_log" 'select(.what == "timeout").what')" "1 timeout" \
    "an executor that gets nothing to do ends when its time is over"
agent_stop

# ---- An agent that dies ----

agent_start --no-ack
executor_start --tasks 2
succeeds "an agent that acknowledges nothing takes updates" \
    eventually 30 said "$agent_log" '.state == "TASK_FINISHED"'
agent_stop KILL
succeeds "SIGKILL leaves its socket" test -S "$socket"
succeeds "to which an executor is refused, and says ECONNREFUSED" \
    eventually 30 said "$executor_log" '.errno == "ECONNREFUSED"'
agent_start
executor_wait
is "$executor_status" 0 "an agent that comes after it replaces the socket, and is subscribed to"
is "$(told "$agent_log" 'select(.what == "subscribed") | .unacknowledged_updates, .unacknowledged_tasks')" \
    "2 1" "what the first one did not acknowledge is brought along"
is "$(told "$agent_log" 'select(.what == "update") | "\(.state) \(.resent)"')" \
    "TASK_RUNNING true TASK_FINISHED true TASK_RUNNING false TASK_FINISHED false" \
    "and told in order, before a new task's states"
is "$(told "$executor_log" 'select(.what == "acknowledged").state')" "$both $both" \
    "all of it is acknowledged"
agent_stop

# ---- Heartbeats ----

agent_start --heartbeat 0.1
executor_start --stay --silence 2
beats() {
    [[ $(told "$executor_log" 'select(.what == "heartbeat").what' | wc -w) -ge $1 ]]
}
succeeds "heartbeats come" eventually 30 beats 3
succeeds "and are answered" eventually 30 said "$agent_log" '.what == "heartbeat"'
kill -STOP "$agent_pid"
succeeds "an agent that goes silent is given up" \
    eventually 30 said "$executor_log" '.what == "disconnected" and (.why | startswith("TimeoutError"))'
kill -CONT "$agent_pid"
has_subscribed_again() {
    [[ $(told "$executor_log" 'select(.what == "subscribed").what' | wc -w) -ge 2 ]]
}
succeeds "and subscribed to again when it speaks" eventually 30 has_subscribed_again
agent_stop
executor_wait
is "$executor_status" 0 "and can shut the executor down"

# ---- Answers ----

agent_start --expect f/e --expect g/e --tasks 0

# answer METHOD PATH [CURL OPTION…]: the status and the text.
answer() {
    local status
    status=$(curl -s -m 30 -o "$dir/body" -w '%{http_code}' --unix-socket "$socket" -X "$1" \
        "http://agent$2" "${@:3}") || :
    echo "$status $(<"$dir/body")"
}

# call TYPE FIELDS [FRAMEWORK [EXECUTOR]]: in JSON; FIELDS begin with a comma.
call() {
    printf '{"type": "%s", "framework_id": {"value": "%s"}, "executor_id": {"value": "%s"}%s}' \
        "$1" "${3:-f}" "${4:-e}" "$2"
}

# answers REGEX NAME CALL [CURL OPTION…]
answers() {
    matches "$(answer POST "$url" -H 'Content-Type: application/json' -d "$3" "${@:4}")" "^$1" "$2"
}

# update STATE SOURCE UUID
update() {
    printf ', "update": {"status": {"task_id": {"value": "t"}, "state": "%s", "source": "%s", "uuid": "%s"}}' "$@"
}
uuid=$(printf %016d 7 | base64)
good=$(update TASK_RUNNING SOURCE_EXECUTOR "$uuid")
message=', "message": {"data": "YQ=="}'

is "$(answer GET "$url")" \
    "405 405 Method Not Allowed. Expecting one of { 'POST' }, but received 'GET'." "only POST is allowed"
matches "$(curl -s -D - -m 30 -X PUT --unix-socket "$socket" "http://agent$url")" $'\nAllow: POST\r' \
    "which the answer says, too"
matches "$(answer POST /api/v1/executor -d x)" "^403 " "a path without the process id is forbidden"
matches "$(answer GET /metrics)" "^403 " "and any other, whatever the method"
matches "$(answer POST "$url" -H Content-Type: -d x)" "^400 .*'Content-Type' to be present" \
    "a body of no type is refused"
matches "$(answer POST "$url" -H 'Content-Type: text/plain' -d x)" "^415 " "and one of a wrong type"
answers "400 Failed to parse body into JSON" "what is no JSON is refused" "{"
answers "400 Failed to convert JSON" "what is JSON and no call is, too" "[]"
answers "400 .*executor_id" "and a call of nobody" '{"type": "SUBSCRIBE", "framework_id": {"value": "f"}}'
answers "400 .*'type' to be present" "and one of an unknown type" "$(call JUMP '')"
answers "400 .*'subscribe' to be present" "and a subscription without its field" "$(call SUBSCRIBE '')"
answers "406 " "one that does not take JSON is not acceptable" "$(call SUBSCRIBE ', "subscribe": {}')" -H 'Accept: text/html'
answers "400 Framework cannot be found" "a call of an unknown framework is refused" "$(call MESSAGE "$message" h)"
answers "400 Executor cannot be found" "and of an unknown executor" "$(call MESSAGE "$message" f d)"
answers "403 Executor is not subscribed" "an update before the subscription is forbidden" "$(call UPDATE "$good")"
answers "403 Executor is not subscribed" "and a message" "$(call MESSAGE "$message")"
answers "202 " "a heartbeat is taken from anybody" "$(call HEARTBEAT '' nobody nobody)"
executor_run --tasks 0
answers "202 " "after the subscription an update is taken" "$(call UPDATE "$good")"
answers "202 " "and a message" "$(call MESSAGE "$message")"
answers "403 " "but none of one who is not subscribed" "$(call MESSAGE "$message" g)"
answers "501 " "a call of the type UNKNOWN is not implemented" "$(call UNKNOWN '')"
answers "400 .*'uuid' of 16 bytes" "an update's uuid has 16 bytes" "$(call UPDATE "$(update TASK_RUNNING SOURCE_EXECUTOR YQ==)")"
answers "400 .*'SOURCE_EXECUTOR'" "its source is the executor" "$(call UPDATE "$(update TASK_RUNNING SOURCE_AGENT "$uuid")")"
answers "400 .*TASK_STAGING" "and its state none of the agent's" "$(call UPDATE "$(update TASK_STAGING SOURCE_EXECUTOR "$uuid")")"
as=(env MESOS_EXECUTOR_ID=d)
executor_run
is "$executor_status $(told "$executor_log" 'select(.what == "refused").text')" \
    "1 Executor cannot be found" "an executor that is refused gives up"
as=()
agent_stop

agent_start
curl -sN -m 60 --unix-socket "$socket" -H 'Content-Type: application/json' \
    -d "$(call SUBSCRIBE ', "subscribe": {}')" "http://agent$url" >"$dir/stream" &
curl_pid=$!
eventually 30 said "$agent_log" '.what == "launch"' || :
executor_run
curl_status=0
wait "$curl_pid" || curl_status=$?
is "$executor_status $curl_status" "0 0" "a second subscription ends the first"
matches "$(tr -d '\n' <"$dir/stream")" '^[1-9][0-9]*\{"type": "SUBSCRIBED".*\}[1-9][0-9]*\{"type": "LAUNCH".*\}$' \
    "whose answer any client of HTTP can read"
agent_stop

# ---- Registration ----

# shellcheck disable=SC2016 # for the agent's shell
agent_start --register 'python3 -c "
import os, socket
listener = socket.socket(fileno=int(os.environ[\"LISTEN_FD\"]))
accepts = listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
print(listener.getsockname(), accepts, os.environ[\"AGENT_PID\"])" >registered'
is "$(<registered)" "$socket 1 $agent_pid" "what registers the agent gets its listening socket"
agent_stop
status=0
"$python" "$bin/agent.py" --socket "$socket" --register 'exit 3' >"$dir/out" 2>&1 || status=$?
is "$status $(test -e "$socket" || echo gone)" "1 gone" "an agent that can't be registered does not stay"

# ---- Paths ----

echo mine >"$socket"
fails "a file in the socket's place stays" timeout 30 "$python" "$bin/agent.py" --socket "$socket"
is "$(<"$socket")" mine "as it is"
rm "$socket"
padding=$(printf '%*s' $((107 - ${#dir} - 1)) '' | tr ' ' x)
socket=$dir/$padding
export MESOS_DOMAIN_SOCKET=$socket
agent_start
executor_run
is "${#socket} $executor_status" "107 0" "a path of 107 characters is in order"
agent_stop
matches "$(timeout 30 "$python" "$bin/agent.py" --socket "${socket}y" 2>&1 || :)" \
    "must have less than 108 characters" "one of 108 is refused"
mkdir "$dir/$padding"
cd "$dir/$padding"
socket=agent.sock
export MESOS_DOMAIN_SOCKET=$PWD/agent.sock
agent_start
executor_run
is "$executor_status" 0 "an executor goes there from where it is, if that is shorter"
cd /
executor_run
matches "$executor_status $(<"$executor_log.err")" "^1 .*must have less than 108 characters" \
    "and gives up if not"
agent_stop
cd "$dir"
socket=$dir/agent.sock
export MESOS_DOMAIN_SOCKET=$socket

# ---- Other users, other networks ----

agent_start --tcp 0
MESOS_SLAVE_PID=$(told "$agent_log" 'select(.what == "listening").slave_pid')
as=(env -u MESOS_DOMAIN_SOCKET)
executor_run
is "$executor_status $(subscriptions)" "0 null null" "an executor without a socket's path takes TCP"
user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
if "${user[@]}" "$python" -c 'import json' 2>/dev/null; then
    as=("${user[@]}")
    executor_run
    is "$executor_status $(subscriptions)" "0 null null $executor_pid 65534" "another user's executor is served"
    chmod 600 "$socket"
    executor_run --timeout 1
    is "$executor_status $(told "$executor_log" "$failures" | tr ' ' '\n' | sort -u)" "1 EACCES" \
        "and one who may not connect says EACCES"
    chmod 666 "$socket"
else
    skip "another user's executor is served" "can't run Python as another user"
fi
if unshare -n true 2>/dev/null; then
    as=(unshare -n env -u MESOS_DOMAIN_SOCKET)
    executor_run --timeout 1
    is "$executor_status $(told "$executor_log" "$failures" | tr ' ' '\n' | sort -u)" "1 ENETUNREACH" \
        "from another network the agent can't be reached by TCP"
    as=(unshare -n)
    executor_run
    is "$executor_status $(subscriptions | grep -o "$executor_pid $EUID")" "0 $executor_pid $EUID" \
        "but by its socket"
else
    skip "from another network the agent is reached by its socket" "can't make a network namespace"
fi
as=()
agent_stop

done_testing
