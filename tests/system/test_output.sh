#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What weir prints: for programs to parse, for people to read, and nothing that a terminal obeys.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

escape=$'\e'
log_max=$((1 << 20))

# has NAME KEYS FILTER: stdin is one JSON text, of which FILTER has all these keys.
has() {
    local missing
    missing=$(jq -rs --arg keys "$2" 'if length == 1 then .[0] else error("not one text") end | '"$3"' |
        keys as $have | ($keys | split(" ")) - $have | join(" ")' 2>&1) || missing="no JSON: $missing"
    is "$missing" "" "$1: has what it promises"
}

# Bytes beyond printable ASCII and newlines.
strange_bytes() {
    LC_ALL=C tr -d '\n -~'
}

cat >"$scratch/weir.conf" <<CONF
[containers]
log_max = $log_max
CONF
daemon_start --log-level warning --config "$scratch/weir.conf"
longest=$(printf 'x%.0s' {1..128})
weir run --name "$longest" --cpu 0.1:max --mem 64Mi:max --detach -- sleep 600 >/dev/null
weir run --name plain --cpu 0.25:1.5 --mem 64Mi:1Gi --detach -- sleep 600 >/dev/null
weir run --name ended --detach -- sh -c 'exit 3' >/dev/null
weir wait ended >/dev/null

# ---- For programs ----

amounts="cpu_request_mcpu cpu_limit_mcpu mem_request_bytes mem_limit_bytes"
counters="cpu_ns cpu_beyond_ns wait_ns nr_periods nr_throttled throttled_ns mem_current_bytes \
mem_peak_bytes mem_beyond_bytes oom_kills"
record="state reason message role user argv foreground slot created_us started_us ended_us \
stdout_path stderr_path labels $amounts $counters"
weir ps --json >"$scratch/json"
has "ps --json" "container_id container_status resource_statistics weir" \
    '.get_containers.containers[0]' <"$scratch/json"
has "ps --json, .weir" "$record" '.get_containers.containers[0].weir' <"$scratch/json"
is "$(jq -r '.get_containers.containers[].container_id.value' "$scratch/json" | xargs)" \
    "$(weir ps -q | xargs)" "ps --json: in the order of ps"
weir inspect plain >"$scratch/json"
has "inspect, .weir" "$record" .weir <"$scratch/json"
is "$(jq .weir.status <(weir inspect ended))" $((3 << 8)) "inspect: the status of one that has ended"
is "$(weir inspect --json plain | jq keys)" "$(jq keys "$scratch/json")" "inspect --json: is inspect"
weir stats --json >"$scratch/json"
slot="id role state band cgroup_id generation started_ns first_pid switches forks refreshed_ns exit_ns \
wait_hist $amounts $counters"
has "stats --json" "$slot" '.[0]' <"$scratch/json"
is "$(jq -r '.[] | select(.id == "ended") | "\(.state) \(.exit_status)"' "$scratch/json")" \
    "exited $((3 << 8))" "stats --json: the status of one that has ended"
node="abi_version n_cpus capacity_mcpu capacity_bytes reserve_mcpu reserve_bytes requested_mcpu \
requested_bytes tick_ns daemon_pid refresh_failures"
weir top --once --json --interval 100ms >"$scratch/json"
has "top --json" "interval_ns node containers" . <"$scratch/json"
has "top --json, .node" "$node" .node <"$scratch/json"
has "top --json, .containers" "id state cpu_mcpu wait_percent throttled_percent mem_current_bytes $amounts" \
    '.containers[0]' <"$scratch/json"
weir metrics --json >"$scratch/json"
has "metrics --json, .node" "$node" .node <"$scratch/json"
has "metrics --json, .containers" "$slot" '.containers[0]' <"$scratch/json"
weir wait --json ended >"$scratch/json"
has "wait --json" "id exit_code status reason message" . <"$scratch/json"
is "$(jq -r '"\(.id) \(.exit_code) \(.reason)"' "$scratch/json")" "ended 3 self" "wait --json: what it says"
weir events --json ended | sed -n 1p >"$scratch/json"
has "events --json" "seq time_us kind container_id cause text figures" . <"$scratch/json"
has "events --json, .figures" "$amounts" .figures <"$scratch/json"
weir version --json >"$scratch/json"
has "version --json" "weir weir_daemon commit metrics_abi" . <"$scratch/json"
(weir doctor --json || :) >"$scratch/json"
has "doctor --json" "probes verdict" . <"$scratch/json"
has "doctor --json, .probes" "name state found" '.probes[0]' <"$scratch/json"
matches "$(jq -r '.probes[].state' "$scratch/json" | sort -u | xargs)" \
    '^(degraded|missing|ok| )+$' "doctor --json: states are ok, degraded or missing"
is "$(jq '[.probes[] | select(.state != "ok") | select(.cost == null)] | length' "$scratch/json")" 0 \
    "doctor --json: what is not ok says what it costs"

is "$(weir metrics | python3 "$tree/tests/system/openmetrics.py")" "" "metrics: OpenMetrics, no errors"
is "$(weir metrics | grep -c '^weir_container_memory_request_bytes{container="plain"')" 1 \
    "metrics: a container's figures"

# ---- For people ----

for locale in C C.UTF-8; do
    LC_ALL=$locale weir top --once --interval 100ms >"$scratch/top"
    is "$(LC_ALL=$locale wc -L <"$scratch/top")" 80 "top --once, $locale: 80 columns"
    is "$(grep -c "$escape" "$scratch/top")" 0 "top --once, $locale: no escape sequences"
    matches "$(<"$scratch/top")" "plain +[0-9.]+ 0.25:1.5 .* 64Mi:1Gi " \
        "top --once, $locale: requests and limits"
done
is "$(LC_ALL=C weir top --once --interval 100ms | strange_bytes)" "" "top --once, C: plain ASCII"
is "$(LC_ALL=C NO_COLOR=1 weir top --interval 100ms | strange_bytes)" "" "top into a pipe: one plain picture"
matches "$(weir top --once --interval 100ms)" "2 running" "top: those that have not ended"
points_of python3 "$tree/tests/system/terminal.py" "$build/weir" "$scratch" top

# ---- Hostile bytes ----

hostile=$'\e[2J\e]0;title\a\x7f\r\b'$'\u202e'$'\u009b31m'
weir run --name hostile --detach -- sh -c 'sleep 600' "$hostile" $'\n' >/dev/null
call "$(jq -nc --arg bad "$hostile" '{type: "LAUNCH_CONTAINER", launch_container: {
    container_id: {value: "labelled"}, command: {value: "sleep 600"},
    weir: {labels: [{key: $bad, value: $bad}]}}}')"
is "$code" 200 "a label may hold any text"
for locale in C C.UTF-8; do
    for verb in ps "ps --json" "inspect hostile" "inspect labelled" stats events "top --once --interval 100ms"; do
        # shellcheck disable=SC2086 # of several words
        said=$(LC_ALL=$locale weir $verb)
        is "$(LC_ALL=C grep -cP '[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' <<<"$said")" 0 \
            "$verb, $locale: nothing that a terminal obeys"
    done
    # shellcheck disable=SC2034
    said=$(LC_ALL=$locale weir ps)
    is "$(grep -c $'\u202e' <<<"$said")" 0 "ps, $locale: nothing that turns the line around"
    is "$(wc -l <<<"$said")" 6 "ps, $locale: a line for each container"
done
is "$(weir inspect labelled | jq -r '.weir.labels[0].value')" "$hostile" "inspect: a label is what was given"
is "$(weir inspect hostile | jq -r '.weir.argv[3]')" "$hostile" "inspect: so is an argument"
said=$(weir "$hostile" 2>&1) || :
is "$(grep -cP '[\x00-\x08\x0b-\x1f\x7f]' <<<"$said")" 0 "an error: nothing that a terminal obeys"

# ---- What containers wrote ----

weir run --name words --detach -- sh -c 'printf "out\0\n"; echo err >&2' >/dev/null
weir wait words >/dev/null
is "$(weir logs words 2>/dev/null | od -An -tx1 | xargs)" "6f 75 74 00 0a" "logs: stdout, byte for byte"
is "$(weir logs words 2>&1 >/dev/null)" err "logs: stderr on stderr"
is "$(weir logs --stderr words 2>&1)" err "logs --stderr"
is "$(weir logs --stdout words 2>&1 | tr -d '\0')" out "logs --stdout"
log=$(field words .weir.stdout_path)
is "$(stat -c '%a %U' "$log")" "640 root" "logs are root's"
weir rm words
is "$(find "$state_dir/logs" -name 'words*')" "" "logs go with the record"

# One id that looks like the log of another.
ids=(a a.stdout a.stdout.stderr)
for id in "${ids[@]}"; do
    # shellcheck disable=SC2016 # the command's own $0
    weir run --name "$id" --detach -- sh -c 'echo "out of $0"; echo "err of $0" >&2' "$id" >/dev/null
done
for id in "${ids[@]}"; do
    weir wait "$id" >/dev/null
    is "$(weir logs --stdout "$id"; weir logs --stderr "$id" 2>&1)" "out of $id"$'\n'"err of $id" "logs of $id are its own"
done
weir rm "${ids[0]}"
is "$(weir logs --stdout "${ids[1]}")" "out of ${ids[1]}" "and stay when those of ${ids[0]} go"

# Files are made in advance, and nothing depends on it.
# shellcheck disable=SC2317 # eventually calls it
two_spares() {
    [[ -e $state_dir/logs/spare1 && -e $state_dir/logs/spare2 ]]
}
succeeds "log files of the next container are there" eventually 5 two_spares
is "$(stat -c '%a %U %s' "$state_dir"/logs/spare?)" "640 root 0"$'\n'"640 root 0" "they are root's and empty"
rm -r "$state_dir/logs"
weir run --name homeless --detach -- echo hello >/dev/null
weir wait homeless >/dev/null
is "$(weir logs homeless)" hello "without the directory: it is made, and has the output"
is "$(stat -c '%a' "$state_dir/logs")" 711 "and others may pass through it"
succeeds "and has files for the next container" eventually 5 two_spares

# Lines of 64 bytes, 50 MiB of them.
weir run --name wordy --detach -- sh -c 'seq -f "%063.0f" 819200; echo the end; exec sleep 600' >/dev/null
log=$(field wordy .weir.stdout_path)
eventually 30 says wordy "the end"
# shellcheck disable=SC2317 # eventually calls it
takes_at_most() {
    [[ $(du -k "$1" | cut -f1) -le $2 ]]
}
succeeds "50 MiB of output: no more than log_max stays on disk" \
    eventually 30 takes_at_most "$log" $((log_max >> 10))
weir logs wordy >"$scratch/kept"
is "$(tail -n 2 "$scratch/kept" | sed 's/^0*//')" 819200$'\n'"the end" "50 MiB of output: logs end with the newest"
size=$(stat -c %s "$scratch/kept")
succeeds "50 MiB of output: logs have the newest part, $size bytes" \
    test "$size" -ge $((log_max / 4)) -a "$size" -le "$log_max"
is "$(sed '1d;$d' "$scratch/kept" | awk 'NR > 1 && $0 != before + 1 { print } { before = $0 + 0 }')" "" \
    "50 MiB of output: nothing is missing in between"

daemon_stop
is "$(find "$state_dir/logs" -name 'spare?')" "" "the daemon takes its spare files with it"
done_testing
