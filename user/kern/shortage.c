/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/shortage.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

/* 100 ms in which some task waited for memory, within a second. The kernel takes 500 ms and more. */
static const char trigger[] = "some 100000 1000000";

static int open_trigger(const char *proc)
{
	char path[256];
	int fd;

	if (snprintf(path, sizeof(path), "%s/pressure/memory", proc) >= (int)sizeof(path))
		return -1;
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	/* The NUL belongs to it. */
	if (fd >= 0 && write(fd, trigger, sizeof(trigger)) < 0)
		return close_fd(fd);
	return fd;
}

int weir_shortage_open(const char *proc, struct weir_shortage *ret, struct weir_error *err)
{
	struct weir_shortage shortage = WEIR_SHORTAGE_INIT;
	char path[256];

	if (snprintf(path, sizeof(path), "%s/meminfo", proc) >= (int)sizeof(path))
		return weir_fail(err, -ENAMETOOLONG, "%s: a path that long is not taken", proc);
	shortage.meminfo_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (shortage.meminfo_fd < 0)
		return weir_fail(err, -errno, "open %s: %s", path, strerror(errno));
	shortage.trigger_fd = open_trigger(proc);
	*ret = shortage;
	return 0;
}

void weir_shortage_close(struct weir_shortage *shortage)
{
	shortage->meminfo_fd = close_fd(shortage->meminfo_fd);
	shortage->trigger_fd = close_fd(shortage->trigger_fd);
}

int weir_shortage_available(const struct weir_shortage *shortage, uint64_t *ret,
			    struct weir_error *err)
{
	static const char key[] = "\nMemAvailable:";
	/* It is the third line; the whole file has two pages at most. */
	char text[512];
	uint64_t kib;
	ssize_t len;
	char *found;

	len = pread(shortage->meminfo_fd, text, sizeof(text) - 1, 0);
	if (len < 0)
		return weir_fail(err, -errno, "read meminfo: %s", strerror(errno));
	text[len] = '\0';
	found = strstr(text, key);
	if (!found || sscanf(found + strlen(key), "%" SCNu64 " kB", &kib) != 1)
		return weir_fail(err, -EIO, "meminfo has no 'MemAvailable: N kB'");
	*ret = kib * 1024;
	return 0;
}
