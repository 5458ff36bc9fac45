#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119
#
# The examples of libweir(3): they compile as they stand, and do what the page says.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

daemon_start

# Each between .EX and .EE, written for roff: \e is a backslash, \- a hyphen.
examples=$scratch/examples
mkdir "$examples"
awk -v dir="$examples" '
    /^\.SH/ { on = /EXAMPLES/ }
    /^\.EE/ { file = "" }
    file { print > file }
    on && /^\.EX/ { file = dir "/" ++n ".c" }' "$tree/docs/man/libweir.3"
sed -i 's/\\e/\\/g; s/\\-/-/g' "$examples"/*.c

# compiles NUMBER [LIBRARY…]
compiles() {
    local number=$1
    shift
    succeeds "example $number compiles" "${CC:-gcc}" -Wall -Wextra -Werror \
        -I "$tree/include" -o "$examples/$number" "$examples/$number.c" "$@"
}
compiles 1 "$build/libweir.a" -ljansson -lcap-ng -lseccomp
compiles 2 "$build/libweir.a" -ljansson -lcap-ng -lseccomp
compiles 3

is "$("$examples/1" 2>&1)" "self: exited with 0" "launch, update, wait, remove"
"$examples/2" >"$scratch/happens" &
follower=$!
# shellcheck disable=SC2317 # eventually calls it
happens() {
    grep -q "^[1-9][0-9]* nap$1 $2: " "$scratch/happens"
}
for ((i = 0; i < 50; i++)); do # it begins somewhere between these
    weir run --name "nap$i" --detach -- true >/dev/null
    weir wait "nap$i" >/dev/null
    weir rm "nap$i"
    ! eventually 1 happens "$i" ended || break
done
succeeds "what happens, as it does" happens "$i" ended
fails "and not what happened before" grep -q " nap launched" "$scratch/happens"
kill "$follower"
wait "$follower" 2>/dev/null || :
weir run --name busy --detach -- sh -c 'i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done' \
    >/dev/null
weir wait busy >/dev/null
matches "$("$examples/3")" "^busy [1-9][0-9]* [0-9]+$" "CPU time from the maps"

# ---- The agent of docs/examples ----

succeeds "the example of an agent compiles" "${CC:-gcc}" -Wall -Wextra -Werror -I "$tree/include" \
    -o "$examples/agent" "$tree/docs/examples/agent.c" "$build/libweir.a" -ljansson -lcap-ng -lseccomp
said=$("$examples/agent" 2>&1)
# A slow machine may find it over its request at its start; how often is not the example's to say.
is "$(grep -vE ' (launched|demoted|promoted): ' <<<"$said")" "example/slow updated: cpu 0.1:max -> 0.2:max, mem 32Mi:64Mi -> 32Mi:64Mi
example/quick ended: exited with 3
example/slow ended: exited with 0
example: killed by signal 9 (SIGKILL)" "an agent: what became of its tasks"
is "$(grep -c ' launched: ' <<<"$said")" 3 "an agent: its executor and two tasks"
fails "an agent: leaves nothing behind" weir inspect example

done_testing
