/* SPDX-License-Identifier: Apache-2.0 */
/*
 * only_unix COMMAND...: executes it behind a filter of system calls to which of all families of sockets only
 * AF_UNIX passes, by the argument of socket() and socketpair(). What a filter of families alone is worth is to
 * be seen: so it does not look at io_uring, nor at calls of other machines.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define LOAD(field)	   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IS(value, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, yes, no)
#define ANSWER(value)	   BPF_STMT(BPF_RET | BPF_K, value)

/* Jumps count what they leave out. Of a family the low half is looked at, as the kernel does. */
static struct sock_filter code[] = {
	LOAD(nr),
	IS(SYS_socket, 1, 0),
	IS(SYS_socketpair, 0, 2),
	LOAD(args[0]),
	IS(AF_UNIX, 0, 1),
	ANSWER(SECCOMP_RET_ALLOW),
	ANSWER(SECCOMP_RET_ERRNO | EPERM),
};

int main(int argc, char **argv)
{
	struct sock_fprog filter = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	if (argc < 2) {
		fprintf(stderr, "usage: only_unix COMMAND...\n");
		return 2;
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) < 0) {
		perror("only_unix: filter");
		return 1;
	}
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
