#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119,SC2317
#
# Reservations where they meet: containers that yield, nodes that shrink, disks of two daemons, configurations that change.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

conf=$scratch/weir.conf
configure() {
    printf '%s\n' "$@" >"$conf"
}
again() {
    daemon_stop
    daemon_start --config "$conf"
}
request() {
    field "$1" .weir.cpu_request_mcpu
}
reserved() {
    weir roles --json | jq --arg role "$1" '[.[] | select(.role == $role) | .reserved_mcpu][0] // 0'
}
version() {
    weir api GET_RESERVATIONS | jq .get_reservations.version
}
mkdir "$scratch/path" "$scratch/data"
configure '[node]' 'disk = 100Gi' "disks = PATH:$scratch/path:10Gi"
daemon_start --config "$conf"

# ---- Who yields what ----

weir reserve --role k --cpu 0.2
weir reserve --role k/z --cpu 0.2
weir run --name own --role k --cpu 0.2:max --detach -- sleep 600 >/dev/null
weir run --name below --role k/z --cpu 0.2:max --detach -- sleep 600 >/dev/null
succeeds "capacity is moved from who uses it" weir reserve move --from k --to q --cpu 0.05 --yield
is "$(request own) $(request below)" "150 200" "and nobody whose own role bears it gives up anything"
weir rm --force own below
weir unreserve --role k --cpu 0.15
weir unreserve --role k/z --cpu 0.2
weir unreserve --role q --cpu 0.05

weir reserve --role ex --cpu 0.6
weir run --executor --name e --role ex --cpu 0.1 --detach -- sleep 600 >/dev/null
weir run --in e --shared --name t --cpu 0.3 --detach -- sleep 600 >/dev/null
succeeds "a task without limits of its own yields" weir reserve move --from ex --to q --cpu 0.3 --yield
is "$(($(request e/t) <= 290)) $(reserved ex) $(reserved q)" "1 300 300" "as much as it takes"
weir rm --force e
weir unreserve --role ex --cpu 0.3
weir unreserve --role q --cpu 0.3

weir reserve --role ev --mem 256Mi
weir run --name lim --role ev --mem 128Mi --detach -- sleep 600 >/dev/null
fails "what nobody can yield is refused" weir reserve move --from ev --to q --mem 250Mi --yield 2>/dev/null
weir update lim --mem 200Mi
is "$(field lim .weir.mem_request_bytes) $(field lim .weir.mem_limit_bytes)" "$((200 << 20)) $((200 << 20))" \
    "and has left nothing behind: a limit that was not said follows the request"
weir rm --force lim
weir unreserve --role ev --mem 256Mi

# ---- Stacks ----

weir reserve --role eng --cpu 0.5
weir reserve --refine --role eng/ads --cpu 0.4
weir reserve --refine --role eng/ads/x --cpu 0.3
weir reserve move --from eng/ads/x --to eng/search --cpu 0.3
is "$(weir api GET_RESERVATIONS | jq -c '[.get_reservations.resources[].reservations | select(.) | map(.role)] | sort')" \
    '[["eng"],["eng","eng/ads"],["eng","eng/search"]]' "a move stays below all roles that are above both"
before=$(version)
weir reserve move --from eng/search --to eng/search --cpu 0.3
is "$(version)" "$before" "from a stack to itself nothing changes"
weir unreserve --role eng/search --cpu 0.3
weir unreserve --role eng/ads --cpu 0.1
weir unreserve --role eng --cpu 0.5

# ---- Volumes of odd names and places ----

for role in a: a:/b; do
    weir reserve --role "$role" --disk 2Gi
    weir volume create --role "$role" --disk 1Gi vol
done
is "$(weir run --role a:/b --volume "vol:$scratch/data" -- sh -c 'echo x >"$0/x"; ls "$0"' "$scratch/data")" x "a role may have colons"
is "$(weir volume list --json | jq -r '.[] | select(.role == "a:/b") | .path' | xargs ls)" x "it is its volume that is had"
for where in / //; do
    matches "$(weir run --role a: --volume "vol:$where" -- true 2>&1)" "nothing can be mounted at '/'" "not at $where"
done
matches "$(weir run --role a:/b --volume "vol:$scratch/data" --volume "a:/vol:$scratch" -- true 2>&1)" "comes twice|has no volume" "nor twice"
is "$(cd "$scratch/data" && weir run --role a:/b --volume "vol:$scratch/data" -- ls)" x "who stands where it is mounted stands in it"

# ---- Disks ----

weir reserve --role p --disk 1Gi --on "PATH:$scratch/path"
weir volume create --role p --disk 512Mi --on "PATH:$scratch/path" pv
is "$(curl -s --unix-socket "$WEIR_SOCKET" -H 'Content-Type: application/json' -d '{"type": "GET_ROLES"}' http://weir/master/api/v1 |
    jq -c '.get_roles.roles[] | select(.name == "p").resources | map([.name, .scalar.value])')" '[["disk",1024]]' \
    "a role is told that has nothing but disk"
matches "$("$build/weir-daemon" --socket "$scratch/other.sock" --state-dir "$scratch/other" --pin-dir "$pin_dir-other" \
    --cgroup-prefix "${prefix%.}other." --config "$conf" 2>&1)" "another daemon's" "a disk is one daemon's"
is "$(find "$scratch/path/weir-volumes" -mindepth 1 -maxdepth 1 | wc -l)" 1 "and its volumes stay"
succeeds "nothing of the other is left" "$build/weir" purge --socket "$scratch/other.sock" --cgroup-prefix "${prefix%.}other." --state-dir "$scratch/other" --pin-dir "$pin_dir-other" --run-dir "$scratch/run-other"
echo secret >"$(weir volume list --json | jq -r '.[] | select(.id == "pv").path')/file"
for volume in a:/vol a:/b/vol; do
    weir volume destroy --role "${volume%/*}" vol
done
daemon_stop
matches "$(weir purge --cgroup-prefix "$prefix" --state-dir "$state_dir" --run-dir "$scratch/run" 2>&1)" "volumes?, .* --force" \
    "purge is refused for volumes on other disks, too"
weir purge --force --cgroup-prefix "$prefix" --state-dir "$state_dir" --pin-dir "$pin_dir" --run-dir "$scratch/run"
daemon_start --config "$conf"
weir reserve --role p --disk 1Gi --on "PATH:$scratch/path"
succeeds "what is left of an earlier volume is in nobody's way" weir volume create --role p --disk 512Mi --on "PATH:$scratch/path" pv
is "$(cat "$scratch"/path/weir-volumes/*/file)" secret "and left as it is"

# ---- A node that becomes smaller ----

total=$(weir api GET_AGENT | jq '[.get_agent.agent_info.resources[] | select(.name == "cpus").scalar.value] | add * 1000 | floor')
weir reserve --role oc --cpu "$((total - 100))m"
configure '[node]' 'disk = 100Gi' "disks = PATH:$scratch/path:10Gi" "reserve_cpu = $(($(nproc) * 1000 - 300))m"
again
matches "$(grep -c "more of cpus is reserved than the node has now" "$daemon_log")" '^[1-9]' "it says so"
fails "and promises no more than it has" weir run --name much --role oc --cpu 0.4:max --detach -- true 2>/dev/null
succeeds "but that" weir run --name some --role oc --cpu 0.2:max --detach -- sleep 600
weir rm --force some
configure '[node]' 'disk = 100Gi' "disks = PATH:$scratch/path:10Gi"
again
weir unreserve --role oc --cpu "$((total - 100))m"

# ---- What the configuration reserves ----

half=$((total * 6 / 10)) rest=$((total * 2 / 10))
configure '[node]' 'disk = 100Gi' "disks = PATH:$scratch/path:10Gi" '[roles]' "static = sa cpus=${half}m, sb cpus=${rest}m"
again
is "$(reserved sa) $(reserved sb)" "$half $rest" "static reservations"
configure '[node]' 'disk = 100Gi' "disks = PATH:$scratch/path:10Gi" '[roles]' "static = sb cpus=${half}m, sa cpus=${rest}m"
again
is "$(reserved sa) $(reserved sb)" "$rest $half" "what is given back is there to be taken, in whatever order it is said"
daemon_stop
configure '[roles]' 'static = sa cpus=0.1, sa mem=64Mi'
matches "$("$build/weir-daemon" "${daemon_options[@]}" --config "$conf" 2>&1)" "role 'sa' comes twice" "a role comes once"
configure '[node]' 'disk = 100Gi' "disks = PATH:$scratch/path:10Gi"
daemon_start --config "$conf"
weir volume destroy --role p pv
done_testing
