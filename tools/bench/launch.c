/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch: how long from the request to the first instruction of the command.
 *
 *	launch [-n N] [-g GAP_MS] -- COMMAND [ARG]...     a launcher's command line that ends in `first`
 *	launch [-n N] [-g GAP_MS] -S SOCKET FIRST         the same command through weir's socket
 *
 * N launches, an idle gap before each: back to back they would hide what the kernel does
 * lazily. A request begins before fork() of the command line, or before the call on a socket
 * that is connected already. In an argument, %d is replaced by the number of the launch.
 * Prints one time per line, in us.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "options.h"
#include "weir/weir.h"

#define MAX_ARGS 64

struct series {
	unsigned int n, gap_ms;
	const char *socket; /* NULL: by command line */
	char **argv;
};

/* When the command came to life, as it told through @fd. */
static uint64_t first_ns(int fd)
{
	uint64_t ns;

	if (read(fd, &ns, sizeof(ns)) != sizeof(ns))
		errx(1, "the command did not start");
	return ns;
}

/* @arg with %d replaced by @number. Owned. */
static char *numbered(const char *arg, unsigned int number)
{
	const char *at = strstr(arg, "%d");
	char *text;
	int n = at ? asprintf(&text, "%.*s%d-%u%s", (int)(at - arg), arg, (int)getpid(), number,
			      at + 2)
		   : asprintf(&text, "%s", arg);

	if (n < 0)
		errx(1, "no memory");
	return text;
}

static uint64_t launch_command(char *const *template, unsigned int number)
{
	char *argv[MAX_ARGS + 1] = {};
	uint64_t since_ns, ns;
	int pipefd[2], status;
	pid_t pid;

	for (size_t i = 0; i < MAX_ARGS && template[i]; i++)
		argv[i] = numbered(template[i], number);
	if (pipe2(pipefd, O_CLOEXEC) < 0)
		err(1, "pipe");

	since_ns = clock_ns(CLOCK_MONOTONIC);
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		dup2(pipefd[1], STDOUT_FILENO);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	close(pipefd[1]);
	ns = first_ns(pipefd[0]) - since_ns;
	close(pipefd[0]);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		errx(1, "%s failed", argv[0]);
	for (size_t i = 0; argv[i]; i++)
		free(argv[i]);
	return ns;
}

static void must(struct weir_client *client, int r, const char *what)
{
	if (r < 0)
		errx(1, "%s: %s", what, weir_client_error(client));
}

static uint64_t launch_call(struct weir_client *client, const char *first, const char *fifo,
			    unsigned int number)
{
	const char *argv[] = { first, fifo, NULL };
	char *id = numbered("bench-%d", number);
	struct weir_launch_options options = { .id = id,
					       .argv = argv,
					       .amounts = WEIR_AMOUNTS_ABSENT };
	struct weir_wait_result result;
	uint64_t since_ns, ns;
	int exec_errno;
	/* Both ends, so that neither side waits for the other in open(). */
	int fd = open(fifo, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		err(1, "%s", fifo);
	options.amounts.cpu_request_mcpu = 100;
	options.amounts.cpu_limit_mcpu = 1000;
	options.amounts.mem_request_bytes = 64ULL << 20;
	options.amounts.mem_limit_bytes = 128ULL << 20;

	since_ns = clock_ns(CLOCK_MONOTONIC);
	must(client, weir_client_launch(client, &options, NULL, &exec_errno), "launch");
	ns = first_ns(fd) - since_ns;
	close(fd);
	must(client, weir_client_wait(client, id, 5000, &result), "wait");
	must(client, weir_client_remove(client, id), "remove");
	free(id);
	return ns;
}

static void run(const struct series *series)
{
	struct timespec gap = to_timespec(series->gap_ms * 1000 * NS_PER_US);
	struct weir_client *client = NULL;
	char fifo[64];
	bool healthy;

	snprintf(fifo, sizeof(fifo), "/tmp/weir-launch-%d", (int)getpid());
	if (series->socket) {
		if (mkfifo(fifo, 0600) < 0)
			err(1, "%s", fifo);
		if (weir_client_new(series->socket, &client) < 0)
			errx(1, "no client for %s", series->socket);
		must(client, weir_client_health(client, &healthy), series->socket);
	}
	for (unsigned int i = 0; i < series->n; i++) {
		uint64_t ns;

		nanosleep(&gap, NULL);
		ns = client ? launch_call(client, series->argv[0], fifo, i)
			    : launch_command(series->argv, i);
		printf("%.1f\n", (double)ns / NS_PER_US);
	}
	weir_client_free(client);
	unlink(fifo);
}

int main(int argc, char *argv[])
{
	struct series series = { .n = 20, .gap_ms = 100 };
	int c;

	while ((c = getopt(argc, argv, "+n:g:S:")) >= 0) {
		switch (c) {
		case 'n':
			series.n = option_count(optarg, "launches", 1, 100000);
			break;
		case 'g':
			series.gap_ms = option_count(optarg, "milliseconds", 0, 10000);
			break;
		case 'S':
			series.socket = optarg;
			break;
		default:
			return 2;
		}
	}
	if (optind == argc || argc - optind > MAX_ARGS)
		errx(2, "usage: launch [-n N] [-g GAP_MS] [-S SOCKET] COMMAND [ARG]...");
	series.argv = argv + optind;
	run(&series);
	return 0;
}
