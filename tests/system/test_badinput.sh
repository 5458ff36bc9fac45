#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# What is wrong is refused in one sentence that names it, and leaves nothing behind.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start

# refuses NAME CODE TEXT BODY: one line of text, which may be looked for as a regular expression.
refuses() {
    call "$4"
    if [[ $code == "$2" && $body =~ $3 && $body != *$'\n'* && ${#body} -lt 400 ]]; then
        ok "$1"
    else
        not_ok "$1" "got    '$code ${body:0:500}'" "wanted something like '$2 $3'"
    fi
}

# launch_of ID [COMMAND-JSON [MORE]]
a_command='{"shell": false, "value": "true"}'
launch_of() {
    echo '{"type": "LAUNCH_CONTAINER", "launch_container": {"container_id": {"value": "'"$1"'"},
        "command": '"${2:-$a_command}${3:-}"'}}'
}
repeat() {
    printf "%$2s" "" | tr ' ' "$1"
}

refuses "an empty body" 400 "line 1, column 0.*end of file" ''
refuses "no JSON" 400 "line 1, column 5.*near 'hello'" 'hello'
refuses "JSON that is cut off" 400 "line 1, column 21.*end of file" '{"type": "GET_HEALTH"'
refuses "a list" 400 "is an array, expected an object" '[1, 2]'
refuses "more behind the end" 400 "column 24.*near 'x'" '{"type": "GET_HEALTH"} x'
refuses "a key twice" 400 "duplicate.*type" '{"type": "GET_HEALTH", "type": "GET_HEALTH"}'
refuses "nesting without end" 400 "depth" "$(repeat '[' 20000)"
refuses "invalid UTF-8" 400 "byte 0xff" $'{"type": "GET_\xff"}'
refuses "no type" 400 "type" '{}'
refuses "a type that is a number" 400 "type: expected a string" '{"type": 7}'
refuses "the type UNKNOWN" 501 "UNKNOWN" '{"type": "UNKNOWN"}'
refuses "a call that nobody knows" 501 "MAKE_COFFEE" '{"type": "MAKE_COFFEE"}'
refuses "a call without its parameters" 400 "launch_container" '{"type": "LAUNCH_CONTAINER"}'
refuses "parameters of the wrong type" 400 "launch_container: expected an object, got an array" '{"type": "LAUNCH_CONTAINER", "launch_container": []}'
refuses "an id of the wrong type" 400 "container_id: expected an object, got a string" \
    '{"type": "LAUNCH_CONTAINER", "launch_container": {"container_id": "web", "command": {"value": "true"}}}'
refuses "no command" 400 "launch_container.command" '{"type": "LAUNCH_CONTAINER", "launch_container": {"container_id": {"value": "web"}}}'

refuses "an empty id" 400 "id is empty" "$(launch_of '')"
refuses "an id with /" 400 "id has '/' at byte 4" "$(launch_of web/1)"
refuses "an id with an empty part" 400 "id has '/'" "$(launch_of a//b)"
refuses "an id that climbs" 400 "id has '/'" "$(launch_of ../x)"
refuses "the id .." 400 "'[.][.]' is the name of a directory" "$(launch_of ..)"
refuses "the id ." 400 "'[.]' is the name of a directory" "$(launch_of .)"
refuses "an id with a blank" 400 "id has 0x20" "$(launch_of 'a b')"
refuses "an id with a control character" 400 "id has 0x07" "$(launch_of 'a\u0007b')"
refuses "an id of 129 characters" 400 "id has 129 bytes, at most 128" "$(launch_of "$(repeat x 129)")"
refuses "an id of 100,000 characters" 400 "id has 100000 bytes" "$(launch_of "$(repeat x 100000)")"

amounts_of() {
    launch_of amounts '' ", \"resources\": [{\"name\": \"$1\", \"type\": \"SCALAR\", \"scalar\": {\"value\": $2}}]"
}
refuses "negative CPUs" 400 "resources.* negative: -1" "$(amounts_of cpus -1)"
refuses "CPUs as a text" 400 "resources.* expected a number" "$(amounts_of cpus '"many"')"
refuses "CPUs that are no number" 400 "NaN" "$(amounts_of cpus NaN)"
refuses "CPUs beyond numbers" 400 "1e400" "$(amounts_of cpus 1e400)"
refuses "an infinite request" 400 "resources.* infinite" "$(amounts_of cpus '"Infinity"')"
refuses "memory beyond all machines" 400 "resources.* too large" "$(amounts_of mem 1e30)"
refuses "a resource twice" 400 "before" "$(launch_of twice '' ', "resources": [
    {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}}, {"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}}]')"
refuses "a limit of minus infinity" 400 "limits.cpus.*expected" "$(launch_of amounts '' ', "limits": {"cpus": {"value": "-Infinity"}}')"

refuses "a command that does not exist" 400 "no-such-command.* not found" \
    "$(launch_of web '{"shell": false, "value": "no-such-command"}')"
refuses "a command that is a directory" 400 "/tmp.* can't be executed" "$(launch_of web '{"shell": false, "value": "/tmp"}')"
refuses "a user who does not exist" 400 "no-such-user" \
    "$(launch_of web '{"shell": false, "value": "true", "user": "no-such-user"}')"
refuses "a directory that does not exist" 400 "/no/such" \
    "$(launch_of web '' ', "weir": {"working_directory": "/no/such"}')"

of_nobody() {
    echo '{"type": "'"$1"'_CONTAINER", "'"${1,,}"'_container": {"container_id": {"value": "nobody"}'"${2:-}"'}}'
}
refuses "update of an unknown container" 404 "no container 'nobody'" "$(of_nobody UPDATE)"
refuses "wait for an unknown container" 404 "no container 'nobody'" "$(of_nobody WAIT)"
refuses "kill of an unknown container" 404 "no container 'nobody'" "$(of_nobody KILL)"
refuses "remove of an unknown container" 500 "no container 'nobody'" "$(of_nobody REMOVE)"
refuses "start of an unknown container" 404 "no container 'nobody'" "$(of_nobody START ', "pid": 1')"
refuses "a node that is full" 409 "wants 100000 cpus" "$(amounts_of cpus 100000)"
call "$(launch_of real '{"shell": false, "value": "sleep", "arguments": ["sleep", "600"]}')"
refuses "a signal that does not exist" 400 "no signal 999" \
    '{"type": "KILL_CONTAINER", "kill_container": {"container_id": {"value": "real"}, "signal": 999}}'
refuses "a start of one that runs" 400 "started already" \
    '{"type": "START_CONTAINER", "start_container": {"container_id": {"value": "real"}, "pid": 1}}'
call '{"type": "KILL_CONTAINER", "kill_container": {"container_id": {"value": "real"}}}'
weir wait real >/dev/null
weir rm real

# At the command line: exit status, and one line that names it.
# says_of NAME STATUS TEXT ARGUMENT…
says_of() {
    local name=$1 status=0 text
    text=$(weir "${@:4}" 2>&1) || status=$?
    if [[ $status == "$2" && $text =~ $3 && $text != *$'\n'* ]]; then
        ok "weir ${*:4:2}: $name"
    else
        not_ok "weir ${*:4:2}: $name" "got    '$status $text'" "wanted something like '$2 $3'"
    fi
}
says_of "500m as memory" 125 "500m" run --mem 500m -- true
says_of "CPUs that are no number" 125 "many" run --cpu many -- true
says_of "a limit below its request" 125 "limit 0.5 is below the request 1" run --cpu 1:0.5 --detach -- true
says_of "a command that does not exist" 127 "no-such-command" run -- no-such-command
says_of "a command that can't be executed" 126 "/tmp" run -- /tmp
says_of "an id with a /" 125 "id has '/'" run --name a/b --detach -- true
says_of "an unknown container" 3 "nobody" kill nobody
says_of "an unknown container" 3 "nobody" rm nobody
says_of "an unknown container" 3 "nobody" wait nobody
says_of "an unknown container" 3 "nobody" inspect nobody
says_of "no operand" 2 "no container named" inspect
says_of "an unknown verb" 2 "frobnicate" frobnicate

# The longest id there is works.
longest=$(repeat x 128)
weir run --name "$longest" --detach -- "$load" nap >/dev/null
succeeds "an id of 128 characters has its cgroups" group_exists "$longest"
matches "$(cat "$pin_dir/v1/containers")" "$longest " "and its line in the table"
weir kill "$longest"
weir wait "$longest" >/dev/null
weir rm "$longest"

# PATH times a name could be any amount of memory.
refuses "a PATH without end" 400 "'xxx.*' can't be executed: PATH is too long" \
    "$(launch_of web '{"shell": false, "value": "'"$(repeat x 1000)"'",
        "environment": {"variables": [{"name": "PATH", "value": "'"$(repeat : 90000)"'"}]}}')"
refuses "a command with a name without end" 400 "'xxx.*' can't be executed: its name has 90000 bytes, at most 4095" \
    "$(launch_of web '{"shell": false, "value": "'"$(repeat x 90000)"'"}')"

# A cgroup of the name is there before: one in use is somebody else's, an empty one is left over.
mkdir "$(group2_of theirs)"
sleep 600 &
theirs=$!
disown
echo "$theirs" >"$(group2_of theirs)/cgroup.procs"
refuses "a launch where there is a cgroup of its name" 500 "'theirs': a cgroup of its name is there, and not weir's" \
    "$(launch_of theirs)"
succeeds "who lives there lives on" kill -0 "$theirs"
is "$(cgroups_of_run)" "$(group2_of theirs)" "nothing beside it is left"
kill "$theirs"
eventually 5 not_running "$theirs"
call "$(launch_of theirs)"
is "$code" 200 "once it is empty it is in nobody's way"
weir wait theirs >/dev/null
weir rm theirs

# What can't be written down is not started: the next daemon would take it for an orphan.
daemon_stop
mkdir "$scratch/full"
mount -t tmpfs -o size=256k none "$scratch/full"
daemon_start --state-dir "$scratch/full/state"
while dd if=/dev/zero of="$scratch/full/$RANDOM" bs=4k count=8 2>/dev/null; do :; done
refuses "a launch on a full disk" 500 "'web'.*disk is full" "$(launch_of web)"
says_of "a full disk" 125 "disk is full" run -- true
is "$(weir ps -q)$(cgroups_of_run)$(ps --ppid "$daemon_pid" -o stat=)" "" "a full disk: nothing stays, no zombie either"
daemon_stop
umount "$scratch/full"
daemon_start

# After all that: nothing.
is "$(weir ps --json | jq '.get_containers.containers | length')" 0 "no record stays"
is "$(cgroups_of_run)" "" "no cgroup stays"
is "$(weir stats --json)" "[]" "no slot stays"
is "$(find "$state_dir/logs" -mindepth 1 ! -name 'spare?')" "" "no log file stays"
is "$(weir metrics | awk '$1 ~ /^weir_node_requested/ { print $2 }' | xargs)" "0 0" "nothing stays promised"
succeeds "the daemon is well" weir version
done_testing
