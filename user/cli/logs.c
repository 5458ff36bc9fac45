/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cli.h"
#include "cli/text.h"
#include "weir/weir.h"

#define COPY_SIZE 65536
#define LOOK_MS	  500 /* how often is looked whether there will be more */

struct options {
	uint64_t tail; /* lines; WEIR_ABSENT: all */
	bool out, errors, follow;
};

static const struct weir_option options[] = {
	{ "follow", 'f', NULL, NULL, offsetof(struct options, follow),
	  "go on with what it writes, until it has ended" },
	{ "tail", 0, "N", weir_option_number, offsetof(struct options, tail),
	  "begin with the last N lines (all there is)" },
	{ "stdout", 0, NULL, NULL, offsetof(struct options, out), "its standard output alone" },
	{ "stderr", 0, NULL, NULL, offsetof(struct options, errors), "its standard error alone" },
	WEIR_OPTIONS_END,
};

static const struct options defaults = { .tail = WEIR_ABSENT };

/* One of a container's two files, and how far it is copied. */
struct stream {
	const char *path;
	int from, to;
	off_t at;
};

struct reading {
	struct weir_client *client;
	const char *id;
	struct stream streams[2];
	size_t n;
	char *buf; /* of COPY_SIZE */
};

/* ---- Copying ---- */

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

/* The daemon bounds a file by punching away its oldest part, which may overtake us. */
static int skip_hole(struct stream *stream)
{
	off_t data = lseek(stream->from, stream->at, SEEK_DATA);

	if (data < 0)
		return errno == ENXIO ? 0 : -errno; /* nothing more */
	stream->at = data;
	return 0;
}

/* To its end as it is now. */
static int copy_new(struct stream *stream, char *buf)
{
	ssize_t n;
	int r = skip_hole(stream);

	while (r == 0) {
		n = pread(stream->from, buf, COPY_SIZE, stream->at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = write_all(stream->to, buf, (size_t)n);
		stream->at += n;
	}
	return r;
}

/* Behind the last newline but @lines of the @n bytes; -1: there are not so many. *@lines counts down. */
static ssize_t find_line(const char *buf, size_t n, uint64_t *lines)
{
	while (n-- > 0) {
		if (buf[n] == '\n' && (*lines)-- == 0)
			return (ssize_t)n + 1;
	}
	return -1;
}

/* To where the last @lines lines begin. */
static int seek_tail(struct stream *stream, uint64_t lines, char *buf)
{
	off_t start, end = lseek(stream->from, 0, SEEK_END), at = end;
	int r = skip_hole(stream);
	char last = '\n';

	start = stream->at;
	if (r < 0 || end < 0 || start >= end)
		return r;
	if (lines == 0) {
		stream->at = end;
		return 0;
	}
	/* A last line without its newline counts, too. */
	if (pread(stream->from, &last, 1, end - 1) == 1 && last != '\n')
		lines--;
	while (at > start) {
		size_t size = at - start < COPY_SIZE ? (size_t)(at - start) : COPY_SIZE;
		ssize_t n = pread(stream->from, buf, size, at - (off_t)size), found;

		if (n != (ssize_t)size)
			return n < 0 ? -errno : 0;
		at -= n;
		found = find_line(buf, size, &lines);
		if (found >= 0) {
			stream->at = at + found;
			return 0;
		}
	}
	return 0;
}

static int failed(const struct stream *stream, int r)
{
	weir_say("copy '%s': %s", stream->path, strerror(-r));
	return WEIR_EXIT_FAILED;
}

static int copy_all(struct reading *reading)
{
	for (size_t i = 0; i < reading->n; i++) {
		int r = copy_new(&reading->streams[i], reading->buf);

		if (r < 0)
			return failed(&reading->streams[i], r);
	}
	return WEIR_EXIT_OK;
}

/* ---- Following ---- */

/* A daemon that is away is no end: the container writes on. */
static bool has_ended(const struct reading *reading)
{
	scoped(weir_container_list_free) struct weir_container_list list = {};
	int r = weir_client_containers(reading->client, reading->id, &list);

	return r == -ENOENT || (r == 0 && strcmp(list.list[0].state, "exited") == 0);
}

static int follow(struct reading *reading)
{
	scoped(closep) int watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd events = { .fd = watch, .events = POLLIN };
	int code = WEIR_EXIT_OK;
	bool ended = false;

	for (size_t i = 0; i < reading->n; i++)
		if (watch < 0 || inotify_add_watch(watch, reading->streams[i].path, IN_MODIFY) < 0)
			return failed(&reading->streams[i], -errno);
	while (code == WEIR_EXIT_OK && !ended) {
		/* Asked before the last look: what it wrote until its end is shown. */
		ended = poll(&events, 1, LOOK_MS) == 0 && has_ended(reading);
		while (read(watch, reading->buf, COPY_SIZE) > 0)
			;
		code = copy_all(reading);
	}
	return code;
}

/* ---- The verb ---- */

static int add_stream(struct reading *reading, const char *path, int to, uint64_t tail)
{
	struct stream *stream = &reading->streams[reading->n++];
	int r = 0;

	*stream = (struct stream){ .path = path, .to = to };
	stream->from = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (stream->from < 0)
		r = -errno;
	else if (tail != WEIR_ABSENT)
		r = seek_tail(stream, tail, reading->buf);
	return r < 0 ? failed(stream, r) : WEIR_EXIT_OK;
}

static int show(struct reading *reading, const struct weir_container_info *info,
		const struct options *chosen)
{
	int code = WEIR_EXIT_OK;

	if (info->stdout_path && (chosen->out || !chosen->errors))
		code = add_stream(reading, info->stdout_path, STDOUT_FILENO, chosen->tail);
	if (code == WEIR_EXIT_OK && info->stderr_path && (chosen->errors || !chosen->out))
		code = add_stream(reading, info->stderr_path, STDERR_FILENO, chosen->tail);
	if (code == WEIR_EXIT_OK)
		code = copy_all(reading);
	if (code == WEIR_EXIT_OK && chosen->follow)
		code = follow(reading);
	for (size_t i = 0; i < reading->n; i++)
		close_fd(reading->streams[i].from);
	return code;
}

static int run(const struct weir_globals *globals, const void *data, int n_operands,
	       char **operands)
{
	scoped(weir_disconnectp) struct weir_client *client = NULL;
	scoped(weir_container_list_free) struct weir_container_list list = {};
	scoped(freep) char *buf = malloc(COPY_SIZE);
	scoped(freep) char *id = NULL;
	struct reading reading = { .buf = buf };
	int code, r;

	(void)n_operands;
	if (!buf) {
		weir_say("out of memory");
		return WEIR_EXIT_FAILED;
	}
	code = weir_connect_for(globals, operands[0], &client, &id);
	if (code != WEIR_EXIT_OK)
		return code;
	r = weir_client_containers(client, id, &list);
	if (r < 0)
		return weir_failed(client, r);
	if (list.list[0].foreground || list.list[0].adopted) {
		weir_say("container '%s' has no logs: it writes %s", id,
			 list.list[0].adopted ? "where whoever started it said"
					      : "to its caller's terminal");
		return WEIR_EXIT_FAILED;
	}
	reading.client = client;
	reading.id = id;
	return show(&reading, &list.list[0], data);
}

const struct weir_verb weir_verb_logs = {
	.name = "logs",
	.operands = "ID",
	.summary = "print what a detached container has written",
	.details = "Its stdout goes to stdout and its stderr to stderr, byte for byte. The daemon "
		   "keeps\n"
		   "the end of each when it grows too large.",
	.options = options,
	.defaults = &defaults,
	.options_size = sizeof(struct options),
	.min_operands = 1,
	.max_operands = 1,
	.run = run,
};
