/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_FILE_H
#define WEIR_FILE_H

/* Small files and directories, whole and in one call. All fds are CLOEXEC. */

#include <dirent.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct weir_error;

/*
 * Read a small file (cgroupfs, procfs) whole into @buf with a NUL behind it;
 * one trailing newline is dropped. @dir_fd may be AT_FDCWD.
 * Returns the length. -EFBIG: it does not fit in @size. -ENOENT: no such file.
 */
ssize_t weir_file_read(int dir_fd, const char *path, char *buf, size_t size,
		       struct weir_error *err);

/* The same for a file that holds one decimal number; "max" yields UINT64_MAX. -EINVAL: it does not. */
int weir_file_read_u64(int dir_fd, const char *path, uint64_t *ret, struct weir_error *err);

/* Open, write @text in one write(2), close. cgroupfs takes a value whole or not at all. */
int weir_file_write(int dir_fd, const char *path, const char *text, struct weir_error *err);

/* The directory @name of @dir_fd, to be read; a symlink is none. The caller closes it. NULL, with errno. */
DIR *weir_opendir_at(int dir_fd, const char *name);

/* mkdir -p; directories that are made get @mode. An existing directory is success. */
int weir_mkdir_p(const char *path, mode_t mode, struct weir_error *err);

/*
 * The number behind @key in a file of "key value" lines (cpu.stat, memory.events)
 * that was read into @text. -ENOENT: no such key; -EINVAL: what follows it is no number.
 */
int weir_keyed_u64(const char *text, const char *key, uint64_t *ret);

/* Does @path lie on a file system of this type (a *_MAGIC of linux/magic.h)? 1, 0, or -errno. */
int weir_is_on_fs(const char *path, long magic);

#endif /* WEIR_FILE_H */
