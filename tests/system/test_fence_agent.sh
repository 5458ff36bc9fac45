#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# The agent's socket: found by its path, and registered; impostors; what an executor finds.
[[ ${WEIR_TEST_NETNS:-} ]] || exec env WEIR_TEST_NETNS=1 unshare --net -- "$0" "$@"
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/fence.sh
. "$(dirname "$0")/fence.sh"

recorders_start
fence_start
echo "# tier $tier"
policy=(--net agent-socket-only --net-degraded)

# ---- It goes and comes ----

if [[ $tier == T0 ]]; then
    skip "who is taken for the agent" "tier T0 tells no unix sockets apart"
else
    kill "$agent_pid"
    wait "$agent_pid" 2>/dev/null || :
    rm "$REACH_AGENT"
    # Where names are all that is known, what is not there is not allowed.
    is "$(weir run "${policy[@]}" -- "$reach" "$port" agent)" "agent $([[ $tier == T1 ]] && echo EPERM || echo ENOENT)" "with no agent there is none to reach"
    weir run --name impostor --detach "${policy[@]}" -- python3 "$tree/tests/system/recorder.py" "stream:$REACH_AGENT" >/dev/null
    succeeds "an impostor binds its path" eventually 20 says impostor ready
    sleep 1.2
    is "$(weir run "${policy[@]}" -- "$reach" "$port" agent)" "agent EPERM" "one that is fenced is never taken for it"
    weir rm --force impostor
    rm -f "$REACH_AGENT"
    chmod 777 "$scratch/sockets"
    setpriv --reuid nobody --clear-groups python3 - "stream:$REACH_AGENT" <"$tree/tests/system/recorder.py" >"$scratch/heard.nobody" &
    other=$!
    succeeds "another user binds its path" eventually 20 grep -qs ready "$scratch/heard.nobody"
    sleep 1.2
    is "$(weir run "${policy[@]}" -- "$reach" "$port" agent)" "agent EPERM" "nor is another user's"
    kill "$other" 2>/dev/null || :
    wait "$other" 2>/dev/null || :
    rm -f "$REACH_AGENT"
    # Denied, known, allowed: how long that takes is told, not judged.
    weir run --name prober --detach "${policy[@]}" "${environment[@]}" -- sh -c \
        'until "$0" "$1" agent | grep -q "agent ok"; do :; done; date +%s%N' "$reach" "$port" >/dev/null
    before=$(date +%s%N)
    agent_start
    weir wait prober >/dev/null
    echo "# from its start, its interpreter's and all, to the first connection: $((($(weir logs prober) - before) / 1000000)) ms"
    is "$(weir run "${policy[@]}" -- "$reach" "$port" agent)" "agent ok" "the next agent is reached"
    daemon_stop KILL
    is "$(tries dead "${policy[@]}" -- "$port" agent 2>/dev/null || echo none)" none "without the daemon nobody is launched"
    fence_start
    is "$(weir run "${policy[@]}" -- "$reach" "$port" agent)" "agent ok" "and with the next one it is known as before"
fi

# ---- By a name, and by an fd ----

named=$scratch/sockets/named
REACH_AGENT=$named recorder_start named "stream:$named"
chmod 666 "$named"
try_named() {
    REACH_AGENT=$named weir run "${environment[@]}" "$@" -- "$reach" "$port" agent 2>&1
}
if [[ $tier != T0 ]]; then
    is "$(try_named "${policy[@]}")" "agent EPERM" "a socket that nobody has registered is another's"
    weir agent register --name extra "$named"
    is "$(try_named "${policy[@]}" --agent-socket extra)" "agent ok" "registered by its path it is reached by whom it is left"
    is "$(try_named "${policy[@]}")" "agent EPERM" "and by nobody else"
    is "$(try_named "${policy[@]}" --agent-socket "$named")" "agent ok" "a path is as good as a name"
    is "$(try_named "${policy[@]}" --agent-socket extra)" "agent ok" "and takes nothing from the name"
    refusal=$(weir agent register --name more "$named" 2>&1) && not_ok "it can't have two names" "it was registered"
    matches "$refusal" "is registered already, as 'extra'" "it can't have two names"
fi
refusal=$(weir run "${policy[@]}" --agent-socket nobody -- true 2>&1) && not_ok "a name that nobody has is refused" "it was launched"
matches "$refusal" "no socket is registered by the name 'nobody'" "a name that nobody has is refused, by its name"
refusal=$(weir agent register relative/path 2>&1) || is $? 4 "a path has to begin at the root"
matches "$refusal" "expected a path from the root on" "and it is said"
refusal=$(weir agent register --fd 0 2>&1 </dev/null) || is $? 4 "an fd has to be a socket"
matches "$refusal" "fd 0: it is no unix socket" "and it is said, too"

# ---- Mesos' executor API over it ----

domain=$scratch/sockets/mesos
asked=() # of an executor: nothing, where what it has by default can be kept
if [[ $tier == T0 ]]; then
    refusal=$(weir run --name plain --executor --detach -- true 2>&1) && not_ok "what can't be kept is not had by default" "it was launched"
    matches "$refusal" "unix sockets of others can be reached" "what can't be kept is not had by default"
    asked=("${policy[@]}")
fi
weir run --name plain --executor "${asked[@]}" --detach -- sh -c 'echo "$WEIR_AGENT_SOCKET $MESOS_DOMAIN_SOCKET"' >/dev/null
weir wait plain >/dev/null
is "$(weir logs plain)" "$REACH_AGENT $REACH_AGENT" "an executor finds the agent's socket in its environment"
if [[ $tier != T0 ]]; then
    is "$(weir policy get plain)" agent-socket-only "and may reach that alone, since there is an agent"
fi
cp "$tree"/tests/agent/*.py "$scratch/sockets/"
chmod a+r "$scratch/sockets" # Python lists where it imports from
agent=(/usr/bin/python3 "$scratch/sockets/agent.py" --socket "$domain" --tcp 5052 --heartbeat 1
    --register "'$build/weir' agent register --name mesos --fd \$LISTEN_FD")
"${agent[@]}" >"$scratch/agent.out" 2>&1 &
mesos_pid=$!
listens() {
    [[ $(grep -c '"listening"' "$scratch/agent.out") == "$1" ]]
}
succeeds "an agent registers its socket when it listens" eventually 20 listens 1
chmod 666 "$domain"
slave_pid=$(grep '"listening"' "$scratch/agent.out" | jq -r .slave_pid)
executor=(--user nobody --env "MESOS_DOMAIN_SOCKET=$domain" --env "MESOS_SLAVE_PID=$slave_pid"
    --env MESOS_FRAMEWORK_ID=f --env MESOS_EXECUTOR_ID=e)
weir run --name ex --executor --detach "${policy[@]}" --agent-socket mesos "${executor[@]}" -- \
    /usr/bin/python3 "$scratch/sockets/executor.py" --stay --timeout 120 >/dev/null
did() {
    weir logs ex | grep -q "\"$1\""
}
succeeds "an executor subscribes over it" eventually 30 did subscribed
succeeds "and its task is finished and acknowledged" eventually 30 did acknowledged
kill -KILL "$mesos_pid"
wait "$mesos_pid" 2>/dev/null || :
succeeds "it notices that the agent is gone" eventually 30 did disconnected
"${agent[@]}" >>"$scratch/agent.out" 2>&1 &
mesos_pid=$!
succeeds "the next agent registers anew" eventually 20 listens 2
chmod 666 "$domain"
subscribed_twice() {
    [[ $(weir logs ex | grep -c '"subscribed"') -ge 2 ]]
}
succeeds "and the executor is there again" eventually 30 subscribed_twice
kill "$mesos_pid"
wait "$mesos_pid" 2>/dev/null || :
weir wait ex >/dev/null
is "$(field ex .weir.reason)" self "a shutdown by the agent ends it"
done_testing
