/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

#define COPY_SIZE 65536

struct options {
	bool out, errors;
};

static const struct weir_option options[] = {
	{ "stdout", 0, NULL, NULL, offsetof(struct options, out), "its standard output alone" },
	{ "stderr", 0, NULL, NULL, offsetof(struct options, errors), "its standard error alone" },
	WEIR_OPTIONS_END,
};

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return 0;
}

/* To its end as it is now, or to the next hole: 0 at the end, else bytes copied or -errno. */
static ssize_t copy_some(int from, int to, char *buf)
{
	ssize_t n;
	int r;

	do {
		n = read(from, buf, COPY_SIZE);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n < 0 ? -errno : 0;
	r = write_all(to, buf, (size_t)n);
	return r < 0 ? r : n;
}

/* The daemon bounds a file by punching away its oldest part: it begins where data begins. */
static int copy_log(const char *path, int to)
{
	scoped(closep) int from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	scoped(freep) char *buf = malloc(COPY_SIZE);
	off_t start;
	ssize_t n;

	if (!buf)
		return -ENOMEM;
	if (from < 0)
		return -errno;
	start = lseek(from, 0, SEEK_DATA);
	if (start < 0)
		return errno == ENXIO ? 0 : -errno; /* nothing but a hole, or nothing at all */
	do {
		n = copy_some(from, to, buf);
	} while (n > 0);
	return (int)n;
}

static int show(const char *path, int to)
{
	int r;

	if (!path)
		return WEIR_EXIT_OK;
	r = copy_log(path, to);
	if (r == 0)
		return WEIR_EXIT_OK;
	weir_say("copy '%s': %s", path, strerror(-r));
	return WEIR_EXIT_FAILED;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = weir_connect(globals);
	scoped(weir_container_list_free) struct weir_container_list list = {};
	const struct options *chosen = data;
	const struct weir_container_info *info;
	int code = WEIR_EXIT_OK, r;

	(void)n_operands;
	if (!client)
		return WEIR_EXIT_FAILED;
	r = weir_client_containers(client, operands[0], &list);
	if (r < 0)
		return weir_failed(client, r);
	info = &list.list[0];
	if (info->foreground) {
		weir_say("container '%s' has no logs: it writes to its caller's terminal",
			 info->id);
		return WEIR_EXIT_FAILED;
	}

	if (chosen->out || !chosen->errors)
		code = show(info->stdout_path, STDOUT_FILENO);
	if (code == WEIR_EXIT_OK && (chosen->errors || !chosen->out))
		code = show(info->stderr_path, STDERR_FILENO);
	return code;
}

const struct weir_verb weir_verb_logs = {
	.name = "logs",
	.operands = "ID",
	.summary = "print what a detached container has written",
	.details = "Its stdout goes to stdout and its stderr to stderr, byte for byte. The daemon "
		   "keeps\n"
		   "the end of each when it grows too large.",
	.options = options,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
