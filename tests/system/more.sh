# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
#
# Beyond lib.sh: raw calls, what a container is by its own account, and witnesses.

: "${tree:?source lib.sh first}" "${build:?}" "${scratch:?}"
export PYTHONPATH=$tree/tests/system PYTHONDONTWRITEBYTECODE=1
load=$build/tests/system/load

[[ -x $load ]] || {
    echo "# no $load: make system builds it"
    exit 1
}

# call JSON: the answer's status is in $code, its body in $body.
# shellcheck disable=SC2034
call() {
    code=$(curl -sS --unix-socket "$WEIR_SOCKET" -o "$scratch/body" -w '%{http_code}' \
        -H 'Content-Type: application/json' --data-binary "$1" http://weir/api/v1)
    body=$(<"$scratch/body")
}

# field ID PATH: of the record that the daemon has of it, in jq's words.
field() {
    weir inspect "$1" | jq -r "$2"
}

# stat_of ID KEY: from the maps.
stat_of() {
    weir stats --json "$1" | jq -r ".[0].$2"
}

first_pid() {
    field "$1" .container_status.executor_pid
}

start_ticks() {
    awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat"
}

is_running() {
    [[ $(field "$1" .weir.state) == running ]]
}

has_ended() {
    [[ $(field "$1" .weir.state) == exited ]]
}

# has_pids ID N: or more.
has_pids() {
    [[ $(pids_of "$1" | wc -l) -ge $2 ]]
}

# bracketed LOW GOT HIGH PERCENT NAME: GOT was read between LOW and HIGH, and lies between them.
bracketed() {
    local nearest=$2
    ((nearest >= $1)) || nearest=$1
    ((nearest <= $3)) || nearest=$3
    within "$2" "$nearest" "$4" "$5"
}

# says ID TEXT: on its stdout.
says() {
    weir logs "$1" 2>/dev/null | grep -q -- "$2"
}

last_event() {
    weir events --json | jq -s 'map(.seq) | max // 0'
}

# told ID KIND CAUSE [SINCE]: by an event; ID "" is about all containers.
told() {
    weir events --json | jq -e --slurp --arg id "$1" --arg kind "$2" --arg cause "$3" --argjson since "${4:-0}" \
        'any(.[]; .seq > $since and .kind == $kind and .cause == $cause and (.container_id.value // "") == $id)' >/dev/null
}

# contested SINCE: what somebody else has written by weir's account, a line each.
contested() {
    weir events --json | jq -r --argjson since "$1" \
        'select(.seq > $since and .kind == "contested") | "\(.container_id.value // "-"): \(.text)"'
}

# Held still while it is looked at from both sides: one that waits for its quota or for a CPU stops late.
# What its thread runs when it is adopted is counted once it has left the CPU; and it says that it is
# stopped a while before that, if then the hypervisor takes its CPU away. So until both counts stand.
both_counts() {
    local counts='' before=none
    kill -STOP "$2"
    eventually 10 is_stopped "$2"
    while [[ $counts != "$before" ]]; do
        before=$counts
        counts="$("${@:3}") $(stat_of "$1" cpu_ns)"
    done
    echo "$counts"
    kill -CONT "$2"
}

# metered_as_the_kernel_counts ID PID NAME KERNEL…: the meter against that command, for two seconds.
metered_as_the_kernel_counts() {
    local kernel meter kernel_now meter_now
    read -r kernel meter < <(both_counts "$1" "$2" "${@:4}")
    sleep 2
    read -r kernel_now meter_now < <(both_counts "$1" "$2" "${@:4}")
    within $((meter_now - meter)) $((kernel_now - kernel)) "$(bound cpu_agreement)" "$3"
}

# points_of COMMAND…: its lines "ok NAME" and "not ok NAME" become points of this test.
points_of() {
    local line
    while IFS= read -r line; do
        case $line in
        "ok "*) ok "${line#ok }" ;;
        "not ok "*) not_ok "${line#not ok }" ;;
        *) echo "# ${line#\# }" ;;
        esac
    done < <("$@" 2>&1 || echo "not ok $* exited with $?")
}

# What the packages of Debian are for, whatever another Python stands before it.
# shellcheck disable=SC2034 # tests use it
python=/usr/bin/python3

# For $python: classes of include/weir/v1, which protobuf.py imports.
python_protos() {
    export PROTO_DIR=$scratch/protos
    mkdir -p "$PROTO_DIR"
    protoc -I"$tree/include" --python_out="$PROTO_DIR" "$tree"/include/weir/v1/*.proto
}

# witness_start EVENTS PATH…: what happens to these from now on goes to $witnessed.
witnessed=$scratch/witnessed
witness_start() {
    python3 "$tree/tests/system/watch.py" "$@" >"$witnessed" 2>&1 &
    witness_pid=$!
    eventually 10 grep -q . "$witnessed" && grep -qx ready "$witnessed"
}

# All events so far.
witness_stop() {
    kill -TERM "$witness_pid" 2>/dev/null || :
    wait "$witness_pid" 2>/dev/null || :
    sed 1d "$witnessed"
}
