/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_CLEANUP_H
#define WEIR_CLEANUP_H

/*
 * Ownership in four words: scoped, take, close, free.
 *
 * A local that owns something is declared with scoped() and initialised on
 * that line; a constructor hands its result on with take_ptr() or take_fd().
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Release at end of scope. The variable must be initialised where declared. */
#define scoped(fn) __attribute__((cleanup(fn)))

/* Define NAMEp() so that `scoped(NAMEp) TYPE *x = NULL;` works. */
#define WEIR_DEFINE_CLEANUP(type, name)         \
	static inline void name##p(type **slot) \
	{                                       \
		if (*slot)                      \
			name(*slot);            \
	}                                       \
	struct weir_swallow_semicolon

/* Hand ownership on: yields the value and leaves "nothing" behind. */
#define take_fd(fd)                \
	({                         \
		int taken_ = (fd); \
		(fd) = -1;         \
		taken_;            \
	})

#define take_ptr(ptr)                           \
	({                                      \
		__typeof__(ptr) taken_ = (ptr); \
		(ptr) = NULL;                   \
		taken_;                         \
	})

/* Close @fd if it is one; always returns -1: `fd = close_fd(fd);` */
static inline int close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
	return -1;
}

static inline void closep(int *fd)
{
	*fd = close_fd(*fd);
}

/* For any heap pointer: the argument is the address of the variable. */
static inline void freep(void *slot)
{
	free(*(void **)slot);
}

static inline void fclosep(FILE **file)
{
	if (*file)
		fclose(*file);
}

static inline void closedirp(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

#endif /* WEIR_CLEANUP_H */
