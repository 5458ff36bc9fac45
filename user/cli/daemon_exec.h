/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLI_DAEMON_EXEC_H
#define WEIR_CLI_DAEMON_EXEC_H

/*
 * Verbs whose work only the daemon's own floors can do: become weir-daemon with a mode.
 * It lies beside this program, in ../sbin of it, or in PATH.
 */

#define WEIR_DAEMON_ARGV 24

struct weir_daemon_argv {
	int n;
	const char *text[WEIR_DAEMON_ARGV];
};

void weir_daemon_argv_add(struct weir_daemon_argv *argv, const char *text);
/* "--name value", unless @value is NULL. */
void weir_daemon_argv_option(struct weir_daemon_argv *argv, const char *name, const char *value);

/* Does not return unless it failed; an exit code then, after having said why. */
int weir_daemon_exec(struct weir_daemon_argv *argv);

#endif /* WEIR_CLI_DAEMON_EXEC_H */
