#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2119,SC2317
#
# Adopting what systemd made, for itself or for an engine: metered right, written only when asked, contested
# when systemd writes, left without a trace.
# alone: others reload systemd
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/systemd.sh
. "$(dirname "$0")/systemd.sh"

mib=$((1 << 20))
daemon_start
job=${run}_job.service scope=${run}_scope.scope

quota_at() {
    cut -d' ' -f1 "$cgroup2/$1/cpu.max"
}
# held_at DIR: weight, quota, low, max.
held_at() {
    echo "$(<"$cgroup2/$1/cpu.weight") $(quota_at "$1") $(($(<"$cgroup2/$1/memory.low") / mib))" \
        "$(($(<"$cgroup2/$1/memory.max") / mib))"
}
is_held() {
    [[ $(held_at "$1") == "25 40000 48 96" ]]
}
# adopted PID PLACE ID WHAT: metered as the kernel counts, and nothing is written, whatever systemd does.
adopted() {
    local pid=$1 place=$2 id=$3 before
    before=$(knobs_at "$cgroup2/$place")
    weir adopt --cgroup "$place" --name "$id"
    is "$(weir ps | awk -v id="$id" '$1 == id { print $2 }')" running "$4: adopted by its cgroup"
    metered_as_the_kernel_counts "$id" "$pid" "$4: metered as cpu.stat has it" usage_ns_at "$cgroup2/$place"
    is "$(knobs_at "$cgroup2/$place")" "$before" "$4: nothing is written there"
    weir release "$id"
    is "$(knobs_at "$cgroup2/$place") $(place_of "$pid")" "$before /$place" "$4: released, all is as it was"
}

# held PLACE ID WHAT: written when asked, contested, and put back.
held() {
    local place=$1 id=$2 before since
    before=$(knobs_at "$cgroup2/$place")
    weir adopt --cgroup "$cgroup2/$place" --name "$id" --cpu 0.25:0.4 --mem 48Mi:96Mi --enforce
    is "$(held_at "$place")" "25 40000 48 96" "$3: enforced, it is held"
    since=$(last_event)
    systemctl daemon-reload
    succeeds "$3: what systemd writes at daemon-reload is told" eventually 20 told "$id" contested cpu "$since"
    succeeds "$3: and set back, all of it" eventually 20 is_held "$place"
    weir release "$id"
    is "$(knobs_at "$cgroup2/$place")" "$before" "$3: released without a trace"
}

# ---- A service ----

systemd-run --quiet --unit "$job" --property CPUWeight=200 --property MemoryMax=300M "$load" spin
pid=$(systemctl show --property MainPID --value "$job")
is "$(place_of "$pid")" "/system.slice/$job" "a service runs"
adopted "$pid" "system.slice/$job" job "a service"
held "system.slice/$job" job "a service"

weir adopt --pid "$pid" --name job --cpu 0.25:0.4 --mem 48Mi:96Mi --enforce
since=$(last_event)
systemctl set-property --runtime "$job" CPUQuota=90%
succeeds "set-property is contested" eventually 20 told job contested cpu "$since"
succeeds "and set back" eventually 20 is_held "system.slice/$job"
matches "$(contested "$since")" "job: somebody else has set its CPU limit to 0.9" "with what it was"
daemon_stop KILL
daemon_start
is "$(field job .weir.state) $(held_at "system.slice/$job")" "running 25 40000 48 96" "it outlives the daemon"
weir release job
is "$(quota_at "system.slice/$job") $(<"$cgroup2/system.slice/$job/cpu.weight")" "max 200" "released, all is as it was when it was adopted"
weir adopt --cgroup "system.slice/$job" --name job
systemctl stop "$job"
job_has_ended() {
    has_ended job
}
succeeds "systemctl stop ends it" eventually 10 job_has_ended
is "$(field job .weir.message)" "its cgroup was removed" "and the container with it"
weir rm job

# ---- A scope ----

systemd-run --quiet --scope --unit "$scope" --property CPUWeight=150 "$load" spin &
disown
scope_is_there() {
    grep -qs . "$cgroup2/system.slice/$scope/cgroup.procs"
}
eventually 10 scope_is_there
pid=$(head -n 1 "$cgroup2/system.slice/$scope/cgroup.procs")
adopted "$pid" "system.slice/$scope" scope "a scope"
held "system.slice/$scope" scope "a scope"
systemctl stop "$scope"

# ---- Containers of an engine ----

# engine_bundle PATH: a container's files, for cgroupsPath PATH.
engine_bundle() {
    mkdir -p "$scratch/bundle/rootfs/bin"
    cp "$(command -v busybox)" "$scratch/bundle/rootfs/bin/sh"
    (cd "$scratch/bundle" && rm -f config.json && crun spec)
    jq --arg path "$1" '.process.args = ["/bin/sh", "-c", "while :; do :; done"] | .process.terminal = false
        | .linux.cgroupsPath = $path | del(.linux.resources)' "$scratch/bundle/config.json" >"$scratch/config.json"
    mv "$scratch/config.json" "$scratch/bundle/config.json"
}
engine() {
    crun --root "$scratch/crun" "$@"
}
at_end() {
    engine delete --force "$run" 2>/dev/null || :
    rmdir "$cgroup2/${run}_engine/one" "$cgroup2/${run}_engine" 2>/dev/null || :
    units_end
}
# engine_runs WHAT PATH OPTION…: adopted, held, released like anything else.
engine_runs() {
    local what=$1 place
    engine_bundle "$2"
    shift 2
    if ! engine "$@" run --detach --bundle "$scratch/bundle" "$run" >"$scratch/engine" 2>&1 </dev/null; then
        not_ok "$what: runs" "$(<"$scratch/engine")"
        return
    fi
    place=$(place_of "$(engine state "$run" | jq .pid)")
    ok "$what: runs in ${place//$run/RUN}"
    adopted "$(engine state "$run" | jq .pid)" "${place#/}" engine "$what"
    # A scope is systemd's, and what is in one that it has delegated is not.
    [[ $place != *.scope ]] || held "${place#/}" engine "$what"
    [[ $place == *.scope ]] || held_alone "${place#/}" "$what"
    [[ $place != *.scope/* ]] || held "$(dirname "${place#/}")" engine "$what, by its scope"
    engine delete --force "$run"
}
# held_alone PLACE WHAT: where nobody else writes.
held_alone() {
    local before since
    before=$(knobs_at "$cgroup2/$1")
    weir adopt --cgroup "$1" --name engine --cpu 0.25:0.4 --mem 48Mi:96Mi --enforce
    since=$(last_event)
    systemctl daemon-reload
    sleep 6
    is "$(held_at "$1") $(contested "$since")" "25 40000 48 96 " "$2: enforced, it is held, and systemd does not mind"
    weir release engine
    is "$(knobs_at "$cgroup2/$1")" "$before" "$2: released without a trace"
}
if ! command -v crun >/dev/null || ! command -v busybox >/dev/null; then
    skip "an engine's containers" "no crun or no busybox"
else
    engine_runs "crun with cgroupfs" "/${run}_engine/one" --cgroup-manager=cgroupfs
    if [[ -S /run/dbus/system_bus_socket ]]; then
        engine_runs "crun with systemd" "system.slice:${run}_crun:one" --systemd-cgroup
    else
        skip "crun with systemd" "no system bus"
    fi
fi
done_testing
