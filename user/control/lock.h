/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_LOCK_H
#define WEIR_LOCK_H

/*
 * One daemon at a time: a file that is locked while its holder lives.
 *
 * The kernel lets go of the lock with the process, however it ends, so a file that is left
 * behind is no lock. It holds the holder's pid, for people, and to tell how long to wait.
 */

struct weir_error;

/*
 * Take the lock on @path, made if it is missing; the directory has to exist. @what names
 * what is locked, in the text. The lock lives as long as *@ret_fd (CLOEXEC) is open.
 * -EBUSY: another process holds it. What a dead one left to its children is waited for a little.
 */
int weir_lock_take(const char *path, const char *what, int *ret_fd, struct weir_error *err);

/* Only look: -EBUSY as above. A file that is missing is not locked. */
int weir_lock_check(const char *path, const char *what, struct weir_error *err);

/* Remove the file and let go. -1 is fine. Always returns -1: `fd = weir_lock_drop(path, fd);` */
int weir_lock_drop(const char *path, int fd);

#endif /* WEIR_LOCK_H */
