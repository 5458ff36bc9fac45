#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Policy custom: rules, named sockets, and what of it is shown and kept.
[[ ${WEIR_TEST_NETNS:-} ]] || exec env WEIR_TEST_NETNS=1 unshare --net -- "$0" "$@"
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/fence.sh
. "$(dirname "$0")/fence.sh"

# rules LINE…: into a file.
rules() {
    printf '%s\n' "$@" >"$scratch/rules"
}
# reached PORT WAY…: what a container of these rules reaches.
reached() {
    weir rm custom 2>/dev/null || :
    tries custom --net custom --net-degraded --rules "$scratch/rules" -- "$@" | xargs
}

recorders_start
fence_start
echo "# tier $tier"
other=$((port + 10))

rules "default deny" "allow 127.0.0.1 tcp $port"
is "$(reached $port tcp4 tcp4-alias tcp6 tcp6-mapped udp4-sendto)" \
    "tcp4 ok tcp4-alias EPERM tcp6 EPERM tcp6-mapped ok udp4-sendto EPERM" "what is allowed is, and nothing else"
is "$(reached $other tcp4)" "tcp4 EPERM" "by its port, too"
rules "default allow" "deny 127.0.0.0/8 tcp $port" "allow 127.0.0.2 tcp"
is "$(reached $port tcp4 tcp4-alias tcp4-unspecified tcp6 udp4-sendto)" \
    "tcp4 EPERM tcp4-alias ok tcp4-unspecified EPERM tcp6 ok udp4-sendto ok" "the longest prefix counts; 0.0.0.0 is where it leads"
rules "deny ::1" "deny ::ffff:0:0/96 udp" "default allow"
is "$(reached $port tcp4 tcp6 tcp6-unspecified udp4-sendto udp6-mapped)" \
    "tcp4 ok tcp6 EPERM tcp6-unspecified EPERM udp4-sendto EPERM udp6-mapped EPERM" "v6 and v4, and v4 in the form of v6"
rules "default deny" "allow any udp $port"
is "$(reached $port tcp4 udp4-sendto udp6-sendto udp4-connect listen-bound)" \
    "tcp4 EPERM udp4-connect ok udp4-sendto ok udp6-sendto ok listen-bound EPERM" "a protocol of either version; who may reach little is reached by nobody"
forget $port
rules "default deny" "allow 127.0.0.1 tcp $port"
reached $port tcp4 tcp4-alias udp4-sendto raw-header >/dev/null
settle
is "$(heard $port)" tcp4 "row 27: what is denied does not arrive"
is "$(denials custom address)" 2 "and is counted once, with its reason"

# ---- Unix sockets by their names ----

if [[ $tier != T0 ]]; then
    forget others
    rules "default deny"
    is "$(reached $port unix-stream agent)" "unix-stream EPERM agent EPERM" "by default unix sockets of others are denied, the agent's, too"
    matches "$(weir events --json custom | jq -r .text)" "unix socket '$REACH_STREAM': denied by custom" "and told by their names"
    # Whoever tries has chosen its own name and the other's, and both are shown to people.
    evil=$'@\e[2J\nevil'
    recorder_start evil "stream:$evil"
    cp "$reach" "$scratch/"$'re\e[31m\n'
    REACH_ABSTRACT=$evil weir run --name hostile --detach --net custom --net-degraded --rules "$scratch/rules" \
        --env REACH_ABSTRACT -- "$scratch/"$'re\e[31m\n' "$port" unix-abstract >/dev/null
    weir wait hostile >/dev/null
    matches "$(weir events hostile)" "unix socket '@.x1b.2J.x0aevil': denied by custom at [a-z_]+, to process [0-9]+ .re.x1b.31m.x0a." \
        "hostile names are shown byte by byte"
    is "$(weir events hostile | tr -d '[:print:]\n' | wc -c) $(weir why --net hostile | tr -d '[:print:]\n' | wc -c)" "0 0" "nothing of them reaches a terminal"
    matches "$(weir why --net hostile)" "policy +custom, by tier $tier" "weir why says what it may reach"
    rules "default deny" "socket agent"
    is "$(reached $port unix-stream agent)" "unix-stream EPERM agent ok" "but for those that are named"
    rules "default allow"
    is "$(reached $port unix-stream agent)" "unix-stream ok agent ok" "and none, where what no rule is about is allowed"
fi
rules "socket nobody"
refusal=$(weir run --net custom --net-degraded --rules "$scratch/rules" -- true 2>&1) && not_ok "a name that nobody has" "it was launched"
matches "$refusal" "no socket is registered by the name 'nobody'" "a socket that nobody has registered is refused, by its name"

# ---- Said, shown, kept ----

rules "# a comment" "" "default allow" "socket agent" "deny 10.0.0.0/8 tcp 1-1024 # why" "  deny 192.0.2.1"
shown=$'custom\ndefault allow\nsocket agent\ndeny 10.0.0.0/8 tcp 1-1024\ndeny 192.0.2.1'
weir run --name kept --detach --net custom --net-degraded --rules "$scratch/rules" -- sleep 600 >/dev/null
is "$(weir policy get kept)" "$shown" "rules are shown as they are taken"
tail -n +2 <<<"$shown" >"$scratch/again"
weir policy set kept custom --degraded --rules "$scratch/again"
is "$(weir policy get kept)" "$shown" "and taken as they are shown"
rules "default allow" "deny 127.0.0.1"
weir policy set kept custom --degraded --rules "$scratch/rules"
is "$(weir exec kept "$reach" "$port" tcp4 tcp4-alias | xargs)" "tcp4 EPERM tcp4-alias ok" "others come while it runs"
daemon_stop KILL
rm "$pin_dir/v1/fence/connect4"
fence_start
is "$(weir exec kept "$reach" "$port" tcp4 tcp4-alias | xargs)" "tcp4 EPERM tcp4-alias ok" "and stay with the next daemon, whose programs are new"
weir policy set kept open
is "$(weir exec kept "$reach" "$port" tcp4)" "tcp4 ok" "and go with the policy"

rules "allow 10.0.0.1/8"
refusal=$(weir run --net custom --rules "$scratch/rules" -- true 2>&1) || is $? 125 "a rule that is wrong is refused"
matches "$refusal" "rule 1: 'allow 10.0.0.1/8': 10.0.0.1/8 has bits set behind its prefix" "by its place, and it is said what is wrong"
refusal=$(weir policy set kept custom --rules "$scratch/none" 2>&1) || is $? 2 "so is a file that is not there"
matches "$refusal" "none.*No such file" "by its name"
refusal=$(weir run --net open --rules "$scratch/rules" -- true 2>&1) || is $? 125 "and rules of another policy"
matches "$refusal" "policy open has no rules: expected custom" "by its name"
for ((i = 0; i < 1025; i++)); do
    echo "allow 10.$((i / 256)).$((i % 256)).0/24 tcp 80"
done >"$scratch/rules"
fails "more than 1,024 rules are refused" weir policy set kept custom --degraded --rules "$scratch/rules"
sed -i 1d "$scratch/rules"
echo "allow 127.0.0.1" >>"$scratch/rules"
sed -i 1d "$scratch/rules"
weir policy set kept custom --degraded --rules "$scratch/rules"
is "$(weir exec kept "$reach" "$port" tcp4 tcp4-alias | xargs)" "tcp4 ok tcp4-alias EPERM" "1,024 are not"
done_testing
