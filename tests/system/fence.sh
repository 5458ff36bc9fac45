# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034
#
# For tests of the fence: servers that say what they heard, and who tries to reach them. Sourced after lib.sh, by a
# script that has made itself a network namespace of its own: its ports are all free, its addresses may change.

: "${tree:?source lib.sh first}" "${build:?}" "${scratch:?}" "${run:?}"
reach=$scratch/reach # where others get to, who may not to where the tree lies
cp "$build/tests/system/reach" "$reach"
chmod 711 "$scratch"
port=5051 # as the configuration has it
ip link set lo up
ip address add 10.87.1.1/32 dev lo
ip -6 address add fe80::87/64 dev lo 2>/dev/null || :

# recorder_start NAME WHAT…: what it hears goes to $scratch/heard.NAME.
recorder_start() {
    : >"$scratch/heard.$1"
    python3 "$tree/tests/system/recorder.py" "${@:2}" >>"$scratch/heard.$1" &
    recorder_pid=$!
    eventually 20 grep -qs ready "$scratch/heard.$1"
}
heard() {
    sort -u "$scratch/heard.$1" | grep -v '^ready$' | xargs
}
# Of a connection in which nothing is said it is told late.
settle() {
    sleep 0.7
}
forget() {
    settle
    : >"$scratch/heard.$1"
}

recorders_start() {
    recorder_start $port $port
    recorder_start $((port + 10)) $((port + 10))
    mkdir -m 711 "$scratch/sockets"
    export REACH_STREAM=$scratch/sockets/stream REACH_SEQPACKET=$scratch/sockets/seqpacket REACH_DGRAM=$scratch/sockets/dgram
    export REACH_ABSTRACT=@$run-abstract REACH_AGENT=$scratch/sockets/agent REACH_OWN=$scratch/sockets/own REACH_DONOR=
    # Root without capabilities, whom root with some may look into.
    setpriv --bounding-set -all --inh-caps -all sleep 3600 &
    export REACH_NEIGHBOUR=$!
    recorder_start others "stream:$REACH_STREAM" "seqpacket:$REACH_SEQPACKET" "dgram:$REACH_DGRAM" "stream:$REACH_ABSTRACT"
    agent_start
}
agent_start() {
    recorder_start agent "stream:$REACH_AGENT"
    agent_pid=$recorder_pid
    chmod 666 "$REACH_AGENT"
}

environment=()
for variable in STREAM SEQPACKET DGRAM ABSTRACT AGENT OWN DONOR NEIGHBOUR; do
    environment+=(--env "REACH_$variable")
done

# tries ID OPTION… -- ARGUMENT…: reach, in a container; what it says.
tries() {
    local id=$1
    shift
    local options=()
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    weir run --name "$id" --detach "${environment[@]}" "${options[@]}" -- "$reach" "$@" >/dev/null || return
    weir wait "$id" >/dev/null
    weir logs "$id"
}
denials() {
    stat_of "$1" "denials.$2"
}
all_denials() {
    weir stats --json "$1" | jq '.[0].denials | add'
}
tier_in_force() {
    weir metrics | sed -n 's/^weir_node_fence_tier{.*"\(T.\|none\)"} 1$/\1/p'
}

# fence_start [TIER]: the daemon, with no more than that.
fence_start() {
    printf '[fence]\nagent_socket = %s\n' "$REACH_AGENT" >"$scratch/fence.conf"
    [[ -z ${1:-} ]] || echo "tier = $1" >>"$scratch/fence.conf"
    daemon_start --config "$scratch/fence.conf"
    tier=$(tier_in_force)
}
