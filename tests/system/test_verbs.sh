#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# An operator's daily verbs: look inside, pause, follow, and say no more of an id than it takes.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

daemon_start
nap() {
    weir run --detach "$@" -- sleep 600 >/dev/null
}

# ---- Ids, as much as it takes ----

nap --name web-1 --cpu 0.1
nap --name web-2
nap --name we
nap --executor --name db
nap --in db --name t1
nap --in db --name t2
is "$(weir inspect web-2 | jq -r .container_id.value)" web-2 "an id as it is"
is "$(weir inspect we | jq -r .container_id.value)" we "one that others begin with, too"
is "$(weir inspect d | jq -r .container_id.value)" db "the beginning of the only one; tasks are not meant by it"
is "$(weir inspect db/t1 | jq -r '"\(.container_id.parent.value) \(.container_id.value)"')" "db t1" "a task by its whole name"
text=$(weir inspect web 2>&1) || is $? 3 "the beginning of several is nobody's"
is "$text" "weir: 'web' may be 'web-1', 'web-2' or another: say more of it" "and it is said whose it may be"
weir update web-1 --cpu 0.2
weir stats web-2 >/dev/null
is "$(weir stats --json d | jq -r '.[0].id')" db "in the maps as well"
is "$(weir ps | sed -n '2,$s/^\( *[^ ]*\).*/\1/p' | paste -sd,)" "db,  db/t1,  db/t2,we,web-1,web-2" \
    "weir ps: a tree, of ids that can be typed"
weir rm --force web-1 web-2 we db

# ---- Pause ----

weir run --executor --name p --cpu 0.1 --detach -- "$load" spin >/dev/null
weir run --in p --name t --detach -- "$load" spin >/dev/null
is_still() {
    local before
    before=$(kernel_cpu_ns "$1")
    sleep 0.3
    [[ $(kernel_cpu_ns "$1") == "$before" ]]
}
fails "a loop runs" is_still p
weir pause p
succeeds "paused it does not, its task neither" is_still p
is "$(weir ps | awk '$1 == "p" { print $2 }') $(field p .weir.paused)" "paused true" "and is shown so"
weir pause p
succeeds "to pause it twice changes nothing" is_still p
daemon_stop KILL
daemon_start
is "$(field p .weir.paused)" true "it stays so beyond the daemon"
weir resume p
fails "resumed it runs on" is_still p
is "$(weir events --json p | jq -r 'select(.kind | test("paused|resumed")).kind' | xargs)" resumed "and it is told"
weir pause p
matches "$(weir exec p -- true 2>&1)" "paused" "nothing joins what is paused, which would wait as long"
for how in "--name u --detach" "--name u"; do
    # shellcheck disable=SC2086
    matches "$(weir run --in p $how -- true 2>&1)" "paused" "nor is a task of it launched: $how"
done
is "$(weir ps -q | xargs)" "p p/t" "and nothing is left of these"
weir kill p
succeeds "a kill reaches what is paused" eventually 10 has_ended p
fails "one that has ended can't be paused" weir pause p
weir rm p
weir run --name polite --detach -- sh -c 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done' >/dev/null
is_ready() {
    [[ $(weir logs "$1") == ready ]]
}
eventually 10 is_ready polite
weir pause polite
weir stop --time 20s polite
is "$(weir wait polite)" 5 "weir stop lets what is paused hear of it"
weir rm polite

# ---- Exec ----

weir run --executor --name e --cpu 0.1 --mem 32Mi:64Mi --detach -- sleep 600 >/dev/null
weir run --in e --name own --mem 32Mi:48Mi --detach -- sleep 600 >/dev/null
place_of() {
    cat "/proc/$1/cgroup"
}
for id in e e/own; do
    is "$(weir exec "$id" -- cat /proc/self/cgroup)" "$(place_of "$(first_pid "$id")")" \
        "exec: it lies where the processes of $id are"
    is "$(weir exec "$id" -- cat /proc/self/oom_score_adj)" "$(<"/proc/$(first_pid "$id")/oom_score_adj")" \
        "exec: and comes as they do when memory is short"
done
code=0
weir exec e -- sh -c 'exit 7' || code=$?
is "$code" 7 "exec: the exit code is the command's"
code=0
weir exec e -- /nowhere 2>/dev/null || code=$?
is "$code" 127 "exec: 127 if there is none"
code=0
weir exec nobody -- true 2>/dev/null || code=$?
is "$code" 125 "exec: 125 if there is no such container"
is "$(weir exec -e WHAT=this -u nobody -w /tmp e -- sh -c 'echo "$WHAT $(id -un) $PWD"')" "this nobody /tmp" \
    "exec: as whom, where, with what"
is "$(echo in | weir exec e cat)" in "exec: its streams are the caller's"
before=$(stat_of e cpu_ns)
weir exec e -- "$load" spin 300
after=$(stat_of e cpu_ns)
within "$after" "$(cgroup2_cpu_ns e)" "$(bound cpu_agreement)" "exec: it is metered with the container"
is "$((before < after))" 1 "exec: which it had not been before"
weir exec e -- sleep 600 &
inside=$!
has_two() {
    [[ $(pids_of e/self | wc -l) == 2 ]]
}
eventually 10 has_two
weir kill e
code=0
wait "$inside" || code=$?
is "$code" 137 "exec: it ends with the container"
eventually 10 has_ended e
weir rm e

# ---- Output ----

mkfifo "$scratch/go"
weir run --name talks --detach -- sh -c 'printf "1\n2\n3\n"; echo oops >&2; read -r go <"$0"; printf "4\nhalf"' "$scratch/go" >/dev/null
has_said() {
    [[ $(weir logs talks 2>&1 | wc -l) == "$1" ]]
}
eventually 10 has_said 4
is "$(weir logs --tail 2 talks 2>/dev/null | xargs)" "2 3" "logs --tail: the last lines"
is "$(weir logs --tail 0 talks 2>&1)" "" "logs --tail 0: none"
is "$(weir logs --tail 9 --stdout talks | xargs)" "1 2 3" "logs --tail: no more than there are"
weir logs --follow --tail 1 talks >"$scratch/out" 2>"$scratch/errors" &
follower=$!
has_line() {
    grep -q "$1" "$2"
}
eventually 10 has_line 3 "$scratch/out"
echo go >"$scratch/go"
code=0
wait "$follower" || code=$?
is "$code $(xargs <"$scratch/out") $(<"$scratch/errors")" "0 3 4 half oops" \
    "logs --follow: what comes, until the end, and no longer"
is "$(weir logs --tail 1 --stdout talks)" half "logs --tail: a line without its end is one"
weir rm talks

# ---- Run --rm ----

weir run --rm --name gone --detach -- sleep 600 >/dev/null
"$build/weir" wait gone >"$scratch/code" &
waiter=$!
# It has asked, and waits for the answer: poll(2).
is_polling() {
    [[ $(<"/proc/$1/syscall") == 7\ * ]]
}
eventually 10 is_polling "$waiter"
weir kill gone
wait "$waiter"
is "$(<"$scratch/code")" 137 "run --rm: who waits is told"
is_unknown() {
    ! weir inspect "$1" >/dev/null 2>&1
}
succeeds "run --rm: and then it is forgotten" eventually 10 is_unknown gone
is "$(find "$state_dir/logs" -name 'gone*')" "" "run --rm: with its output"
weir run --rm --name later --detach -- sleep 600 >/dev/null
pid=$(first_pid later)
daemon_stop KILL
kill -KILL "$pid"
daemon_start
succeeds "run --rm: beyond a daemon, too" eventually 10 is_unknown later
code=0
weir run --rm --keep -- true 2>/dev/null || code=$?
is "$code" 125 "run: --rm and --keep do not go together"
done_testing
