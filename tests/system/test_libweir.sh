#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# shellcheck disable=SC2016,SC2119
#
# The examples of libweir(3): they compile as they stand, and do what the page says.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/system/more.sh
. "$(dirname "$0")/more.sh"

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

# ---- State, settings, figures ----

cat >"$examples/state.c" <<'C'
#include <stdio.h>
#include <string.h>
#include <weir/reserve.h>
#include <weir/state.h>

static int failed(const struct weir_client *client)
{
	printf("failed: %s\n", weir_client_error(client));
	return 1;
}

static void print_labels(size_t n, const struct weir_label_info *labels)
{
	for (size_t i = 0; i < n; i++)
		printf(" %s=%s", labels[i].key, labels[i].value);
	printf("\n");
}

static void print(const struct weir_state *state)
{
	for (size_t i = 0; i < state->n_tasks; i++) {
		const struct weir_task_info *task = &state->tasks[i];

		printf("task %s of %s: %s %s%s", task->id, task->framework_id, task->state,
		       task->message ? task->message : "", task->completed ? " completed" : "");
		print_labels(task->n_labels, task->labels);
	}
	for (size_t i = 0; i < state->n_executors; i++) {
		const struct weir_executor_info *executor = &state->executors[i];

		printf("executor %s of %s, %zu thousandths", executor->id, executor->framework_id,
		       (size_t)executor->cpu_request_mcpu);
		print_labels(executor->n_labels, executor->labels);
	}
	for (size_t i = 0; i < state->n_frameworks; i++)
		printf("framework %s%s\n", state->frameworks[i].id,
		       state->frameworks[i].completed ? " completed" : "");
}

int main(void)
{
	struct weir_container_list containers;
	struct weir_operation_list operations;
	struct weir_metric_list metrics;
	struct weir_agent_info agent;
	struct weir_client *client;
	struct weir_flag_list flags;
	struct weir_state state;
	unsigned int level;

	if (weir_client_new(NULL, &client) < 0)
		return 1;
	for (int part = WEIR_STATE_ALL; part <= WEIR_STATE_FRAMEWORKS; part++) {
		if (weir_client_state(client, part, &state) < 0)
			return failed(client);
		printf("part %d: %zu, %zu, %zu\n", part, state.n_tasks, state.n_executors, state.n_frameworks);
		if (part == WEIR_STATE_ALL)
			print(&state);
		weir_state_free(&state);
	}
	if (weir_client_containers(client, "shop", &containers) < 0)
		return failed(client);
	printf("container:");
	print_labels(containers.list[0].n_labels, containers.list[0].labels);
	weir_container_list_free(&containers);
	if (weir_client_agent(client, &agent) < 0)
		return failed(client);
	printf("agent: %s\n", *agent.id && *agent.hostname && agent.mcpu && agent.mem_bytes ? "whole" : "in part");
	weir_agent_info_free(&agent);
	if (weir_client_flags(client, &flags) < 0)
		return failed(client);
	for (size_t i = 0; i < flags.n; i++)
		if (strcmp(flags.list[i].name, "daemon.socket") == 0)
			printf("socket: %s\n", flags.list[i].value);
	weir_flag_list_free(&flags);
	if (weir_client_metrics(client, &metrics) < 0)
		return failed(client);
	for (size_t i = 0; i < metrics.n; i++)
		if (strcmp(metrics.list[i].name, "slave/executors_running") == 0)
			printf("executors: %g\n", metrics.list[i].value);
	weir_metric_list_free(&metrics);
	if (weir_client_operations(client, &operations) < 0)
		return failed(client);
	printf("operations: %zu, %s\n", operations.n, operations.n ? operations.list[operations.n - 1].kind : "none");
	weir_operation_list_free(&operations);
	if (weir_client_set_logging_level(client, 1, 60000000000) < 0 || weir_client_logging_level(client, &level) < 0)
		return failed(client);
	printf("level: %u\n", level);
	if (weir_client_set_logging_level(client, 1, 0) >= 0)
		printf("for no time at all\n");
	weir_client_free(client);
	return 0;
}
C
compiles state "$build/libweir.a" -ljansson -lcap-ng -lseccomp
weir run --name shop --executor --label framework_id=till --label tier=gold --cpu 0.1:max --detach -- "$load" nap >/dev/null
weir run --name sale --in shop --label n=1 --detach -- "$load" nap >/dev/null
weir run --name over --detach -- false >/dev/null
weir wait over >/dev/null || :
weir reserve --role till --cpu 0.1
weir rm busy
is "$("$examples/state")" "part 0: 2, 1, 2
task shop/sale of till: TASK_RUNNING  n=1
task over of weir: TASK_FAILED exited with 1 completed
executor shop of till, 100 thousandths framework_id=till tier=gold
framework till
framework weir completed
part 1: 2, 0, 0
part 2: 0, 1, 0
part 3: 0, 0, 2
container: framework_id=till tier=gold
agent: whole
socket: $WEIR_SOCKET
executors: 1
operations: 1, RESERVE
level: 1" "state, settings, figures, operations, and how much is logged"
weir rm over
weir kill shop
weir wait shop >/dev/null || :
weir rm shop
matches "$(weir run --label =gold --detach -- true 2>&1 || :)" "label '=gold': expected KEY=VALUE" "a label has a key and a value"

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
# It may have been found over its request at its start.
is "$(grep -vE ' (demoted|promoted)$' "$scratch/told")" "snapshot 1
WEIR launched
WEIR ended
ended: the daemon has ended" "and ends in order with the daemon"
daemon_start

done_testing
