/* SPDX-License-Identifier: Apache-2.0 */
#include "kern/borrow.h"

#include <errno.h>
#include <sched.h>
#include <stdalign.h>
#include <stdint.h>
#include <sys/syscall.h>

#ifdef __has_feature
#define UNDER_CLANG_SANITIZER __has_feature(address_sanitizer)
#else
#define UNDER_CLANG_SANITIZER 0
#endif

/* A sanitizer keeps account of stacks, and knows nothing of the child's. */
#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !UNDER_CLANG_SANITIZER

#define STACK_SIZE (32 << 10)

/*
 * The C library has no function for this, and its syscall() would return in the child into a
 * frame that is not there. The kernel keeps all registers but rax, rcx and r11, in both.
 */
static long clone_to(struct clone_args *args, weir_child_fn *fn, const void *data)
{
	register weir_child_fn *to __asm__("r8") = fn;
	register const void *with __asm__("r9") = data;
	long r = SYS_clone3;

	__asm__ volatile("syscall\n\t"
			 "testq %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xorl %%ebp, %%ebp\n\t" /* where a backtrace ends */
			 "movq %%r9, %%rdi\n\t"
			 "callq *%%r8\n\t"
			 "ud2\n"
			 "1:"
			 : "+a"(r)
			 : "D"(args), "S"(sizeof(*args)), "r"(to), "r"(with)
			 : "rcx", "r11", "cc", "memory");
	return r;
}

pid_t weir_clone_borrowing(struct clone_args *args, weir_child_fn *fn, const void *data)
{
	/* Here rather than allocated: warm, and gone by itself. */
	alignas(16) char stack[STACK_SIZE];
	struct clone_args borrowing = *args;

	borrowing.flags |= CLONE_VM | CLONE_VFORK;
	borrowing.stack = (uintptr_t)stack;
	borrowing.stack_size = sizeof(stack);
	return (pid_t)clone_to(&borrowing, fn, data);
}

#else

pid_t weir_clone_borrowing(struct clone_args *args, weir_child_fn *fn, const void *data)
{
	(void)args;
	(void)fn;
	(void)data;
	return -ENOSYS;
}

#endif
