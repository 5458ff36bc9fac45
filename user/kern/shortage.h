/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_SHORTAGE_H
#define WEIR_SHORTAGE_H

/*
 * How short of memory the node is, and being woken when it becomes so.
 *
 * One trigger for the whole node: each privileged one is a kernel thread. It only says "look now":
 * what is available is what counts (model/squeeze.h).
 */

#include <stdint.h>

struct weir_error;

struct weir_shortage {
	int meminfo_fd;
	int trigger_fd; /* poll(2) says POLLPRI at most once a second; -1: this kernel has none */
};

#define WEIR_SHORTAGE_INIT { .meminfo_fd = -1, .trigger_fd = -1 }

/*
 * @proc: where procfs is mounted. A kernel without PSI is no error: who asks at intervals notices,
 * too. -ENOENT and the like: there is no meminfo.
 */
int weir_shortage_open(const char *proc, struct weir_shortage *ret, struct weir_error *err);
void weir_shortage_close(struct weir_shortage *shortage);

/* MemAvailable, in bytes. -EIO: the kernel says none. Allocates nothing. */
int weir_shortage_available(const struct weir_shortage *shortage, uint64_t *ret,
			    struct weir_error *err);

#endif /* WEIR_SHORTAGE_H */
