/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firstbreath NAME: where is a program when it begins?
 *
 * Before main(), and before any constructor, it reads its cgroups and forks children which read
 * theirs. Each process says what it saw in one write() to stdout: "@NAME" and /proc/self/cgroup.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILDREN 100

static void say_where(const char *name)
{
	char text[8192] = "@";
	size_t used;
	ssize_t n;
	int fd;

	strncat(text, name, 256);
	strcat(text, "\n");
	used = strlen(text);
	fd = open("/proc/self/cgroup", O_RDONLY | O_CLOEXEC);
	n = read(fd, text + used, sizeof(text) - used);
	if (n <= 0)
		_exit(EXIT_FAILURE);
	close(fd);
	used += (size_t)n;
	if (write(STDOUT_FILENO, text, used) != (ssize_t)used)
		_exit(EXIT_FAILURE);
}

static void first_breath(int argc, char **argv, char **env)
{
	const char *name = argc > 1 ? argv[1] : "";
	int failed = 0, status;

	(void)env;
	say_where(name);
	for (int i = 0; i < CHILDREN; i++) {
		pid_t pid = fork();

		if (pid < 0)
			_exit(EXIT_FAILURE);
		if (pid == 0) {
			say_where(name);
			_exit(EXIT_SUCCESS);
		}
	}
	while (wait(&status) > 0)
		failed |= status;
	_exit(failed ? EXIT_FAILURE : EXIT_SUCCESS);
}

/* What the C library calls first of all. */
static void (*const before_all[])(int argc, char **argv, char **env)
	__attribute__((section(".preinit_array"), used)) = { first_breath };

int main(void)
{
	return EXIT_FAILURE;
}
