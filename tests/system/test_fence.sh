#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# What policies hold back, by what a server hears, at each tier that the kernel has.
[[ ${WEIR_TEST_NETNS:-} ]] || exec env WEIR_TEST_NETNS=1 unshare --net -- "$0" "$@"
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"
# shellcheck source=tests/system/fence.sh
. "$(dirname "$0")/fence.sh"

cat >"$scratch/families.py" <<'END'
import socket
had = set()
for family in range(46):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
        try:
            socket.socket(family, kind).close()
            had.add(family)
        except OSError:
            pass
print(*sorted(had))
END
cat >"$scratch/to_address.py" <<'END'
import socket
for address in ("10.87.0.1", "10.87.0.2"):
    try:
        socket.create_connection((address, 5051), 2).close()
        print(address, "ok")
    except OSError as error:
        print(address, error.strerror)
END

# evidence POLICY SAID HEARD…: a line for each way, for docs/fence.md.
evidence() {
    local policy=$1 said=$2 way error
    shift 2
    while read -r way error; do
        if [[ " $* " == *" $way "* ]]; then
            error=arrived
        fi
        echo "#= evasion $tier $policy $way $error"
    done <<<"$said"
}

# ---- Nobody is held who is not to be ----

nobody_is_held() {
    local alone reached_alone
    alone=$("$reach" "$port")
    reached_alone=$(heard $port)
    forget $port
    is "$(tries "free$tier" --cap-keep all -- $port)" "$alone" "$tier: row 31: without a policy all is as without weir"
    settle
    is "$(heard $port)" "$reached_alone" "$tier: row 31: all of it arrives"
    is "$(all_denials "free$tier")" 0 "$tier: and nothing is counted"
    forget $port
    "$reach" "$port" >"$scratch/outside"
    is "$(<"$scratch/outside")" "$alone" "$tier: row 31: nor is who lies in no container"
    forget $port
}

# ---- deny-agent-tcp ----

the_agent_by_ip_is_denied() {
    local policy=(--net deny-agent-tcp --cap-keep all) said way denied
    said=$(tries "agentless$tier" "${policy[@]}" -- $port)
    settle
    is "$(heard $port | sed "$seen_from_t2")" "" "$tier: row 27: deny-agent-tcp: nothing arrives at the agent's port, by whatever way"
    evidence deny-agent-tcp "$said" "$(heard $port)" "$(heard others)" "$(heard agent)"
    # Below T2 no hook sees who looks into whom: docs/fence.md says so.
    [[ $tier == T[23] ]] || said=$(grep -v '^leave-neighbour ' <<<"$said")
    is "$(grep "^leave-.* ok" <<<"$said" || :)" "" "$tier: nobody leaves the cgroup"
    for way in tcp4 tcp4-alias tcp4-unspecified tcp4-other tcp6 tcp6-mapped tcp6-unspecified tcp6-link-local tcp-fastopen \
        udp4-sendto udp4-unspec udp6-mapped uring-connect uring-async raw-header; do
        matches "$said" "(^|"$'\n'")$way (EPERM|EACCES)" "$tier: row 26: deny-agent-tcp: $way is refused"
    done
    matches "$said" "pair-stream ok"$'\n'"pair-dgram ok" "$tier: socket pairs work"
    matches "$said" "unix-stream ok.*agent ok.*unix-own-stream ok" "$tier: row 25: and unix sockets, the agent's among them"
    tries "elsewhere$tier" --net deny-agent-tcp -- $((port + 10)) tcp4 tcp6 udp4-sendto udp6-sendto >/dev/null
    settle
    is "$(heard $((port + 10)))" "tcp4 tcp6 udp4-sendto udp6-sendto" "$tier: row 26: other ports can be reached"
    is "$(all_denials "elsewhere$tier")" 0 "$tier: and nothing is counted"
    forget $((port + 10))

    tries "once$tier" --net deny-agent-tcp -- $port tcp4 tcp6 udp4-sendto >/dev/null
    is "$(denials "once$tier" agent) $(all_denials "once$tier")" "3 3" "$tier: row 27: each denial is counted once, with its reason"
    denied=$(weir events --json "once$tier" | jq -r 'select(.kind == "denied") | "\(.cause) \(.figures.port) \(.text)"' | head -n 1)
    matches "$denied" "^agent $port 127.0.0.1 port $port, protocol 6: denied by deny-agent-tcp at connect4, to process [0-9]+ .reach." \
        "$tier: and told, by whom and where to"
}

new_addresses_are_denied() {
    weir run --name waits --detach --net deny-agent-tcp -- sh -c 'until [ -e "$0" ]; do sleep 0.1; done; exec "$1" "$2" address' \
        "$scratch/go" python3 "$scratch/to_address.py" >/dev/null
    ip address add 10.87.0.1/32 dev lo
    ip address add 10.87.0.2/32 dev lo
    touch "$scratch/go"
    weir wait waits >/dev/null
    is "$(weir logs waits)" "10.87.0.1 Operation not permitted"$'\n'"10.87.0.2 Operation not permitted" "new addresses of the node lead nowhere, too"
}

# ---- agent-socket-only ----

# What a tier can't do is said, not skipped: a policy that needs it is refused, unless less is accepted.
less_is_refused() {
    local refusal
    if refusal=$(weir run --net agent-socket-only -- true 2>&1); then
        not_ok "$tier: a policy that can't be kept is refused" "it was launched"
    else
        matches "$refusal" "policy agent-socket-only can't be kept on this machine: unix sockets of others" \
            "$tier: a policy that can't be kept is refused, and it is said why"
    fi
    matches "$(tries "others$tier" --net agent-socket-only --net-degraded -- $port unix-stream)" "unix-stream ok" \
        "$tier: what is left open is open"
    is "$(field "others$tier" .weir.net.accept_degraded)" true "$tier: and its record says that less was accepted"
    forget others
}

# Of names it knows the agent's alone, from the root on.
names_are_known() {
    local said=$1
    matches "$said" "agent ok"$'\n'"agent-relative EPERM" "$tier: row 25: the agent's socket is reached, by its name"
    matches "$said" "unix-own-stream EPERM" "$tier: what is its own can't be told from others"
    is "$(heard agent)" "agent" "$tier: row 25: and the agent hears it"
}

sockets_are_known() {
    local said=$1
    matches "$said" "agent ok"$'\n'"agent-relative ok" "$tier: row 25: the agent's socket is reached, by whatever name"
    matches "$said" "unix-own-stream ok"$'\n'"unix-own-dgram ok"$'\n'"unix-own-path ok" "$tier: row 26: its own are, by their names"
    is "$(heard agent)" "agent agent-relative" "$tier: row 25: and the agent hears it"
}

only_the_agent_is_left() {
    local policy=(--net agent-socket-only --net-degraded) said
    forget others
    forget agent
    said=$(tries "socket$tier" "${policy[@]}" --cap-keep all -- $port)
    settle
    is "$(heard $port | sed "$seen_from_t2")" "" "$tier: row 27: agent-socket-only: nothing arrives"
    evidence agent-socket-only "$said" "$(heard $port)" "$(heard others)" "$(heard agent)"
    is "$(grep "^\(tcp\|udp\|mptcp\|raw\|icmp\|uring\|listen\).* ok" <<<"$said" || :)" "" "$tier: row 26: agent-socket-only: no way by IP is left"
    is "$(grep "^\(packet\|netlink\|vsock\|xdp\|alg\).* ok" <<<"$said" || :)" "" "$tier: row 28: nor by another family"
    matches "$said" "pair-stream ok"$'\n'"pair-dgram ok" "$tier: row 26: its own unix sockets work"
    is "$(weir run "${policy[@]}" --cap-keep all -- python3 "$scratch/families.py" </dev/null)" "$(families_left)" \
        "$tier: row 28: of the families 0 to 45 only AF_UNIX can be had"
    files_of_others
    if [[ $tier == T0 ]]; then
        less_is_refused
        return
    fi
    is "$(grep "^unix-[^o].* ok" <<<"$said" || :)" "" "$tier: row 26: nobody else's unix socket can be reached"
    is "$(heard others)" "" "$tier: row 27: agent-socket-only: no other unix socket hears anything"
    if [[ $tier == T1 ]]; then
        names_are_known "$said"
    else
        sockets_are_known "$said"
    fi
    is "$(weir run --user nobody "${policy[@]}" -- "$reach" "$port" agent)" "agent ok" "$tier: row 25: as another user, too"
    is "$(weir run "${policy[@]}" -- unshare --map-root-user --net "$reach" "$port" agent)" "agent ok" \
        "$tier: row 25: and from another network namespace"
    is "$(weir run "${policy[@]}" -- unshare --map-root-user --mount --net "$reach" "$port" tcp4 unix-stream)" "tcp4 EPERM"$'\n'"unix-stream EPERM" \
        "$tier: other namespaces do not lead past it"
}
families_left() {
    echo 1
}

# A socket that was made outside: handed on, sent, and taken.
files_of_others() {
    local way said policy=(--net agent-socket-only --net-degraded --cap-keep all)
    forget $port
    for way in inherited received taken; do
        said=$(python3 "$tree/tests/system/outside.py" "$way" "$port" "$build/weir" run "${policy[@]}" --env REACH_DONOR -- \
            "$reach" "$port" "$way" 2>&1) || :
        settle
        [[ $said == "$way "* ]] || said="$way EPERM" # it was not launched
        evidence agent-socket-only "$said" "$(heard $port)"
        echo "# $tier $said"
        # What comes in a message no filter and no cgroup's hook sees: docs/fence.md says so.
        [[ $way == received && $tier == T[01] ]] ||
            is "$(heard $port)" "" "$tier: row 27: nothing is said on a socket that is $way"
        forget $port
    done
}

recorders_start
fence_start
best=$tier
new_addresses_are_denied
# The least and the most that the kernel has; between them on request.
tiers=(T0 "$best")
[[ $best != T0 ]] || tiers=(T0)
[[ ${WEIR_TEST_TIERS:-} != all ]] || tiers=(T0 T1 T2 T3)
for wanted in "${tiers[@]}"; do
    [[ $wanted < $best || $wanted == "$best" ]] || break
    daemon_stop
    fence_start "$wanted"
    if [[ $tier != "$wanted" && $wanted == T1 ]]; then
        skip "T1" "this kernel, before 6.7, has no hooks for it"
        continue
    fi
    is "$tier" "$wanted" "$wanted is in force"
    seen_from_t2=
    [[ $tier == T[23] ]] || seen_from_t2='s/leave-neighbour//'
    nobody_is_held
    the_agent_by_ip_is_denied
    only_the_agent_is_left
done
done_testing
