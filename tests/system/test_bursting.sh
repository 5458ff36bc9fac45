#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# What a request and a limit become in the kernel.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

mib=$((1 << 20))
node_cpus=$(getconf _NPROCESSORS_ONLN)
node_bytes=$(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) * 1024))

# run ID OPTION…: detached, sleeping; what was said to it is in $said.
run() {
    said=$(weir run --name "$1" --detach "${@:2}" -- sleep 600 2>&1) || not_ok "launch $1" "$said"
}

daemon_start

run request --cpu 0.5
is "$(quota_mcpu request)" max "row 1: request 0.5, no limit: no quota"
is "$(weight_mcpu request)" 500 "row 1: request 0.5, no limit: the weight follows the request"

run both --cpu 0.5:2
is "$(quota_mcpu both)/$(period_us both)" 2000/100000 "row 2: request 0.5, limit 2: 200 ms per 100 ms"
is "$(weight_mcpu both)" 500 "row 2: request 0.5, limit 2: the weight still follows 0.5"

run infinite --cpu 0.5:max --mem 64Mi:max
is "$(quota_mcpu infinite)" max "row 3: an infinite CPU limit: no quota"
is "$(mem_max_bytes infinite)" max "row 3: an infinite memory limit: no maximum"
is "$(mem_low_bytes infinite)" $((64 * mib)) "row 3: an infinite memory limit: the request is protected"
is "$(field infinite .resource_statistics.cpus_limit)" "$node_cpus" \
    "row 3: an infinite CPU limit is reported as the node's CPUs"
is "$(field infinite .resource_statistics.mem_limit_bytes)" "$node_bytes" \
    "row 3: an infinite memory limit is reported as the node's memory"

run small --cpu 0.001:0.001
matches "$said" "cpus request 0.001 raised to the floor of 0.01" "row 4: request 0.001: the answer says it is raised"
is "$(field small .weir.cpu_request_mcpu)" 10 "row 4: request 0.001: raised to 0.01"
is "$(($(quota_mcpu small) * $(period_us small) / 1000))" 1000 "row 4: limit 0.001: the quota is 1 ms, not less"

run tiny --mem 8Mi
matches "$said" "mem request 8Mi raised to the floor of 32Mi" "row 5: memory request 8: the answer says it is raised"
is "$(mem_low_bytes tiny) $(mem_max_bytes tiny)" "$((32 * mib)) $((32 * mib))" "row 5: memory request 8: raised to 32"

# oom_of ID: of its first process, and of all others in it.
oom_of() {
    cat "/proc/$(first_pid "$1")/oom_score_adj"
    while read -r pid; do
        cat "/proc/$pid/oom_score_adj"
    done < <(pids_of "$1") | sort -u
}

run guaranteed --mem 64Mi
is "$(mem_max_bytes guaranteed)" $((64 * mib)) "row 6: memory 64, no limit: the maximum is 64"
is "$(oom_of guaranteed)" $'0\n0' "row 6: memory 64, no limit: oom_score_adj is 0"

adj=$((1000 - 1000 * 256 * mib / node_bytes))
weir run --name burst --mem 256Mi:1Gi --detach -- sh -c 'sleep 600 & sh -c "sleep 600" & wait' >/dev/null
eventually 5 has_pids burst 3
is "$(oom_of burst)" "$adj"$'\n'"$adj" "row 6: request R below its limit: 1000 - 1000 R/total, inherited by children"
is "$(weir run --mem 256Mi:1Gi -- cat /proc/self/oom_score_adj)" "$adj" \
    "row 6: in the foreground, too, before the command's first instruction"
weir run --name early --mem 256Mi:1Gi --detach -- sh -c 'cat /proc/self/oom_score_adj' >/dev/null
weir wait early >/dev/null
is "$(weir logs early)" "$adj" "row 6: a detached command finds it when it starts"

# Row 7. Whether anything was written is for the kernel to say.
mapfile -t roots < <({ cgroup2_mount; controller_root cpu; controller_root memory; } | sed 's/^[12] //' | sort -u)
witness_start create,delete "${roots[@]}"

# refused NAME JSON-of-amounts TEXT
refused() {
    call '{"type": "LAUNCH_CONTAINER", "launch_container": {"container_id": {"value": "refused"},
        "command": {"shell": false, "value": "true"}, '"$2"'}}'
    matches "$code $body" "^400 .*$3" "$1"
}

amount() {
    echo "{\"name\": \"$1\", \"type\": \"SCALAR\", \"scalar\": {\"value\": $2}}"
}

refused "row 7: a CPU limit below its request is refused naming cpus" \
    "\"resources\": [$(amount cpus 1)], \"limits\": {\"cpus\": {\"value\": 0.5}}" "cpus limit 0.5 is below the request 1"
refused "row 7: a memory limit below its request is refused naming mem" \
    "\"resources\": [$(amount mem 128)], \"limits\": {\"mem\": {\"value\": 64}}" "mem limit 64Mi is below the request 128Mi"
refused "row 7: a limit without its request is refused" \
    "\"resources\": [$(amount cpus 1)], \"limits\": {\"mem\": {\"value\": 64}}" "mem limit 64Mi has no request"
refused "row 7: a limit for another resource is refused" \
    "\"resources\": [$(amount cpus 1)], \"limits\": {\"disk\": {\"value\": 64}}" "disk"
refused "row 7: another resource is refused" "\"resources\": [$(amount gpus 1)]" "gpus"
run accepted
made=$(witness_stop | grep -o "create .*/$prefix.*" || :)
is "$(grep -o "$prefix.*" <<<"$made" | sort -u)" "${prefix}accepted" \
    "row 7: of all these no cgroup had been made, only of the next that was accepted"
is "$(weir ps --json | jq '[.get_containers.containers[] | select(.container_id.value == "refused")] | length')" 0 \
    "row 7: and no record"

# The same with the other default, when there is room again.
for id in both infinite; do
    weir kill "$id"
    weir wait "$id" >/dev/null
done
daemon_stop
cat >"$scratch/request.conf" <<CONF
[containers]
default_cpu_limit = request
CONF
daemon_start --config "$scratch/request.conf"
run capped --cpu 0.5
is "$(quota_mcpu capped)/$(period_us capped)" 500/100000 "row 1: with default_cpu_limit = request: 50 ms per 100 ms"
is "$(weight_mcpu capped)" 500 "row 1: with default_cpu_limit = request: the weight follows the request"
run none
is "$(quota_mcpu none)" max "row 1: without a request there is nothing to default to"
is "$(quota_mcpu request)" max "row 1: who was launched before the default changed keeps what it had"
done_testing
