/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/foreground.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"

/*
 * The terminal sends the first five to the whole process group. SIGCHLD may have been ignored by
 * whoever started us, and then there would be nothing to wait for.
 */
static const struct {
	int signal;
	void (*action)(int);
} changed[WEIR_FOREGROUND_SIGNALS] = {
	{ SIGINT, SIG_IGN },  { SIGQUIT, SIG_IGN }, { SIGTSTP, SIG_IGN },
	{ SIGTTIN, SIG_IGN }, { SIGTTOU, SIG_IGN }, { SIGCHLD, SIG_DFL },
};

void weir_foreground_begin(struct weir_foreground *foreground)
{
	sigemptyset(&foreground->watched);
	sigaddset(&foreground->watched, SIGCHLD);
	sigaddset(&foreground->watched, SIGTERM);
	sigaddset(&foreground->watched, SIGHUP);
	sigprocmask(SIG_BLOCK, &foreground->watched, &foreground->mask);
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++) {
		const struct sigaction action = { .sa_handler = changed[i].action };

		sigaction(changed[i].signal, &action, &foreground->actions[i]);
	}
}

void weir_foreground_restore(void *data)
{
	const struct weir_foreground *foreground = data;

	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		sigaction(changed[i].signal, &foreground->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &foreground->mask, NULL);
}

static bool has_terminal(void)
{
	scoped(closep) int fd = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC);

	return fd >= 0;
}

/*
 * The command has stopped. The shell waits for us, not for it: stop as well, and when the shell
 * continues us see that the command goes on too. Without a terminal there is no such shell, and
 * whoever stopped the command will continue it, but not us.
 */
static void stop_with(pid_t pid)
{
	siginfo_t info = {};

	if (!has_terminal())
		return;
	kill(getpid(), SIGSTOP);

	/* The shell continues the whole group as a rule, and then there is nothing to do. */
	if (waitid(P_PID, (id_t)pid, &info, WCONTINUED | WNOHANG) == 0 && info.si_pid == 0)
		kill(pid, SIGCONT);
}

/* For the command, which has ended: unblocked, it would end us before we have told how. */
static void drop_pending(const sigset_t *set)
{
	static const struct timespec now;

	while (sigtimedwait(set, NULL, &now) > 0)
		;
}

int weir_foreground_wait(const struct weir_foreground *foreground, pid_t pid)
{
	for (;;) {
		int status, signal;
		pid_t r = waitpid(pid, &status, WUNTRACED | WNOHANG);

		assert(r >= 0 || errno == EINTR);
		if (r == pid && !WIFSTOPPED(status)) {
			drop_pending(&foreground->watched);
			return status;
		}
		if (r == pid) {
			stop_with(pid);
			continue;
		}
		/* SIGCHLD is blocked: a change since waitpid() is pending, and ends this at once. */
		signal = sigwaitinfo(&foreground->watched, NULL);
		if (signal == SIGTERM || signal == SIGHUP)
			kill(pid, signal);
	}
}
