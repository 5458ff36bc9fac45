/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_TEST_CGROUP_FIXTURE_H
#define WEIR_TEST_CGROUP_FIXTURE_H

/* Directory trees that stand for cgroupfs, of either version. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/file.h"
#include "kern/cgroup.h"
#include "weir/abi.h"

/* [0] is cgroup2; on a v1 machine cpu and cpuacct share [1], memory is [2]. */
static char top[] = "/tmp/weir-test-cgroup-XXXXXX";
static struct weir_groups v1, v2;

static inline void add_hierarchy(struct weir_groups *groups, int version, const char *name)
{
	struct weir_hierarchy *h = &groups->h.list[groups->h.n++];

	h->version = version;
	assert_true(asprintf(&h->path, "%s/%s", top, name) > 0);
	assert_true(mkdir(h->path, 0755) == 0 || errno == EEXIST);
	h->root_fd = open(h->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	h->top_fd = fcntl(h->root_fd, F_DUPFD_CLOEXEC, 0);
	assert_true(h->root_fd >= 0 && h->top_fd >= 0);
	h->mount = strdup(h->path);
	assert_non_null(h->mount);
}

static inline int make_trees(void **state)
{
	(void)state;

	v1 = v2 = (struct weir_groups){ .h = WEIR_HIERARCHIES_INIT, .prefix = "weir." };
	strcpy(top, "/tmp/weir-test-cgroup-XXXXXX");
	if (!mkdtemp(top))
		return -1;

	add_hierarchy(&v1, 2, "unified");
	add_hierarchy(&v1, 1, "cpu");
	add_hierarchy(&v1, 1, "memory");
	v1.h.where[WEIR_SUBSYS_CPU] = v1.h.where[WEIR_SUBSYS_CPUACCT] = 1;
	v1.h.where[WEIR_SUBSYS_MEMORY] = 2;

	add_hierarchy(&v2, 2, "v2");
	v2.h.where[WEIR_SUBSYS_CPU] = v2.h.where[WEIR_SUBSYS_MEMORY] = 0;
	return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline int remove_trees(void **state)
{
	(void)state;

	weir_groups_done(&v1);
	weir_groups_done(&v2);
	return nftw(top, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* What the kernel would have put there. */
static inline void put(const struct weir_groups *groups, int index, const char *path,
		       const char *text)
{
	scoped(closep) int fd = openat(groups->h.list[index].root_fd, path,
				       O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
}

static inline void assert_holds(const struct weir_groups *groups, int index, const char *path,
				const char *text)
{
	struct weir_error err = {};
	char buf[256];

	assert_true(weir_file_read(groups->h.list[index].root_fd, path, buf, sizeof(buf), &err) >=
		    0);
	assert_string_equal(buf, text);
}

static inline bool exists(const struct weir_groups *groups, int index, const char *path)
{
	return faccessat(groups->h.list[index].root_fd, path, F_OK, 0) == 0;
}

static inline void create(const struct weir_groups *groups, const char *id)
{
	struct weir_error err = {};

	assert_int_equal(weir_cgroup_create(groups, id, &err), 0);
}

#define with_trees(test) cmocka_unit_test_setup_teardown(test, make_trees, remove_trees)

#endif /* WEIR_TEST_CGROUP_FIXTURE_H */
