#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# What the node says of itself and of all its containers: state, frameworks, roles, flags, metrics, the log's level.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

conf=$scratch/weir.conf
printf '[node]\nreserve_cpu = 0.05\n' >"$conf"
daemon_start --config "$conf"

# ask CALL JQ [PATH]: of the answer.
ask() {
    curl -sS --unix-socket "$WEIR_SOCKET" -H 'Content-Type: application/json' -d "$1" \
        "http://weir${3:-/api/v1}" | jq -cS "$2"
}
state() {
    ask '{"type": "GET_STATE"}' ".get_state$1" "${2:-}"
}
names() {
    echo "[.[]? | .name] | sort | join(\" \")"
}
launch() {
    ask "{\"type\": \"LAUNCH_CONTAINER\", \"launch_container\": $1}" .launch_container.container_id.value >/dev/null
}

is "$(state '')" '{"get_executors":{"completed_executors":[],"executors":[]},"get_frameworks":{"completed_frameworks":[],"frameworks":[]},"get_tasks":{"completed_tasks":[],"launched_tasks":[]}}' \
    "a node without containers has a state, and nothing in it"
agent=$(ask '{"type": "GET_AGENT"}' .get_agent.agent_info.id.value)
matches "$agent" '^"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-S0"$' "an agent has an id"

weir run --name plain --detach --cpu 0.2:0.5 --mem 64Mi --role eng/ads --user nobody -- sleep 600
launch '{"container_id": {"value": "exec"}, "command": {"value": "sleep 600"},
    "resources": [{"name": "cpus", "type": "SCALAR", "scalar": {"value": 0.1}}, {"name": "mem", "type": "SCALAR", "scalar": {"value": 32}}],
    "weir": {"executor": true, "role": "eng/web", "labels": [{"key": "framework_id", "value": "spark"}]}}'
weir run --in exec --name one --detach --cpu 0.1:max --mem 32Mi:max -- sleep 600
weir run --in exec --name two --detach --cpu 0.1 -- sh -c 'exit 3'
weir run --name quick --detach -- true
weir wait quick >/dev/null
weir wait exec/two >/dev/null || :

tasks='.get_tasks.launched_tasks'
is "$(state "$tasks | $(names)")" '"one plain"' "tasks are those that run, of executors and without one"
is "$(state "${tasks}[] | select(.name == \"plain\") | [.state, .user, .framework_id.value, .executor_id, .agent_id.value]")" \
    "[\"TASK_RUNNING\",\"nobody\",\"weir\",null,$agent]" "one without an executor is of the framework weir"
is "$(state "${tasks}[] | select(.name == \"plain\") | [.resources[] | .name, .scalar.value, .allocation_info.role]")" \
    '["cpus",0.2,"eng/ads","mem",64,"eng/ads"]' "with what it was promised, and to which role"
is "$(state "${tasks}[] | select(.name == \"plain\") | .limits")" '{"cpus":{"value":0.5},"mem":{"value":64}}' "and its limits"
is "$(state "${tasks}[] | select(.name == \"plain\") | .statuses[0].container_status.executor_pid")" "$(first_pid plain)" \
    "and its process"
is "$(state "${tasks}[] | select(.name == \"one\") | [.framework_id.value, .executor_id.value, .limits.cpus.value]")" \
    '["spark","exec","Infinity"]' "a task is of its executor's framework"
is "$(state ".get_tasks.completed_tasks | map([.name, .state, .statuses[0].message]) | sort")" \
    '[["quick","TASK_FINISHED","exited with 0"],["two","TASK_FAILED","exited with 3"]]' "what has ended is completed, with how it did"
is "$(state ".get_executors.executors | map(.executor_info | [.executor_id.value, .framework_id.value, .resources[0].scalar.value])")" \
    '[["exec","spark",0.1]]' "an executor has what it asked for itself"
is "$(state ".get_frameworks.frameworks | map(.framework_info | [.id.value, .roles])")" \
    '[["spark",["*","eng/web"]],["weir",["*","eng/ads"]]]' "frameworks, and the roles that they have"

for part in tasks executors frameworks; do
    is "$(ask "{\"type\": \"GET_${part^^}\"}" ".get_$part")" "$(state ".get_$part")" "GET_${part^^} is that part of the state"
done

master=/master/api/v1
is "$(state ".get_tasks.tasks | $(names)" $master)" '"one plain"' "to the master's clients they are tasks"
is "$(state ".get_frameworks.frameworks[] | select(.framework_info.name == \"spark\") | [.active, .connected, .recovered, .allocated_resources[0].scalar.value]" $master)" \
    '[true,true,false,0.2]' "and a framework has what its executors and tasks were promised"
is "$(state ".get_agents.agents | map([.agent_info.id.value, .active])" $master)" "[[$agent,true]]" "there is one agent"
is "$(ask '{"type": "GET_AGENTS"}' '.get_agents.agents[0].allocated_resources | map(.scalar.value)')" '[0.4,128]' \
    "an agent has what is promised of it"
is "$(ask '{"type": "GET_ROLES"}' '.get_roles.roles | map([.name, .frameworks[].value, .resources[0].scalar.value])')" \
    '[["*","spark",0.1],["eng/ads","weir",0.2],["eng/web","spark",0.1]]' "roles, whose they are, and what they were promised"
is "$(ask '{"type": "GET_AGENT"}' '.get_agent.agent_info.resources[0].scalar.value')" "$(awk "BEGIN { print $(nproc) - 0.05 }")" \
    "an agent has what the machine has, less what is kept"

listed() {
    ask "{\"type\": \"GET_CONTAINERS\", \"get_containers\": {\"show_standalone\": true, \"show_nested\": true, \"weir\": $1}}" \
        '.get_containers.containers | map(.container_id | (if .parent then .parent.value + "/" else "" end) + .value) | join(" ")'
}
is "$(listed '{"role": "eng"}')" '"exec plain"' "containers of a role, and of those below it"
is "$(listed '{"role": "eng/we"}')" '""' "a role is not another's beginning"
is "$(listed '{"id_prefix": "exec/"}')" '"exec/one exec/two"' "containers by how their ids begin"
is "$(listed '{"over_request": true}')" '""' "nobody is over their request"
weir run --name fat --detach --mem 32Mi:128Mi -- "$build/tests/system/load" hold 64
over() {
    [[ $(listed '{"over_request": true}') == '"fat"' ]]
}
succeeds "who is over their request of memory" eventually 10 over
weir rm --force fat
whose() {
    ask '{"type": "GET_CONTAINERS", "get_containers": {"show_standalone": true, "show_nested": true}}' \
        ".get_containers.containers[] | select(.container_id.value == \"$1\") | [.framework_id.value, .executor_id.value]"
}
is "$(whose one) $(whose exec) $(whose plain)" '["spark","exec"] ["spark","exec"] [null,null]' \
    "a container of an executor says whose it is"

is "$(weir api get_state | jq -cS .get_state)" "$(state '')" "weir api: any call by its name"
is "$(weir api GET_CONTAINERS '{"show_nested": true}' | jq -c '.get_containers.containers | map(.container_id.value)')" '["one","two"]' \
    "weir api: with its parameters"
is "$(weir api pause_container '{"container_id": {"value": "plain"}}')$(field plain .weir.paused)" true "weir api: one without an answer"
weir resume plain
refused() {
    local said code=0
    said=$(weir api "${@:3}" 2>&1) || code=$?
    is "$code" "$1" "weir api ${*:3}: is refused"
    matches "$said" "$2" "weir api ${*:3}: and why"
}
refused 1 "'FLY' is not a call" fly
refused 4 "no JSON object: column 1" get_state '{'
refused 4 "SUBSCRIBE goes on" subscribe '{"since": 1}'
refused 4 "not the name of a call" 'get state'
refused 3 "no container 'nobody'" explain_container '{"container_id": {"value": "nobody"}}'

flag() {
    ask '{"type": "GET_FLAGS"}' ".get_flags.flags[] | select(.name == \"$1\") | .value"
}
is "$(flag daemon.socket) $(flag node.reserve_cpu) $(flag bursting.bands_linger)" "\"$WEIR_SOCKET\" \"0.05\" \"1s\"" \
    "flags: of the command line, of the file, and as they are by default"
printf '[node]\nreserve_cpu = 0.07\n[bursting]\nbands_linger = 2s\n' >"$conf"
weir reload
is "$(flag node.reserve_cpu) $(flag bursting.bands_linger)" '"0.05" "2s"' "after a reload they are those in force"
is "$(ask '{"type": "GET_FLAGS"}' '.get_flags.flags | length')" \
    "$(grep -cE '^#?[a-z_]+ =' "$tree/docs/weir.conf.example")" "there is a flag for each setting"

metric() {
    ask '{"type": "GET_METRICS"}' ".get_metrics.metrics[] | select(.name == \"$1\") | .value" "${2:-}"
}
is "$(metric slave/cpus_used) $(metric slave/mem_used) $(metric slave/tasks_running) $(metric slave/executors_running)" \
    "0.4 128 2 1" "metrics: what is promised, and what runs"
is "$(metric slave/tasks_finished) $(metric slave/tasks_failed) $(metric slave/tasks_killed) $(metric weir/containers_launched)" \
    "1 1 1 6" "and what became of all others since the start"
is "$(metric slave/cpus_used $master)$(metric master/cpus_used $master)" 0.4 "the master's have its name"

level() {
    ask '{"type": "GET_LOGGING_LEVEL"}' .get_logging_level.level
}
set_level() {
    curl -sS -o /dev/null -w '%{http_code}' --unix-socket "$WEIR_SOCKET" -H 'Content-Type: application/json' http://weir/api/v1 \
        -d "{\"type\": \"SET_LOGGING_LEVEL\", \"set_logging_level\": {\"level\": $1, \"duration\": {\"nanoseconds\": $2}}}"
}
is_quiet() {
    [[ $(level) == 0 ]]
}
is "$(level) $(set_level 1 600000000000) $(level)" "0 200 1" "the log says more when it is told to"
is "$(set_level 3 300000000) $(level)" "200 1" "for a while"
succeeds "and then what it said before" eventually 5 is_quiet
is "$(set_level 1 600000000000) $(weir reload) $(level)" "200  0" "a reload ends it"
is "$(set_level 1 0) $(level)" "400 0" "no time at all is refused"

daemon_stop
daemon_start --config "$conf"
is "$(ask '{"type": "GET_AGENT"}' .get_agent.agent_info.id.value)" "$agent" "an agent keeps its id"
is "$(state ".get_tasks.completed_tasks | $(names)")" '"quick two"' "and what it knew of those that had ended"

for id in plain quick exec; do
    weir rm --force "$id"
done
is "$(state '[]?' | jq -s 'map(.[] | select(length > 0)) | length')" 0 "what is removed is forgotten"

done_testing
