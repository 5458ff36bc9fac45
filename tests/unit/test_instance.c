/* SPDX-License-Identifier: Apache-2.0 */
/* Daemons side by side: which may be, and which would take each other's containers. */

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
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "daemon/instance.h"
#include "daemon/options.h"

struct fixture {
	char dir[32];
	struct weir_instance first;
};

/* What instance.h looks at. */
struct wish {
	const char *pin_dir, *prefix, *parent;
};

static int claim(const struct fixture *f, const struct wish *wish, struct weir_instance *ret,
		 struct weir_error *err)
{
	const struct weir_options options = {
		.pin_dir = (char *)(uintptr_t)wish->pin_dir,
		.cgroup_prefix = (char *)(uintptr_t)wish->prefix,
		.cgroup_parent = (char *)(uintptr_t)wish->parent,
	};

	return weir_instance_claim(f->dir, &options, ret, err);
}

static int set_up(void **state)
{
	const struct wish wish = { "/sys/fs/bpf/weir", "weir.", NULL };
	struct fixture *f = calloc(1, sizeof(*f));
	struct weir_error err = {};

	f->first = (struct weir_instance)WEIR_INSTANCE_INIT;
	strcpy(f->dir, "/tmp/weir-instance.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	*state = f;
	return claim(f, &wish, &f->first, &err);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static int tear_down(void **state)
{
	struct fixture *f = *state;

	weir_instance_release(&f->first);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

/* Beside one with /sys/fs/bpf/weir and "weir." at the top; NULL: they get along. */
static const struct {
	struct wish wish;
	const char *text; /* %d: our pid */
} neighbours[] = {
	{ { "/sys/fs/bpf/other", "other.", NULL }, NULL },
	{ { "/sys/fs/bpf/other", "weir-", NULL }, NULL },
	{ { "/sys/fs/bpf/other", "weir.", "box.slice" }, NULL },
	{ { "/sys/fs/bpf/other", "weir.", "odd name:%" }, NULL },
	{ { "/sys/fs/bpf/other", "weir.", "weir." }, NULL }, /* a prefix alone is no container */
	{ { "/sys/fs/bpf/other", "x", "weir.slice" },
	  "cgroup parent 'weir.slice' overlaps the prefix 'weir.', which is in use by another "
	  "weir-daemon (pid %d)" },
	{ { "/sys/fs/bpf/weir", "other.", NULL },
	  "pin directory '/sys/fs/bpf/weir' is in use by another weir-daemon (pid %d)" },
	{ { "/sys/fs/bpf/other", "weir.", NULL },
	  "cgroup prefix 'weir.' is in use by another weir-daemon (pid %d)" },
	{ { "/sys/fs/bpf/other", "weir.demo.", NULL },
	  "cgroup prefix 'weir.demo.' overlaps 'weir.', which is in use by another weir-daemon "
	  "(pid %d)" },
	{ { "/sys/fs/bpf/other", "we", NULL },
	  "cgroup prefix 'we' overlaps 'weir.', which is in use by another weir-daemon (pid %d)" },
};

static void neighbours_may_not_share_pins_or_prefixes(void **state)
{
	struct fixture *f = *state;

	for (size_t i = 0; i < ARRAY_SIZE(neighbours); i++) {
		struct weir_instance second = WEIR_INSTANCE_INIT;
		struct weir_error err = {};
		char expected[256], pid[16];
		const char *text = neighbours[i].text;

		assert_int_equal(claim(f, &neighbours[i].wish, &second, &err), text ? -EBUSY : 0);
		if (text) {
			snprintf(pid, sizeof(pid), "%d)", (int)getpid());
			snprintf(expected, sizeof(expected), "%.*s%s",
				 (int)(strstr(text, "%d)") - text), text, pid);
			assert_string_equal(err.text, expected);
			assert_int_equal(second.pins_fd, -1);
		}
		weir_instance_release(&second);
	}
}

/* The other way round: whoever comes second would clean up the directory of the first. */
static void a_prefix_may_not_take_in_a_parent_in_use(void **state)
{
	const struct wish below = { "/sys/fs/bpf/below", "a.", "box.slice" };
	const struct wish wishes[] = { { "/sys/fs/bpf/other", "box.", NULL },
				       { "/sys/fs/bpf/other", "box.slice", NULL },
				       { "/sys/fs/bpf/other", "box.", "weirs" } };
	struct weir_instance first = WEIR_INSTANCE_INIT;
	struct fixture *f = *state;
	struct weir_error err = {};

	assert_int_equal(claim(f, &below, &first, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
		struct weir_instance second = WEIR_INSTANCE_INIT;

		assert_int_equal(claim(f, &wishes[i], &second, &err), i == 0 ? -EBUSY : 0);
		if (i == 0)
			assert_non_null(strstr(err.text, "prefix 'box.' overlaps the parent "
							 "'box.slice', which is in use"));
		weir_instance_release(&second);
	}
	weir_instance_release(&first);
}

/* The daemon is killed while it starts a command: until that executes, it has the daemon's fds. */
static void a_lock_that_the_dead_left_to_a_child_is_waited_for(void **state)
{
	const struct wish wish = { "/sys/fs/bpf/other", "other.", NULL };
	struct weir_instance second = WEIR_INSTANCE_INIT;
	struct fixture *f = *state;
	struct weir_error err = {};
	int ends[2];
	char byte;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		if (claim(f, &wish, &second, &err) < 0 || fork() > 0 || usleep(200000) < 0 ||
		    write(ends[1], "", 1) != 1)
			_exit(1);
		_exit(0);
	}
	close(ends[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(claim(f, &wish, &second, &err), 0);
	assert_int_equal(read(ends[0], &byte, 1), 1); /* it was there until just now */
	weir_instance_release(&second);
	close(ends[0]);
}

static void a_file_that_a_dead_daemon_left_is_no_lock(void **state)
{
	const struct wish wish = { "/sys/fs/bpf/other", "weir.demo.", NULL };
	struct weir_instance second = WEIR_INSTANCE_INIT;
	struct fixture *f = *state;
	struct weir_error err = {};

	/* As a daemon does that is killed: the fds go, the files stay. */
	f->first.pins_fd = close_fd(f->first.pins_fd);
	f->first.groups_fd = close_fd(f->first.groups_fd);
	assert_int_equal(access(f->first.groups_lock, F_OK), 0);
	assert_int_equal(claim(f, &wish, &second, &err), 0);
	weir_instance_release(&second);
}

static void a_release_leaves_no_file_behind(void **state)
{
	struct fixture *f = *state;

	weir_instance_release(&f->first);
	weir_instance_release(&f->first);
	assert_int_equal(rmdir(f->dir), 0);
}

static void a_name_that_fits_no_file_is_refused(void **state)
{
	char pin_dir[WEIR_MAX_PIN_DIR_LENGTH + 1];
	const struct wish wish = { pin_dir, "other.", NULL };
	struct weir_instance second = WEIR_INSTANCE_INIT;
	struct fixture *f = *state;
	struct weir_error err = {};

	memset(pin_dir, '#', sizeof(pin_dir));
	pin_dir[0] = '/';
	pin_dir[WEIR_MAX_PIN_DIR_LENGTH] = '\0';
	assert_int_equal(claim(f, &wish, &second, &err), -ENAMETOOLONG);
	memset(pin_dir + 1, 'x', WEIR_MAX_PIN_DIR_LENGTH - 1);
	assert_int_equal(claim(f, &wish, &second, &err), 0);
	weir_instance_release(&second);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(neighbours_may_not_share_pins_or_prefixes),
		TEST(a_prefix_may_not_take_in_a_parent_in_use),
		TEST(a_file_that_a_dead_daemon_left_is_no_lock),
		TEST(a_lock_that_the_dead_left_to_a_child_is_waited_for),
		TEST(a_release_leaves_no_file_behind),
		TEST(a_name_that_fits_no_file_is_refused),
	};

	return cmocka_run_group_tests_name("instance", tests, NULL, NULL);
}
