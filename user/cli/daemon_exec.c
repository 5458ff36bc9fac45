/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/daemon_exec.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/text.h"

#define DAEMON "weir-daemon"

void weir_daemon_argv_add(struct weir_daemon_argv *argv, const char *text)
{
	/* The last place is the NULL's, the first the program's. */
	if (argv->n == 0)
		argv->text[argv->n++] = DAEMON;
	assert(argv->n < WEIR_DAEMON_ARGV - 1);
	argv->text[argv->n++] = text;
}

void weir_daemon_argv_option(struct weir_daemon_argv *argv, const char *name, const char *value)
{
	if (!value)
		return;
	weir_daemon_argv_add(argv, name);
	weir_daemon_argv_add(argv, value);
}

int weir_daemon_exec(struct weir_daemon_argv *argv)
{
	static const char *const beside[] = { "", "../sbin/" };
	char *const *arguments = (char *const *)(uintptr_t)argv->text;
	char self[PATH_MAX], path[PATH_MAX + 32];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	fflush(stdout);
	self[n > 0 ? n : 0] = '\0';
	slash = strrchr(self, '/');
	if (slash) {
		slash[1] = '\0';
		for (size_t i = 0; i < sizeof(beside) / sizeof(beside[0]); i++) {
			snprintf(path, sizeof(path), "%s%s" DAEMON, self, beside[i]);
			execv(path, arguments);
			if (errno != ENOENT) {
				weir_say("can't execute '%s': %s", path, strerror(errno));
				return WEIR_EXIT_FAILED;
			}
		}
	}
	execvp(DAEMON, arguments);
	weir_say("can't execute " DAEMON ": %s; looked beside this program, in ../sbin and in PATH",
		 strerror(errno));
	return WEIR_EXIT_FAILED;
}
