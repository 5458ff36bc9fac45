/* SPDX-License-Identifier: Apache-2.0 */
/* Small files and directories: see file.h. */

#include "base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/error.h"

/* Until the end or until @size is full; the length. seq_file hands out a page at a time at most. */
static ssize_t read_up_to(int fd, char *buf, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, buf + len, size - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

ssize_t weir_file_read(int dir_fd, const char *path, char *buf, size_t size, struct weir_error *err)
{
	scoped(closep) int fd = -1;
	ssize_t len;

	assert(size > 0);

	fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return weir_fail(err, -errno, "open %s: %s", path, strerror(errno));

	len = read_up_to(fd, buf, size);
	if (len < 0)
		return weir_fail(err, (int)len, "read %s: %s", path, strerror((int)-len));
	if ((size_t)len == size)
		return weir_fail(err, -EFBIG, "%s holds more than %zu bytes", path, size - 1);

	if (len > 0 && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return len;
}

/* Digits up to the end of the text or of the line, and nothing else. */
static int parse_u64(const char *text, uint64_t *ret)
{
	uint64_t value = 0;

	if (*text == '\0' || *text == '\n')
		return -EINVAL;

	for (; *text && *text != '\n'; text++) {
		if (*text < '0' || *text > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*text - '0'), &value))
			return -EINVAL;
	}
	*ret = value;
	return 0;
}

int weir_file_read_u64(int dir_fd, const char *path, uint64_t *ret, struct weir_error *err)
{
	char text[sizeof("18446744073709551615\n")];
	ssize_t len;

	len = weir_file_read(dir_fd, path, text, sizeof(text), err);
	if (len == -EFBIG)
		return weir_fail(err, -EINVAL, "%s holds more than one number", path);
	if (len < 0)
		return (int)len;

	if (strcmp(text, "max") == 0) {
		*ret = UINT64_MAX;
		return 0;
	}
	if (strlen(text) != (size_t)len || strchr(text, '\n') || parse_u64(text, ret) < 0)
		return weir_fail(err, -EINVAL, "%s holds '%s', expected a number or 'max'", path,
				 text);
	return 0;
}

int weir_file_write(int dir_fd, const char *path, const char *text, struct weir_error *err)
{
	scoped(closep) int fd = -1;
	size_t len = strlen(text);
	ssize_t n;

	fd = openat(dir_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return weir_fail(err, -errno, "open %s: %s", path, strerror(errno));

	n = write(fd, text, len);
	if (n < 0)
		return weir_fail(err, -errno, "write '%s' to %s: %s", text, path, strerror(errno));
	if ((size_t)n != len)
		return weir_fail(err, -EIO, "short write of '%s' to %s", text, path);

	return 0;
}

/* Make @name in @dir_fd unless it is there. The umask has no say: a state directory is what it is. */
static int ensure_dir(int dir_fd, const char *name, mode_t mode)
{
	if (mkdirat(dir_fd, name, mode) < 0)
		return errno == EEXIST ? 0 : -errno;
	if (fchmodat(dir_fd, name, mode, 0) < 0)
		return -errno;
	return 0;
}

DIR *weir_opendir_at(int dir_fd, const char *name)
{
	scoped(closep) int fd =
		openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir)
		(void)take_fd(fd); /* the stream's now */
	return dir;
}

/* Step by step through directory fds: what was checked is what is used. */
int weir_mkdir_p(const char *path, mode_t mode, struct weir_error *err)
{
	scoped(closep) int dir_fd = -1;
	const char *rest = path;

	if (*path == '\0')
		return weir_fail(err, -ENOENT, "make directory '': %s", strerror(ENOENT));

	dir_fd = open(*path == '/' ? "/" : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return weir_fail(err, -errno, "make directory '%s': %s", path, strerror(errno));

	while (*(rest += strspn(rest, "/"))) {
		size_t len = strcspn(rest, "/");
		char name[NAME_MAX + 1];
		int fd, r;

		if (len > NAME_MAX)
			return weir_fail(err, -ENAMETOOLONG, "make directory '%s': %s", path,
					 strerror(ENAMETOOLONG));
		memcpy(name, rest, len);
		name[len] = '\0';
		rest += len;

		r = ensure_dir(dir_fd, name, mode);
		if (r < 0)
			return weir_fail(err, r, "make directory '%.*s': %s", (int)(rest - path),
					 path, strerror(-r));

		fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return weir_fail(err, -errno, "open directory '%.*s': %s",
					 (int)(rest - path), path, strerror(errno));
		close(dir_fd);
		dir_fd = fd;
	}
	return 0;
}

int weir_keyed_u64(const char *text, const char *key, uint64_t *ret)
{
	size_t len = strlen(key);

	while (*text) {
		if (strncmp(text, key, len) == 0 && text[len] == ' ')
			return parse_u64(text + len + 1, ret);

		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return -ENOENT;
}

int weir_is_on_fs(const char *path, long magic)
{
	struct statfs fs;

	if (statfs(path, &fs) < 0)
		return -errno;
	/* Magics are 32 bits; f_type is a long, and signed where a long has 32. */
	return (uint32_t)fs.f_type == (uint32_t)magic;
}
