/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket as a file: who may have it, and what is in its way. */

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
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/listen.h"

#define NO_GID	 ((gid_t)UINT32_MAX)
#define FIRST_FD 3 /* where the service manager's descriptors begin */

struct fixture {
	char dir[32];
	char path[128]; /* DIR/run/weir.sock */
	struct weir_listener listener;
	struct weir_error err;
};

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	f->listener = (struct weir_listener)WEIR_LISTENER_INIT;
	strcpy(f->dir, "/tmp/weir-listen.XXXXXX");
	if (!mkdtemp(f->dir))
		return -1;
	snprintf(f->path, sizeof(f->path), "%s/run/weir.sock", f->dir);
	*state = f;
	return 0;
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

	weir_listen_close(&f->listener);
	nftw(f->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static int open_listener(struct fixture *f, gid_t gid)
{
	return weir_listen_open(f->path, gid, &f->listener, &f->err);
}

static struct sockaddr_un address_of(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_true(strlen(path) < sizeof(address.sun_path));
	memcpy(address.sun_path, path, strlen(path) + 1);
	return address;
}

static int try_connect(const char *path)
{
	scoped(closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = address_of(path);

	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 ? 0 : -errno;
}

static mode_t mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

/* A socket of ours at the path, bound as another program would; its fd. */
static int bind_stranger(const struct fixture *f, int type)
{
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	struct sockaddr_un address = address_of(f->path);
	char dir[64];

	snprintf(dir, sizeof(dir), "%s/run", f->dir);
	assert_true(mkdir(dir, 0755) == 0 || errno == EEXIST);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void a_socket_is_made_private_without_a_group(void **state)
{
	struct fixture *f = *state;
	char dir[64];

	assert_int_equal(open_listener(f, NO_GID), 0);
	assert_int_equal(mode_of(f->path), 0600);
	snprintf(dir, sizeof(dir), "%s/run", f->dir);
	assert_int_equal(mode_of(dir), 0755);
	assert_int_equal(try_connect(f->path), 0);
}

static void a_group_may_connect_whatever_the_umask(void **state)
{
	struct fixture *f = *state;
	struct stat st;
	mode_t mask = umask(0);

	assert_int_equal(open_listener(f, getgid()), 0);
	assert_int_equal(umask(mask), 0); /* left as it was */
	assert_int_equal(mode_of(f->path), 0660);
	assert_int_equal(lstat(f->path, &st), 0);
	assert_int_equal(st.st_gid, getgid());
}

static void closing_leaves_nothing_behind(void **state)
{
	struct fixture *f = *state;
	char dir[64];

	assert_int_equal(open_listener(f, NO_GID), 0);
	weir_listen_close(&f->listener);
	weir_listen_close(&f->listener);
	snprintf(dir, sizeof(dir), "%s/run", f->dir);
	assert_int_equal(rmdir(dir), 0);
}

static void a_path_of_107_bytes_works_and_one_of_108_is_refused(void **state)
{
	struct fixture *f = *state;
	size_t used;

	used = (size_t)snprintf(f->path, sizeof(f->path), "%s/", f->dir);
	memset(f->path + used, 's', 107 - used);
	f->path[107] = '\0';
	assert_int_equal(open_listener(f, NO_GID), 0);
	assert_int_equal(try_connect(f->path), 0);
	weir_listen_close(&f->listener);

	f->path[107] = 's';
	f->path[108] = '\0';
	assert_int_equal(open_listener(f, NO_GID), -ENAMETOOLONG);
	assert_non_null(strstr(f->err.text, "has 108 bytes: expected at most 107"));
}

static void a_relative_path_is_refused(void **state)
{
	struct weir_error err = {};

	(void)state;
	assert_int_equal(weir_listen_check_path("weir.sock", &err), -EINVAL);
	assert_string_equal(err.text, "'weir.sock' is no socket path: expected an absolute one");
}

static void a_stale_socket_is_replaced(void **state)
{
	struct fixture *f = *state;

	close(bind_stranger(f, SOCK_STREAM));
	assert_int_equal(try_connect(f->path), -ECONNREFUSED);
	assert_int_equal(open_listener(f, NO_GID), 0);
	assert_int_equal(try_connect(f->path), 0);
}

static void a_socket_that_answers_is_left_alone(void **state)
{
	struct fixture *f = *state;
	scoped(closep) int fd = bind_stranger(f, SOCK_STREAM);
	char expected[192];

	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(open_listener(f, NO_GID), -EBUSY);
	snprintf(expected, sizeof(expected), "another daemon serves %s", f->path);
	assert_string_equal(f->err.text, expected);
	assert_int_equal(try_connect(f->path), 0);
}

static void a_socket_whose_queue_is_full_is_left_alone(void **state)
{
	struct fixture *f = *state;
	scoped(closep) int fd = bind_stranger(f, SOCK_STREAM);
	struct sockaddr_un address = address_of(f->path);
	int waiting[4];

	assert_int_equal(listen(fd, 0), 0);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++) {
		waiting[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (connect(waiting[i], (struct sockaddr *)&address, sizeof(address)) < 0)
			assert_int_equal(errno, EAGAIN);
	}
	assert_int_equal(open_listener(f, NO_GID), -EBUSY);
	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		close(waiting[i]);
}

static void a_socket_of_another_kind_is_left_alone(void **state)
{
	struct fixture *f = *state;
	scoped(closep) int fd = bind_stranger(f, SOCK_DGRAM);

	assert_true(fd >= 0);
	assert_int_equal(open_listener(f, NO_GID), -EPROTOTYPE);
	assert_int_equal(access(f->path, F_OK), 0);
}

static void a_file_in_the_way_is_left_alone(void **state)
{
	struct fixture *f = *state;
	char text[8] = "";
	int fd;

	snprintf(f->path, sizeof(f->path), "%s/precious", f->dir);
	fd = open(f->path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "data", 4), 4);
	assert_int_equal(open_listener(f, NO_GID), -EEXIST);
	assert_non_null(strstr(f->err.text, "exists and is no socket; remove it"));
	assert_int_equal(pread(fd, text, sizeof(text), 0), 4);
	assert_int_equal(access(f->path, F_OK), 0);
	close(fd);
}

static void a_symlink_in_the_way_is_not_followed(void **state)
{
	struct fixture *f = *state;

	snprintf(f->path, sizeof(f->path), "%s/link", f->dir);
	assert_int_equal(symlink("/nonexistent/target", f->path), 0);
	assert_int_equal(open_listener(f, NO_GID), -EEXIST);
}

static void a_second_daemon_is_refused_by_pid(void **state)
{
	struct weir_listener second = WEIR_LISTENER_INIT;
	struct fixture *f = *state;
	char expected[256];

	assert_int_equal(open_listener(f, NO_GID), 0);
	assert_int_equal(weir_listen_open(f->path, NO_GID, &second, &f->err), -EBUSY);
	snprintf(expected, sizeof(expected),
		 "socket '%s' is in use by another weir-daemon (pid %d)", f->path, (int)getpid());
	assert_string_equal(f->err.text, expected);
	assert_int_equal(second.fd, -1);
	assert_int_equal(try_connect(f->path), 0);
}

/*
 * In a child, whose fds from FIRST_FD on are @fds: as the service manager would start us.
 * Yields what weir_listen_inherit() returned; its text starts with @text if that is not NULL.
 */
static int inherit_in_child(const int *fds, int n, const char *text)
{
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		struct weir_listener listener = WEIR_LISTENER_INIT;
		struct weir_error err = {};
		char number[16];
		int copies[4], r;

		for (int i = 0; i < n; i++)
			copies[i] = fcntl(fds[i], F_DUPFD, 64);
		for (int i = 0; i < n; i++)
			dup2(copies[i], FIRST_FD + i);
		snprintf(number, sizeof(number), "%d", (int)getpid());
		setenv("LISTEN_PID", number, 1);
		snprintf(number, sizeof(number), "%d", n);
		setenv("LISTEN_FDS", number, 1);

		r = weir_listen_inherit(&listener, &err);
		if (r == 1 && (listener.fd != FIRST_FD || listener.path || getenv("LISTEN_FDS")))
			_exit(101);
		if (text && strcmp(err.text, text) != 0)
			_exit(102);
		_exit(r < 0 ? 100 : r);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void exactly_one_listening_socket_may_be_handed_over(void **state)
{
	struct fixture *f = *state;
	scoped(closep) int bound = bind_stranger(f, SOCK_STREAM);
	const int two[] = { bound, bound };

	assert_int_equal(inherit_in_child(two, 1,
					  "socket activation: the descriptor is something else; "
					  "expected exactly one listening unix stream socket"),
			 100); /* it does not listen yet */
	assert_int_equal(listen(bound, 8), 0);
	assert_int_equal(inherit_in_child(two, 1, NULL), 1);
	assert_int_equal(inherit_in_child(two, 2,
					  "socket activation: 2 descriptors were passed; "
					  "expected exactly one listening unix stream socket"),
			 100);
	assert_int_equal(inherit_in_child(two, 0, NULL), 100);
}

static void what_is_no_unix_stream_socket_is_refused(void **state)
{
	struct fixture *f = *state;
	scoped(closep) int datagram = bind_stranger(f, SOCK_DGRAM);
	scoped(closep) int internet = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	scoped(closep) int file = open("/dev/null", O_RDWR | O_CLOEXEC);

	assert_int_equal(listen(internet, 1), 0);
	assert_int_equal(inherit_in_child(&datagram, 1, NULL), 100);
	assert_int_equal(inherit_in_child(&internet, 1, NULL), 100);
	assert_int_equal(inherit_in_child(&file, 1, NULL), 100);
}

static void without_socket_activation_nothing_is_inherited(void **state)
{
	struct weir_listener listener = WEIR_LISTENER_INIT;
	struct weir_error err = {};

	(void)state;
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	assert_int_equal(weir_listen_inherit(&listener, &err), 0);
	assert_int_equal(listener.fd, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_socket_is_made_private_without_a_group),
		TEST(a_group_may_connect_whatever_the_umask),
		TEST(closing_leaves_nothing_behind),
		TEST(a_path_of_107_bytes_works_and_one_of_108_is_refused),
		TEST(a_relative_path_is_refused),
		TEST(a_stale_socket_is_replaced),
		TEST(a_socket_that_answers_is_left_alone),
		TEST(a_socket_whose_queue_is_full_is_left_alone),
		TEST(a_socket_of_another_kind_is_left_alone),
		TEST(a_file_in_the_way_is_left_alone),
		TEST(a_symlink_in_the_way_is_not_followed),
		TEST(a_second_daemon_is_refused_by_pid),
		TEST(exactly_one_listening_socket_may_be_handed_over),
		TEST(what_is_no_unix_stream_socket_is_refused),
		TEST(without_socket_activation_nothing_is_inherited),
	};

	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
