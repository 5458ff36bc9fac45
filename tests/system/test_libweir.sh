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

# ---- SUBSCRIBE, beside other things to wait for ----

cat >"$examples/follow.c" <<'C'
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <weir/subscribe.h>

/* Until NAME has ended: what was told of it; then until the subscription ends. */
int main(int argc, char **argv)
{
	struct weir_subscription *subscription;
	struct weir_client *client;
	struct weir_told told;
	int r, n_snapshots = 0;

	if (argc != 2 || weir_client_new(NULL, &client) < 0)
		return 1;
	r = weir_client_subscribe(client, 0, 0, &subscription);
	if (r < 0)
		return fprintf(stderr, "%s\n", weir_client_error(client)), 1;
	weir_client_free(client);
	for (;;) {
		struct pollfd wait = { .fd = weir_subscription_fd(subscription), .events = POLLIN };

		while ((r = weir_subscription_next(subscription, 0, &told)) > 0) {
			if (strcmp(told.type, "SUBSCRIBED") == 0 && strstr(told.json, "get_state"))
				printf("snapshot %d\n", ++n_snapshots);
			if (told.event && strcmp(told.event->id, argv[1]) == 0)
				printf("%s %s\n", told.type, told.event->kind);
		}
		fflush(stdout);
		if (r < 0)
			break;
		poll(&wait, 1, -1);
	}
	printf("%s: %s\n", r == -ESHUTDOWN ? "ended" : "failed", weir_subscription_error(subscription));
	weir_subscription_free(subscription);
	return 0;
}
C
compiles follow "$build/libweir.a" -ljansson -lcap-ng -lseccomp
"$examples/follow" told >"$scratch/told" 2>&1 &
follower=$!
succeeds "a subscription begins with a snapshot" eventually 5 grep -q "snapshot 1" "$scratch/told"
weir run --name told --detach -- true >/dev/null
weir wait told >/dev/null
succeeds "a subscription tells what happens" eventually 5 grep -q "WEIR ended" "$scratch/told"
weir api subscribe >"$scratch/records" &
records=$!
succeeds "weir api SUBSCRIBE: first a snapshot" eventually 5 grep -q '^{"type":"SUBSCRIBED"' "$scratch/records"
weir rm told
kill "$records"
wait "$records" 2>/dev/null || :

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

daemon_stop
wait "$follower" || :
is "$(cat "$scratch/told")" "snapshot 1
WEIR launched
WEIR ended
ended: the daemon has ended" "and ends in order with the daemon"
daemon_start

done_testing
