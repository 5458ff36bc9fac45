#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The verbs of weir: what they take, how they exit, who may use them. What they print is
# test_output.sh's.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

verbs=(run exec adopt release ps inspect update stats top pause resume kill stop wait logs events why policy agent reserve unreserve volume roles api rm doctor metrics reload reset-knobs purge version help)
mib=$((1 << 20))

# exits CODE NAME COMMAND…: what it says is in $said.
exits() {
    local code=0
    said=$("${@:3}" 2>&1 </dev/null) || code=$?
    is "$code" "$1" "$2"
}

# sleeper NAME [OPTION…]: in a container.
sleeper() {
    weir run --name "$1" "${@:2}" --detach -- sleep 600 >/dev/null
}

# amounts_of ID: CPU request and limit in millicores, memory request and limit in bytes.
amounts_of() {
    field "$1" '.weir | "\(.cpu_request_mcpu) \(.cpu_limit_mcpu) \(.mem_request_bytes) \(.mem_limit_bytes)"'
}

daemon_start --log-level warning

# ---- Help, usage ----

for verb in "${verbs[@]}"; do
    exits 0 "weir $verb --help" weir "$verb" --help
    matches "${said%%$'\n'*}" "^weir $verb.*: " "weir $verb --help: begins with what it is"
    is "$(weir help "$verb")" "$said" "weir help $verb: says the same"
done
exits 0 "weir --help" weir --help
listed=$(sed -n '/^  weir /,/^Options/s/^  \([a-z-]*\)  .*/\1/p' <<<"$said" | xargs)
is "$listed" "${verbs[*]}" "weir --help: lists all verbs"
exits 2 "no verb: usage" weir
exits 2 "no verb behind an option: usage" weir --socket ps
matches "$said" "^weir: there is no verb; see 'weir help'$" "no verb behind an option: says so, in one line"
exits 0 "weir --version" weir --version
is "$said" "weir $(weir version --json | jq -r .weir)" "weir --version: says which, and no more"
exits 2 "weir ps --version: usage" weir ps --version
exits 2 "an unknown verb: usage" weir frobnicate
exits 2 "an unknown verb: usage, with help too" weir help frobnicate
for verb in inspect update kill stop wait logs rm; do
    exits 2 "weir $verb without a container: usage" weir "$verb"
done
for verb in ps top doctor metrics purge version; do
    exits 2 "weir $verb with an operand: usage" weir "$verb" operand
done
exits 2 "an unknown option: usage" weir ps --frobnicate
matches "$said" "'--frobnicate'.*weir help ps" "an unknown option: is named, with where help is"
exits 2 "a value for a switch: usage" weir ps --json=yes
exits 2 "an option without its value: usage" weir kill x --signal
exits 2 "a bad signal: usage" weir kill --signal NOPE x
exits 2 "a bad duration: usage" weir wait --time never x
exits 2 "an interval out of range: usage" weir top --once --interval 1ms
exits 2 "a bad number: usage" weir events --since -1
exits 2 "events of two containers: usage" weir events one other

# ---- No container, refused, no daemon ----

sleeper here
for verb in inspect kill stop wait logs rm stats; do
    exits 3 "weir $verb of an unknown container" weir "$verb" nobody
    is "$(grep -c "no container 'nobody'" <<<"$said")" 1 "weir $verb of an unknown container: names it"
done
exits 3 "weir update of an unknown container" weir update nobody --cpu 1
exits 2 "weir update of nothing: usage" weir update here
exits 4 "weir update beyond the node: refused" weir update here --cpu 100000
exits 4 "weir update below the request: refused" weir update here --cpu 1:0.5
exits 4 "weir rm of one that runs: refused" weir rm here
matches "$said" "'here' is running: stop it first, or say --force" "weir rm of one that runs: the remedy"
exits 1 "weir wait that takes too long" weir wait --time 10ms here
exits 1 "a result that can't be written" sh -c "exec '$build/weir' ps >/dev/full"

no_daemon=(--socket "$scratch/none.sock")
for verb in ps version events "events -f"; do
    # shellcheck disable=SC2086 # of two words
    exits 5 "weir $verb without a daemon" weir "${no_daemon[@]}" $verb
done
for verb in inspect kill stop wait logs rm; do
    exits 5 "weir $verb without a daemon" weir "${no_daemon[@]}" "$verb" here
done
exits 5 "weir update without a daemon" weir "${no_daemon[@]}" update here --cpu 1
for verb in stats "top --once" metrics; do
    # shellcheck disable=SC2086 # of two words
    exits 0 "weir $verb needs no daemon" weir "${no_daemon[@]}" $verb
    # shellcheck disable=SC2086
    exits 5 "weir $verb without maps" weir --pin-dir "$scratch" $verb
done

# ---- Where the daemon is ----

exits 0 "--socket before the verb" env -u WEIR_SOCKET "$build/weir" --socket "$WEIR_SOCKET" inspect here
exits 0 "--socket behind the verb" env -u WEIR_SOCKET "$build/weir" inspect here --socket "$WEIR_SOCKET"
exits 0 "--socket over WEIR_SOCKET" env WEIR_SOCKET=/none "$build/weir" --socket="$WEIR_SOCKET" inspect here
exits 0 "--pin-dir" env -u WEIR_PIN_DIR "$build/weir" stats --pin-dir "$pin_dir" here
exits 0 "--pin-dir over WEIR_PIN_DIR" env WEIR_PIN_DIR=/none "$build/weir" stats --pin-dir "$pin_dir" here

# ---- Names ----

one=$(weir run --detach -- true)
two=$(weir run --detach -- true)
matches "$one" '^run-[0-9a-f]{6}$' "a container without a name gets one"
fails "each gets another" test "$one" = "$two"
exits 0 "verbs take several names" weir wait "$one" "$two"
is "$said" "0"$'\n'"0" "weir wait: prints each exit code"
exits 0 "weir rm of several" weir rm "$one" "$two"
exits 125 "weir run, detached, of a name that is taken" weir run --name here --detach -- true
exits 125 "weir run of a bad name" weir run --name a/b --detach -- true

# ---- Amounts ----

# band OPTIONS REQUEST LIMIT REQUEST LIMIT: as the daemon has them.
band() {
    local options
    read -ra options <<<"$1"
    sleeper band "${options[@]}"
    is "$(amounts_of band)" "$2 $3 $4 $5" "amounts: ${1:-none}"
    weir rm --force band
}

band "" 0 Infinity 0 Infinity
band "--cpu 500m" 500 Infinity 0 Infinity
band "--cpu 1.5" 1500 Infinity 0 Infinity
band "--cpu 150%" 1500 Infinity 0 Infinity
band "--cpu 0.25:500m" 250 500 0 Infinity
band "--cpu=1:max" 1000 Infinity 0 Infinity
band "--cpus 0.5" 500 500 0 Infinity
band "--mem 512Mi" 0 Infinity $((512 * mib)) $((512 * mib))
band "--mem 64Mi:1Gi" 0 Infinity $((64 * mib)) $((1024 * mib))
band "--mem 67108864:max" 0 Infinity $((64 * mib)) Infinity
band "--memory 128Mi" 0 Infinity $((128 * mib)) $((128 * mib))
band "-m 64Mi --cpus 0.1" 100 100 $((64 * mib)) $((64 * mib))

for bad in "--mem 500m" "--mem 1.5" "--mem 3Xi" "--mem max" "--cpu max" "--cpu :" "--cpu -1" "--cpu 0.0005" \
    "--cpu 3Gi" "--cpu nan" "--cpus max" "--memory max" "--cpu :4" "--mem :64Mi" "--cpu 2:1" "--mem 64Mi:33Mi"; do
    # shellcheck disable=SC2086 # of two words
    exits 125 "amounts: $bad is refused" weir run --name bad --detach $bad -- true
    is "$(weir ps -q)" here "amounts: $bad leaves nothing"
done
exits 125 "500m as memory is refused" weir run --mem 500m -- true
matches "$said" "'500m'.*milli.*'500Mi'" "500m as memory: the remedy is named"
exits 2 "500m as memory is refused in an update" weir update here --mem 500m

weir update here --cpu 0.1:0.5 --mem 64Mi:128Mi
is "$(amounts_of here)" "100 500 $((64 * mib)) $((128 * mib))" "weir update: both"
weir update here --cpu :max --mem :1Gi
is "$(amounts_of here)" "100 Infinity $((64 * mib)) $((1024 * mib))" "weir update: limits alone"
weir update here --cpu 0.2
is "$(amounts_of here)" "200 Infinity $((64 * mib)) $((1024 * mib))" "weir update: a request alone"
weir update here --cpus 0.3 --memory 64Mi
is "$(amounts_of here)" "300 300 $((64 * mib)) $((64 * mib))" "weir update: as in docker"

# ---- Ends ----

deaf() {
    weir run --name "$1" --detach -- sh -c 'trap "" TERM; echo deaf; while :; do sleep 600; done' >/dev/null
    eventually 10 says "$1" deaf
}

sleeper a && weir kill a && is "$(weir wait a)" 137 "weir kill: SIGKILL"
sleeper b && weir kill --signal SIGUSR1 b && is "$(weir wait b)" 138 "weir kill --signal"
sleeper c && weir kill -s 10 c && is "$(weir wait c)" 138 "weir kill -s, by number"
exits 3 "weir kill of one that has ended" weir kill a
sleeper d && weir stop d && is "$(weir wait d)" 143 "weir stop: SIGTERM"
deaf e && weir stop --time 50ms e && is "$(weir wait e)" 137 "weir stop: SIGKILL when it does not end"
exits 0 "weir stop of one that has ended" weir stop a b c d e

# A signal that it took and went on is not what ended it. tough NAME COMMAND: runs that then.
tough() {
    # shellcheck disable=SC2016 # for the container's shell
    weir run --name "$1" --mem 32Mi --detach -- \
        sh -c 'trap "echo took" USR1; echo up; while ! [ -e "$0" ]; do sleep 0.05; done; eval "$1"' \
        "$scratch/$1" "ulimit -c 0; $2" >/dev/null
    eventually 10 says "$1" up
    weir kill -s USR1 "$1"
    eventually 10 says "$1" took
    touch "$scratch/$1"
    weir wait "$1" >/dev/null || :
}
# shellcheck disable=SC2016 # for the command to expand
tough crashed 'kill -s SEGV $$'
is "$(field crashed '.weir | "\(.reason): \(.message)"')" "self: killed by signal 11 (SIGSEGV)" \
    "a crash after a signal on request is not on request"
tough starved "exec '$load' hold 64"
is "$(field starved .weir.reason)" limit "and neither is the end at the memory limit"
weir rm crashed starved
deaf f
exits 0 "weir rm --force of one that runs" weir rm --force f
exits 3 "the first code that is not 0 is the exit code" weir rm a nobody b
is "$(weir ps -q | xargs)" "c d e here" "and the others are done"
weir rm c d e

# ---- Who may ----

admin=64000 reader=64001
cat >"$scratch/weir.conf" <<CONF
[access]
admin_group = $admin
reader_group = $reader
CONF
as() {
    setpriv --reuid nobody --regid nogroup --clear-groups "$@"
}
as_reader=(setpriv --reuid nobody --regid "$reader" --clear-groups "$build/weir")
as_admin=(setpriv --reuid nobody --regid nogroup --groups "$admin,$reader" "$build/weir")
as_nobody=(setpriv --reuid nobody --regid nogroup --clear-groups "$build/weir")

daemon_stop
daemon_start --log-level warning --config "$scratch/weir.conf"
weir run --name ended --detach -- echo words >/dev/null
weir wait ended >/dev/null
for verb in ps "inspect here" "wait ended" "logs ended" version; do
    # shellcheck disable=SC2086 # of several words
    exits 0 "a reader may: $verb" "${as_reader[@]}" $verb
    # shellcheck disable=SC2086
    exits 4 "others may not: $verb" "${as_nobody[@]}" $verb
done
before=$(amounts_of here)
for verb in "update here --cpu 0.1" "kill here" "stop here" "rm ended" "rm --force here"; do
    # shellcheck disable=SC2086
    exits 4 "a reader may not: $verb" "${as_reader[@]}" $verb
done
for how in --detach --keep; do
    exits 125 "a reader may not: run $how" "${as_reader[@]}" run --name readers "$how" -- true
done
is "$(weir ps -q | xargs) $(field here .weir.state) $(amounts_of here)" "ended here running $before" \
    "a reader's attempts have changed nothing"

if as test -x "$pin_root"; then
    for verb in stats "top --once" metrics; do
        # shellcheck disable=SC2086
        exits 0 "a reader may: $verb" "${as_reader[@]}" $verb
        # shellcheck disable=SC2086
        exits 4 "others may not: $verb" "${as_nobody[@]}" $verb
    done
    exits 0 "a reader may: cat the table" \
        setpriv --reuid nobody --regid "$reader" --clear-groups cat "$pin_dir/v1/containers"
    exits 1 "others may not: cat the table" as cat "$pin_dir/v1/containers"
else
    skip "a reader may read the maps" "$pin_root is closed on this machine"
fi

exits 0 "an admin may: run" "${as_admin[@]}" run --name admins --detach -- sh -c 'id -u; exec sleep 600'
eventually 10 says admins 0
exits 0 "an admin may: update" "${as_admin[@]}" update admins --cpu 0.1
exits 0 "an admin may: stop" "${as_admin[@]}" stop admins
is "$(weir logs admins)" 0 "an admin is root by another name"
exits 0 "an admin may: rm" "${as_admin[@]}" rm admins ended

# ---- doctor, purge ----

# lsm_is_on: is the BPF LSM in the kernel's list (if that can be known), and does somebody
# else's lsm/ program load?
lsm_is_on() {
    local list
    list=$(cat /sys/kernel/security/lsm 2>/dev/null || sed -n 's/.*\blsm=\([^ ]*\).*/\1/p' /proc/cmdline)
    [[ ,${list:-bpf}, == *,bpf,* ]] &&
        "$bpftool" prog load "$scratch/lsm.o" "$pin_dir-lsm" 2>/dev/null &&
        rm "$pin_dir-lsm"
}

# wanted_tier: of the fence, on this kernel.
wanted_tier() {
    if lsm_is_on; then
        echo T3
    elif printf '%s\n' 6.7 "$(uname -r)" | sort -VC; then
        echo T1
    else
        echo T0
    fi
}

code=0
doctor=$(weir doctor --json) || code=$?
verdict=$(jq -r .verdict <<<"$doctor")
wanted=$(case $verdict in ok) echo 0 ;; degraded) echo 1 ;; *) echo 2 ;; esac)
is "$code" "$wanted" "weir doctor: its exit code is its verdict, $verdict"
exits "$code" "weir doctor: the same as text" weir doctor
bpftool=$(PATH=$PATH:/usr/sbin type -P bpftool || :)
clang=$(type -P clang-19 clang | head -n 1 || :)
if [[ $bpftool && $clang ]]; then
    "$clang" -target bpf -O2 -x c -c -o "$scratch/lsm.o" - <<'EOF'
__attribute__((section("lsm/socket_connect"), used)) int allow(void *context) { return 0; }
__attribute__((section("license"), used)) char LICENSE[] = "GPL";
EOF
    found=$(jq -r '.probes[] | select(.name == "fence tier") | .found' <<<"$doctor")
    is "${found%%:*}" "$(wanted_tier)" "weir doctor: the tier of the fence that this kernel gives: $found"
else
    skip "weir doctor: the tier of the fence" "no clang or no bpftool to tell it otherwise"
fi
for seconds in 60 0.02 0.05 0.1; do
    timeout "$seconds" "$build/weir-daemon" --doctor --pin-dir "$pin_dir" --cgroup-prefix "$prefix" >/dev/null 2>&1 || :
    is "$(cgroups_of_run | grep 'probe-' || :)$(find "$pin_root" -maxdepth 1 -name "$run-*")" "" \
        "weir-daemon --doctor: leaves no cgroup and no pin; SIGTERM after $seconds s, if it takes that long"
done

# All that tells this instance from others: the defaults are those of a weir in service.
purge=(purge --cgroup-prefix "$prefix" --state-dir "$state_dir" --run-dir "$scratch/run")
exits 1 "weir purge is refused while the daemon runs" weir "${purge[@]}"
is "$(field here .weir.state)" running "weir purge, refused: nothing has changed"
pid=$(first_pid here)
daemon_stop KILL
exits 1 "weir purge is refused while containers run" weir "${purge[@]}"
matches "$said" "here.*--force" "weir purge, refused: it names them and the remedy"
succeeds "weir purge, refused: they run on" kill -0 "$pid"
exits 1 "weir purge is for root" "${as_nobody[@]}" "${purge[@]}"
exits 0 "weir purge --force" weir "${purge[@]}" --force
succeeds "weir purge --force: the processes are gone" not_running "$pid"
is "$(cgroups_of_run)" "" "weir purge --force: the cgroups are gone"
fails "weir purge --force: the pins are gone" test -e "$pin_dir"
fails "weir purge --force: the records are gone" test -e "$state_dir"
fails "weir purge --force: the socket of the daemon that was killed is gone" test -e "$WEIR_SOCKET"
exits 0 "weir purge, again" weir "${purge[@]}"

done_testing
