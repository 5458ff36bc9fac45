/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serve SOCKET N READER_GID: the daemon's control socket over N containers that are made up, until stdin ends. Threads,
 * decoders, writers and HTTP are the daemon's; what a controller would have read is the unit tests' fake.
 */
#define FAKE_MAX_CONTAINERS 16384

#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "api/api.h"
#include "fake_controller.h"
#include "madeup.h"

#define THREADS 4

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || chmod(path, 0666) < 0 ||
	    listen(fd, 1024) < 0) {
		perror(path);
		exit(1);
	}
	return fd;
}

static int on_stdin(sd_event_source *source, int fd, uint32_t revents, void *data)
{
	(void)fd;
	(void)revents;
	(void)data;

	return sd_event_exit(sd_event_source_get_event(source), 0);
}

int main(int argc, char **argv)
{
	struct weir_api_options options = { .admin_gid = (gid_t)-1, .threads = THREADS };
	struct weir_error err = {};
	struct weir_api *api;
	sd_event *event;

	if (argc != 4)
		return fprintf(stderr, "usage: serve SOCKET N READER_GID\n"), 2;
	fake.n = strtoul(argv[2], NULL, 10);
	if (fake.n > FAKE_MAX_CONTAINERS)
		return fprintf(stderr, "serve: at most %d\n", FAKE_MAX_CONTAINERS), 2;
	for (size_t i = 0; i < fake.n; i++)
		fake.containers[i] = make_up(i);
	options.reader_gid = (gid_t)strtoul(argv[3], NULL, 10);

	if (sd_event_new(&event) < 0 ||
	    sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_stdin, NULL) < 0 ||
	    weir_api_new(event, listen_at(argv[1]), &options, &api, &err) < 0)
		return fprintf(stderr, "serve: %s\n", err.text), 1;
	weir_api_ready(api, &fake);
	puts("ready");
	fflush(stdout);
	sd_event_loop(event);
	weir_api_free(api);
	sd_event_unref(event);
	return 0;
}
