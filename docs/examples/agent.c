/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small agent on libweir: it launches an executor with two tasks in it, gives one of them more while it runs, and
 * says what becomes of them. When the tasks have ended it ends the executor, and forgets it.
 *
 *	cc -o agent agent.c -lweir -ljansson -lcap-ng -lseccomp
 *	./agent [SOCKET]
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

#define EXECUTOR "example"
#define CPU	 100 /* thousandths of one */
#define MIB	 (1ull << 20)

static void die(const struct weir_client *client, const char *what)
{
	fprintf(stderr, "agent: %s: %s\n", what, weir_client_error(client));
	exit(1);
}

static void launch(struct weir_client *client, const char *id, const char *const *argv,
		   bool is_executor)
{
	struct weir_launch_options options = {
		.id = id,
		.argv = argv,
		.amounts = WEIR_AMOUNTS_ABSENT,
		.executor = is_executor,
	};
	int exec_errno;

	options.amounts.cpu_request_mcpu = CPU; /* promised; it may use what nobody else does */
	options.amounts.mem_request_bytes = 32 * MIB;
	options.amounts.mem_limit_bytes = 64 * MIB;
	if (weir_client_launch(client, &options, NULL, &exec_errno) < 0)
		die(client, id);
}

/* What is not said stays as it is. */
static void give_more(struct weir_client *client, const char *id)
{
	struct weir_amounts more = WEIR_AMOUNTS_ABSENT;
	bool pending;

	more.cpu_request_mcpu = 2 * CPU;
	if (weir_client_update(client, id, &more, NULL, &pending) < 0)
		die(client, id);
}

/* Waits for events until both tasks have ended. An answer without any says only that time has passed. */
static void follow(struct weir_client *client)
{
	uint64_t since = 0, epoch_us = 0;
	int left = 2;

	while (left > 0) {
		struct weir_event_list events = {};

		if (weir_client_events(client, NULL, since, epoch_us, WEIR_EVENTS_WAIT_MAX_MS,
				       &events) < 0)
			die(client, "events");
		for (size_t i = 0; i < events.n; i++) {
			const struct weir_event_info *event = &events.list[i];

			if (strncmp(event->id, EXECUTOR, strlen(EXECUTOR)) != 0)
				continue;
			printf("%s %s: %s\n", event->id, event->kind, event->text);
			left -= strcmp(event->kind, "ended") == 0;
		}
		since = events.next;
		epoch_us = events.epoch_us;
		weir_event_list_free(&events);
	}
}

int main(int argc, char **argv)
{
	static const char *const executor[] = { "sleep", "3600", NULL };
	static const char *const quick[] = { "sh", "-c", "sleep 0.2; exit 3", NULL };
	static const char *const slow[] = { "sleep", "2", NULL };
	struct weir_wait_result end;
	struct weir_client *client;

	if (weir_client_new(argc > 1 ? argv[1] : NULL, &client) < 0)
		return fprintf(stderr, "agent: out of memory\n"), 1;
	launch(client, EXECUTOR, executor, true);
	launch(client, EXECUTOR "/quick", quick, false);
	launch(client, EXECUTOR "/slow", slow, false);
	give_more(client, EXECUTOR "/slow");
	follow(client);
	if (weir_client_kill(client, EXECUTOR, 9) < 0 ||
	    weir_client_wait(client, EXECUTOR, -1, &end) < 0 ||
	    weir_client_remove(client, EXECUTOR) < 0)
		die(client, EXECUTOR);
	printf("%s: %s\n", EXECUTOR, end.message);
	weir_client_free(client);
	return 0;
}
