#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A command begins inside its cgroups, and with nothing that was its starter's.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

launches=$(amount launches) foreground=$(amount foreground)
processes=101 # of firstbreath, each launch
firstbreath=$build/tests/system/firstbreath
home=/${cgroup_parent:+$cgroup_parent/}$prefix

# controllers_of PID NAME: of the hierarchies in which it lies in NAME's group, "-" for cgroup2.
controllers_of() {
    awk -F: -v path="$home$2" '$3 == path { print $2 == "" ? "-" : $2 }' "/proc/$1/cgroup" | sort
}

# The first of these controllers whose v1 hierarchy, or cgroup2, is not among those.
missing_controller() {
    local controller
    for controller in cpu memory; do
        [[ $(controller_version "$controller") == 2 ]] || grep -qE "(^|,)$controller(,|$)" <<<"$1" ||
            echo "$controller"
    done
    grep -qx -- - <<<"$1" || echo cgroup2
}

# insiders FILE: processes that firstbreath told of, and groups they were in that were their own.
insiders() {
    awk -F: -v home="$home" '
        /^@/ { processes++; path = home substr($0, 2); next }
        $3 == path { inside++ }
        END { print processes + 0, inside + 0 }' "$1"
}

# wants LAUNCHES: what insiders has to say of so many.
wants() {
    echo $(($1 * processes)) $(($1 * processes * n_hierarchies))
}

# ran COMMAND…: what it prints, detached.
ran() {
    weir run --name ran --detach "${run_options[@]}" -- "$@" >/dev/null
    weir wait ran >/dev/null
    weir logs ran
    weir rm ran
}

# own FIELD…: of the status that a command has of itself.
own() {
    local field status
    status=$(ran cat /proc/self/status)
    for field in "$@"; do
        sed -n "s/^$field:[[:space:]]*//p" <<<"$status"
    done | tr '\t\n' '  ' | sed 's/ *$//'
}

# stat_fields N…: of a /proc/PID/stat.
stat_fields() {
    cut -d' ' -f"$(tr ' ' , <<<"$*")"
}

# All that a daemon could pass on, this one has.
umask 077
trap '' HUP USR1 PIPE
exec 9</dev/null
export WEIRTEST_SECRET=1
daemon_start --log-level warning
exec 9<&-
trap - HUP USR1 PIPE
unset WEIRTEST_SECRET
umask 022

# ---- Where it begins ----

weir run --name where --detach -- sleep 600 >/dev/null
hierarchies=$(controllers_of "$(first_pid where)" where)
n_hierarchies=$(wc -l <<<"$hierarchies")
is "$(missing_controller "$hierarchies")" "" \
    "a command lies in its group in all hierarchies that count: ${hierarchies//$'\n'/ }"
weir rm --force where

python3 "$tree/tests/system/launch_many.py" "$launches" "$firstbreath" >"$scratch/detached" ||
    not_ok "launch firstbreath $launches times"
is "$(insiders "$scratch/detached")" "$(wants "$launches")" \
    "$launches detached launches: no process ever outside, from the first instruction on"

for ((i = 0; i < foreground; i++)); do
    weir run --name "fore$i" -- "$firstbreath" "fore$i"
done >"$scratch/foreground"
is "$(insiders "$scratch/foreground")" "$(wants "$foreground")" \
    "$foreground foreground launches: no process ever outside, from the first instruction on"

# ---- What it begins with, detached ----

# What a command is given is set while it runs in the daemon's memory.
daemons_score=$(<"/proc/$daemon_pid/oom_score_adj")
run_options=()
is "$(ran readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2)" \
    "/dev/null"$'\n'"$state_dir/logs/ran.stdout"$'\n'"$state_dir/logs/ran.stderr" \
    "detached: nothing on stdin, stdout and stderr to its logs"
# ls opens one itself.
is "$(ran ls /proc/self/fd | tr '\n' ' ')" "0 1 2 3 " "detached: no other file is open"
is "$(own SigBlk SigIgn SigCgt)" "$(printf '%016d %016d %016d' 0 0 0)" \
    "detached: no signal is blocked or ignored"
is "$(own Umask)" 0022 "detached: the umask is 022"
is "$(own NoNewPrivs)" 1 "detached: no_new_privs is set"
is "$(own Uid Gid Groups)" "0 0 0 0 0 0 0 0" "detached: root in no further groups, unless told"
is "$(ran readlink /proc/self/cwd)" / "detached: the working directory is /"
is "$(ran env | sort)" "HOME=/
LANG=C.UTF-8
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WEIR_CONTAINER_ID=ran" "detached: the environment is weir's own"
is "$(ran sh -c 'ulimit -Sn')" 1024 "detached: the usual limit of open files"
read -r pid group session nice policy < <(ran cat /proc/self/stat | stat_fields 1 5 6 19 41)
is "$group $session" "$pid $pid" "detached: it leads its session and process group"
is "$nice $policy" "0 0" "detached: normal scheduling policy, nice 0"

run_options=(--env A=1 --env PATH=/usr/bin --env A=2 --workdir /usr/lib)
is "$(ran env | sort)" "A=2
HOME=/
LANG=C.UTF-8
PATH=/usr/bin
WEIR_CONTAINER_ID=ran" "detached: variables that are given replace weir's own and earlier ones"
is "$(ran readlink /proc/self/cwd)" /usr/lib "detached: --workdir"

call '{"type": "LAUNCH_CONTAINER", "launch_container": {"container_id": {"value": "alias"}, "command":
    {"shell": false, "value": "/bin/cat", "arguments": ["dog", "/proc/self/cmdline"]}}}'
weir wait alias >/dev/null
is "$(weir logs alias | tr '\0' ' ')" "dog /proc/self/cmdline " \
    "detached: the program and its argv[0] may differ"

total=$(($(awk '/^MemTotal:/ { print $2 }' /proc/meminfo) * 1024))
run_options=(--mem 64Mi)
is "$(ran cat /proc/self/oom_score_adj)" 0 "detached: the daemon's oom_score_adj is not passed on"
run_options=(--mem 64Mi:max)
score=$((1000 - 1000 * (64 << 20) / total))
is "$(ran sh -c 'cat /proc/self/oom_score_adj & wait')" "$score" \
    "detached: a burster's oom_score_adj is set before it begins, its children inherit it"
is "$(<"/proc/$daemon_pid/oom_score_adj")" "$daemons_score" "detached: none of that befalls the daemon"

# ---- As another user ----

nogroup=$(id -g nobody)
nobody=$(id -u nobody)
for how in detached foreground; do
    for user in nobody "$nobody" "nobody:daemon" 12345:23456; do
        uid=$nobody gid=$nogroup
        [[ $user != *:daemon ]] || gid=$(getent group daemon | cut -d: -f3)
        [[ $user != 12345:* ]] || uid=12345 gid=23456
        run_options=(--user "$user")
        if [[ $how == detached ]]; then
            status=$(ran cat /proc/self/status)
        else
            status=$(weir run --user "$user" -- cat /proc/self/status)
        fi
        is "$(awk '/^(Uid|Gid):/ { $1 = ""; print }' <<<"$status" | xargs)" \
            "$uid $uid $uid $uid $gid $gid $gid $gid" "$how: --user $user"
        is "$(awk '/^Groups:/ { $1 = ""; print }' <<<"$status" | xargs)" "$gid" \
            "$how: --user $user: in no group of the starter's"
        is "$(awk '/^Cap(Prm|Eff|Amb):/ { print $2 }' <<<"$status" | tr -d '0\n')" "" \
            "$how: --user $user: no capabilities"
    done
done

# ---- What it begins with, in the foreground: what its caller has, but for open files ----

callers=$(env --ignore-signal=USR1 --block-signal=USR2 cat /proc/self/status | grep -E '^Sig(Blk|Ign|Cgt)')
is "$(env --ignore-signal=USR1 --block-signal=USR2 "$build/weir" run -- cat /proc/self/status |
    grep -E '^Sig(Blk|Ign|Cgt)')" "$callers" "foreground: signals are blocked and ignored as in its caller"
is "$(weir run -- ls /proc/self/fd 9</dev/null 17</dev/null | tr '\n' ' ')" "0 1 2 3 " \
    "foreground: files that its caller has open are not passed on"
is "$(cd "$scratch" && weir run -- readlink /proc/self/cwd)" "$scratch" \
    "foreground: its caller's working directory"
is "$(umask 027 && weir run -- cat /proc/self/status | awk '/^Umask/ { print $2 }')" 0027 \
    "foreground: its caller's umask"
is "$(env -i B=2 PATH=/usr/bin WEIR_SOCKET="$WEIR_SOCKET" "$build/weir" run --env A=1 -- env | sort |
    grep -v '^WEIR_')" "A=1
B=2
PATH=/usr/bin" "foreground: its caller's environment, with what is given over it"
is "$(weir run -- cat /proc/self/status | awk '/^NoNewPrivs/ { print $2 }')" 1 \
    "foreground: no_new_privs is set"
is "$(weir run -- cat /proc/self/stat | stat_fields 5 6)" "$(stat_fields 5 6 </proc/$$/stat)" \
    "foreground: its caller's process group and session"
is "$(nice -n 5 "$build/weir" run -- cat /proc/self/stat | stat_fields 19 41)" "5 0" \
    "foreground: its caller's nice value"
is "$(weir run --mem 64Mi:max -- sh -c 'cat /proc/self/oom_score_adj & wait')" "$score" \
    "foreground: a burster's oom_score_adj is set before it begins, its children inherit it"
is "$(echo 500 >/proc/self/oom_score_adj && weir run --mem 64Mi -- cat /proc/self/oom_score_adj)" 0 \
    "foreground: its caller's oom_score_adj is not passed on"

done_testing
