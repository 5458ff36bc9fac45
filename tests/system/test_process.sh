#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119
#
# What a process in a container is given and kept from: resource limits, capabilities, groups, set-user-ID
# programs; how many there may be, and on which CPUs. Detached, in the foreground, and by exec.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
chmod 755 "$scratch"

# What it is by its own account, the same three ways. in_each NAME EXPECTED OPTION… -- COMMAND…
in_each() {
    local name=$1 expected=$2 options=()
    shift 2
    while [[ $1 != -- ]]; do
        options+=("$1")
        shift
    done
    shift
    weir run --name c --detach "${options[@]}" -- "$@" >/dev/null
    weir wait c >/dev/null || :
    is "$(weir logs c 2>&1)" "$expected" "$name: detached"
    weir rm c
    is "$(weir run "${options[@]}" -- "$@" 2>&1)" "$expected" "$name: in the foreground"
    is "$(weir exec "${options[@]}" host -- "$@" 2>&1)" "$expected" "$name: by exec"
}
weir run --name host --detach -- sleep 600 >/dev/null

in_each "limits" "100 200 0 unlimited" --ulimit nofile=100:200 --ulimit core=0 --ulimit CPU=unlimited -- \
    sh -c 'echo $(ulimit -Sn) $(ulimit -Hn) $(ulimit -c) $(ulimit -t)'
caps='awk "/^Cap(Prm|Eff|Bnd|Amb)/ { print \$2 }" /proc/self/status | uniq'
in_each "capabilities that are kept, as root" "0000000000000401
0000000000000401
0000000000000401
0000000000000401" --cap-keep CHOWN,cap_net_bind_service -- awk '/^Cap(Prm|Eff|Bnd|Amb)/ { print $2 }' /proc/self/status
in_each "and as somebody else" "65534
0000000000000001" --user nobody --cap-keep chown -- sh -c "id -u; $caps"
in_each "none" "0000000000000000" --cap-keep none -- sh -c "$caps"
in_each "nobody has none by default" "0000000000000000" --user nobody -- \
    awk '/^CapEff/ { print $2 }' /proc/self/status
in_each "new privileges are off" "1" -- awk '/^NoNewPrivs/ { print $2 }' /proc/self/status
in_each "unless they are allowed" "0" --allow-new-privileges -- awk '/^NoNewPrivs/ { print $2 }' /proc/self/status
in_each "more groups" "4242 $(id -g nobody)" --user nobody --group-add 4242 -- \
    sh -c 'echo $(id -G | tr " " "\n" | sort -un)'
install -m 4755 "$(command -v id)" "$scratch/id"
if [[ ,$(findmnt -no OPTIONS -T "$scratch"), != *,nosuid,* ]]; then
    in_each "a set-user-ID program gains nothing" "65534" --user nobody -- "$scratch/id" -u
    in_each "unless it may" "0" --user nobody --allow-new-privileges -- "$scratch/id" -u
fi
is "$(cgroups_of_run | grep -v "/${prefix}host\$")" "" "each is gone but the one that runs"

# Wrong ones are refused before anything is made, in both ways of launching.
refused() {
    local name=$1 pattern=$2 said code way
    shift 2
    for way in "" --detach; do
        code=0
        said=$(weir run ${way:+"$way"} "$@" -- true 2>&1) || code=$?
        is "$code" 125 "$name ${way:-in the foreground}"
        matches "$said" "$pattern" "and it says so"
    done
}
refused "a limit that is none" "'files=1' is no resource limit: expected nofile=" --ulimit files=1
refused "a soft limit above the hard one" "soft limit is above" --ulimit nofile=2:1
refused "a capability that is none" "'CHEW' is no capability: expected" --cap-keep CHEW
refused "a group that is none" "no group 'no-such-group'" --group-add no-such-group
refused "more files than the kernel lets anybody have" "resource limits: Operation not permitted" \
    --ulimit nofile=999999999999
refused "no pids at all" "leaves no room for its first process" --pids 0

# ---- How many ----
cat >"$scratch/forks.py" <<'END'
import os, signal
for _ in range(20):
    try:
        if os.fork() == 0:
            signal.pause()
    except BlockingIOError:
        print("no more", flush=True)
        break
signal.pause()
END
weir run --name forks --pids 5 --detach -- python3 "$scratch/forks.py" >/dev/null
pids_knob() { knob "$1" pids pids.max pids.max; }
pids_now() { knob "$1" pids pids.current pids.current; }
is "$(pids_knob forks)" 5 "a limit of pids is the kernel's"
succeeds "it is told when they are as many as it may have" eventually 30 says forks "no more"
is "$(pids_now forks)" 5 "and has as many"
is "$(field forks .weir.pids_limit)" 5 "and in its record"
weir update --pids 7 forks
is "$(pids_knob forks)" 7 "raised while it runs"
weir update --pids max forks
is "$(pids_knob forks)" max "and lifted"
daemon_stop KILL
daemon_start
weir update --pids 6 forks
is "$(pids_knob forks)" 6 "after a crash of the daemon, too"
weir kill forks
weir wait forks >/dev/null || :
weir rm forks
if [[ $(controller_version pids) == 1 ]]; then
    said=$(weir update --pids 9 host 2>&1) || is $? 1 "v1 takes up no limit later"
    matches "$said" "launched without a limit of pids" "and it says so"
    is "$(weir inspect host | jq .weir.pids_limit)" null "which changes nothing"
else
    weir update --pids 9 host
    is "$(pids_knob host)" 9 "v2 takes up a limit later"
fi

# Of an executor, of all in it; a task may have less.
weir run --executor --name e --pids 20 --detach -- sleep 600 >/dev/null
weir run --in e --name t --pids 4 --detach -- sleep 600 >/dev/null
weir run --in e --name u --detach -- sleep 600 >/dev/null
is "$(pids_knob e) $(pids_knob e/t)" "20 4" "an executor's limit, and a task's"
is "$(pids_now e)" 3 "all in it count for the executor"
weir rm --force e

# ---- Where ----
cpus=$(nproc --all)
last=$((cpus - 1))
where='awk "/^Cpus_allowed_list/ { print \$2 }" /proc/self/status'
for way in "" --detach; do
    weir run --name w ${way:+"$way"} --keep --cpus-set "$last" -- sh -c "$where" >"$scratch/where"
    weir wait w >/dev/null
    [[ ! $way ]] || weir logs w >"$scratch/where"
    is "$(<"$scratch/where")" "$last" "the CPUs that it may use ${way:-in the foreground}"
    is "$(field w .weir.cpus_set)" "$last" "and in its record"
    weir rm w
done
weir run --name w --cpus-set 0 --detach -- sleep 600 >/dev/null
is "$(weir exec w -- sh -c "$where")" 0 "who joins later is held to them, too"
weir rm --force w
refused "CPUs that are not there" "CPUs '$cpus': expected some of" --cpus-set "$cpus"
refused "of which some are not there" "expected some of" --cpus-set "0-$cpus"
refused "no list" "CPUs 'first': expected some of" --cpus-set first
weir run --executor --name e --cpus-set 0 --detach -- sleep 600 >/dev/null
weir run --in e --name t --detach -- sh -c "$where" >/dev/null
weir wait e/t >/dev/null
is "$(weir logs e/t)" 0 "a task is held to its executor's"
weir rm --force e host
is "$(cgroups_of_run)" "" "nothing is left of it"
done_testing
