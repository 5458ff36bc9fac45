#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A command in the foreground is its caller's child, at its caller's terminal, in its container.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

# code_of COMMAND…: its exit code alone.
code_of() {
    local code=0
    "$@" >"$scratch/said" 2>&1 </dev/null || code=$?
    echo "$code"
}

# exits CODE NAME COMMAND…
exits() {
    is "$(code_of "${@:3}")" "$1" "$2"
}

nothing_left() {
    [[ ! $(weir ps -q) && ! $(cgroups_of_run) ]]
}

daemon_start --log-level warning

# ---- At a terminal ----

scenes=(keys window job stopped_job_is_killed stopped_job_is_killed_from_below background kinship hang_up)
if command -v vim.tiny >/dev/null; then
    scenes=(vim "${scenes[@]}")
else
    skip "vim edits a file" "there is no vim.tiny"
fi
points_of python3 "$tree/tests/system/terminal.py" "$build/weir" "$scratch" "${scenes[@]}"

# ---- Input and output ----

mib=$(amount pipe_mib)
is "$(head -c "${mib}M" /dev/zero | weir run -- cat | wc -c)" $((mib << 20)) \
    "$mib MiB go through a pipe, in and out"
is "$(echo words | weir run -- cat)" words "it reads its caller's stdin"
is "$(weir run -- sh -c 'echo out; echo err >&2' 2>/dev/null)" out "stdout and stderr stay apart"
is "$(weir run -- sh -c 'echo out; echo err >&2' 2>&1 >/dev/null)" err \
    "on its caller's stderr weir says nothing of its own"
set +o pipefail
weir run -- yes | head -n 1 >/dev/null
is "${PIPESTATUS[0]}" 141 "a reader that goes away ends it with SIGPIPE"
set -o pipefail
is "$(weir run -- sh -c 'cat; echo over' <&-)" over "stdin may be closed"
is "$(weir run -- true >&- 2>&-; echo $?)" 0 "stdout and stderr may be closed"

# ---- Exit codes ----

exits 0 "exit code: 0" weir run -- true
exits 3 "exit code: the command's own" weir run -- sh -c 'exit 3'
exits 255 "exit code: the command's own, the largest" weir run -- sh -c 'exit 255'
for signal in HUP INT TERM KILL USR1 SEGV; do
    exits $((128 + $(kill -l "$signal"))) "exit code: killed by SIG$signal" \
        weir run -- sh -c "ulimit -c 0; kill -s $signal \$\$"
done
exits 127 "exit code: no such command in PATH" weir run -- no-such-command
matches "$(<"$scratch/said")" "no-such-command" "no such command: it is named"
exits 127 "exit code: no such file" weir run -- /no/such/file
exits 126 "exit code: a file that is no program" weir run -- /etc/passwd
exits 126 "exit code: a directory" weir run -- /etc
printf '#!/no/such/interpreter\n' >"$scratch/script"
chmod 755 "$scratch/script"
for how in "" --detach; do
    # shellcheck disable=SC2086 # an option, or none
    exits 126 "exit code: a script without its interpreter${how:+, $how}" weir run $how -- "$scratch/script"
    matches "$(<"$scratch/said")" "script'.*interpreter" "a script without its interpreter${how:+, $how}: the text says so"
done
exits 126 "exit code: the same, found in PATH" weir run --env "PATH=/no/such:$scratch" -- script
exits 127 "exit code: PATH is the command's own" weir run --env PATH=/no/such/place -- true
exits 125 "exit code: no daemon" weir --socket "$scratch/no.sock" run -- true
matches "$(<"$scratch/said")" "no daemon at '$scratch/no.sock'" "no daemon: its socket is named"
exits 125 "exit code: a refused id" weir run --name a/b -- true
exits 125 "exit code: a refused limit" weir run --cpu 0.5:0.1 -- true
exits 125 "exit code: no room" weir run --cpu 100000 -- true
exits 125 "exit code: no such user" weir run --user no-such-user -- true
exits 125 "exit code: no such directory" weir run --workdir /no/such/place -- true
exits 125 "exit code: no such option" weir run --no-such-option -- true
exits 125 "exit code: no command" weir run --cpu 1
is "$(nothing_left || weir ps)" "" "whatever failed left nothing"

# ---- Its record ----

weir run --name brief -- true
is "$(weir ps -q)" "" "its record is gone when it has ended"
weir run --name kept --keep -- sh -c 'exit 3' || :
is "$(field kept '.weir | .state, .foreground, .status')" "exited"$'\n'"true"$'\n'"$((3 << 8))" \
    "--keep: its record stays"
exits 1 "a foreground container has no logs" weir logs kept
weir rm kept
weir run --name twice --detach -- sleep 600 >/dev/null
exits 125 "a name that is taken is refused" weir run --name twice -- true
is "$(field twice .weir.state)" running "a name that is taken: its container goes on"
weir rm --force twice

# ---- Its caller ends ----

# start NAME [OPTION…] -- COMMAND…: by a weir of its own, whose pid is in $caller.
start() {
    "$build/weir" run --name "$1" "${@:2}" >/dev/null 2>&1 &
    caller=$!
    eventually 10 is_running "$1" 2>/dev/null
}

for signal in TERM HUP; do
    start told -- sleep 600
    kill -s "$signal" "$caller"
    code=0
    wait "$caller" || code=$?
    is "$code" $((128 + $(kill -l "$signal"))) "SIG$signal to its caller reaches the command"
done

start orphan -- sleep 600
pid=$(first_pid orphan)
kill -KILL "$caller"
wait "$caller" 2>/dev/null || :
succeeds "its caller killed: the command goes on" kill -0 "$pid"
is "$(field orphan .weir.state)" running "its caller killed: its container is known"
weir kill orphan
succeeds "its caller killed: its record and its cgroups go with its end" eventually 10 nothing_left

start kept --keep -- sleep 600
kill -KILL "$caller"
wait "$caller" 2>/dev/null || :
weir kill kept
weir wait kept >/dev/null
is "$(field kept .weir.state)" exited "its caller killed, --keep: its record stays"
weir rm kept

for stage in placed forked; do
    { python3 "$tree/tests/system/half_launch.py" half "$stage" >"$scratch/half" 2>&1 || :; } 2>/dev/null
    is "$(<"$scratch/half")" placed "its caller killed before it began ($stage): its cgroups were made"
    succeeds "its caller killed before it began ($stage): nothing is left" eventually 10 nothing_left
done

# Who is killed needs the CPU to die, and without a request there is little of it among these.
for ((i = 0; i < 4 * $(nproc); i++)); do
    weir run --name "hog$i" --cpu 0.1 --detach -- "$load" spin >/dev/null
done
for ((i = 0; i < 3; i++)); do
    { python3 "$tree/tests/system/half_launch.py" starved forked >/dev/null 2>&1 || :; } 2>/dev/null
    succeeds "its caller killed before it began, on a busy node: its cgroups go" eventually 20 group_is_gone starved
done
mapfile -t hogs < <(weir ps -q)
weir rm --force "${hogs[@]}"

# Killed while it waits for the daemon, which then finds its caller gone.
kill -STOP "$daemon_pid"
"$build/weir" run --name late -- sleep 600 &
caller=$!
eventually 10 grep -q '^State:.S' "/proc/$caller/status"
kill -KILL "$caller"
wait "$caller" 2>/dev/null || :
kill -CONT "$daemon_pid"
weir version >/dev/null
succeeds "its caller killed before the daemon heard of it: nothing is left" eventually 10 nothing_left

# Killed at whatever point it has reached by then.
for ((i = 0; i < 60; i++)); do
    "$build/weir" run -- sleep 0.05 >/dev/null 2>&1 &
    caller=$!
    sleep "0.$(printf %06d $((i * 200)))"
    kill -KILL "$caller" 2>/dev/null || :
    wait "$caller" 2>/dev/null || :
done
succeeds "its caller killed at 60 points: nothing is left" eventually 10 nothing_left

# ---- A caller who is not root ----

daemon_stop
gid=64000
cat >"$scratch/weir.conf" <<CONF
[access]
admin_group = $gid
reader_group = $gid
CONF
daemon_start --config "$scratch/weir.conf" --log-level warning
as_admin() {
    setpriv --reuid nobody --regid nogroup --groups "$gid" "$build/weir" "$@"
}
is "$(as_admin run -- id -u)" "$(id -u nobody)" "an admin's command runs as the admin"
# groups_seen COMMAND…: in how many groups of their own the processes of firstbreath were.
groups_seen() {
    "$@" run -- "$build/tests/system/firstbreath" it | grep -c "/${cgroup_parent:+$cgroup_parent/}${prefix}run-"
}
seen=$(groups_seen weir)
is "$(groups_seen as_admin)" "$seen" "an admin's command begins in the $((seen / 101)) groups that root's does"
is "$(as_admin run --mem 64Mi -- cat /proc/self/oom_score_adj)" 0 "an admin's command has its oom_score_adj"
exits 125 "an admin's command can't become root in the foreground" as_admin run --user root -- true
exits 3 "an admin's command: its exit code" as_admin run -- sh -c 'exit 3'
is "$(nothing_left || weir ps)" "" "an admin's command leaves nothing"

done_testing
