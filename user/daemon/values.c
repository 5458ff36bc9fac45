/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a configuration, read key by key. */
#include "daemon/values.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "base/quantity.h"
#include "base/text.h"
#include "base/user.h"
#include "daemon/listen.h"
#include "daemon/options.h"
#include "daemon/values_internal.h"

#define AUTO		 "auto"
#define MAX_BAND_CHANGES 10000
#define MAX_SHARE	 500 /* thousandths */

#define ID_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-"

int weir_value_text(const char *value, void *field, struct weir_error *err)
{
	char *copy = strdup(value), **text = field;

	if (!copy)
		return weir_fail_memory(err);
	free(*text);
	*text = copy;
	return 0;
}

/* "." and ".." would let one place have two names, and locks go by the name. */
bool weir_value_has_dots(const char *path)
{
	for (const char *part = path; (part = strchr(part, '/'));) {
		size_t n = strcspn(++part, "/");

		if ((n == 1 && part[0] == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
			return true;
	}
	return false;
}

/* Absolute, and one spelling for one place. */
int weir_value_path(const char *value, void *field, struct weir_error *err)
{
	char path[PATH_MAX];
	size_t n = 0;

	if (value[0] != '/' || value[strspn(value, "/")] == '\0' || weir_value_has_dots(value))
		return weir_fail(err, -EINVAL,
				 "'%s' is not usable: expected an absolute path without . and ..",
				 value);
	if (strlen(value) >= sizeof(path))
		return weir_fail(err, -EINVAL, "the path is too long: expected at most %d bytes",
				 PATH_MAX - 1);

	for (; *value; value++) {
		if (*value != '/' || n == 0 || path[n - 1] != '/')
			path[n++] = *value;
	}
	if (path[n - 1] == '/')
		n--;
	path[n] = '\0';
	return weir_value_text(path, field, err);
}

int weir_value_socket(const char *value, void *field, struct weir_error *err)
{
	int r = weir_listen_check_path(value, err);

	return r < 0 ? r : weir_value_path(value, field, err);
}

int weir_value_pin_dir(const char *value, void *field, struct weir_error *err)
{
	if (strlen(value) > WEIR_MAX_PIN_DIR_LENGTH)
		return weir_fail(err, -EINVAL, "the path has %zu bytes: expected at most %d",
				 strlen(value), WEIR_MAX_PIN_DIR_LENGTH);
	return weir_value_path(value, field, err);
}

int weir_value_prefix(const char *value, void *field, struct weir_error *err)
{
	size_t n = strlen(value);

	if (n < 1 || n > 64 || strspn(value, ID_CHARACTERS) != n)
		return weir_fail(err, -EINVAL,
				 "'%s' is no prefix: expected 1 to 64 characters of A-Z a-z 0-9 _ "
				 ". -",
				 value);
	return weir_value_text(value, field, err);
}

int weir_value_parent(const char *value, void *field, struct weir_error *err)
{
	size_t n = strlen(value);

	if (n == 0) {
		free(*(char **)field);
		*(char **)field = NULL;
		return 0;
	}
	if (n > 64 || strchr(value, '/') || weir_text_is_dots(value))
		return weir_fail(err, -EINVAL,
				 "'%s' is no parent: expected the name of one directory, of at "
				 "most 64 bytes",
				 value);
	return weir_value_text(value, field, err);
}

int weir_value_log_level(const char *value, void *field, struct weir_error *err)
{
	if (weir_log_level_from_name(value, field) < 0)
		return weir_fail(err, -EINVAL,
				 "'%s' is no log level: expected err, warning, info or debug",
				 value);
	return 0;
}

/* Decimal digits only: strtoul() would take signs and blanks. */
int weir_value_number(const char *value, unsigned long max, unsigned long *ret)
{
	unsigned long number;
	char *end;

	if (!isdigit((unsigned char)value[0]))
		return -EINVAL;
	errno = 0;
	number = strtoul(value, &end, 10);
	if (errno != 0 || *end != '\0' || number > max)
		return -EINVAL;
	*ret = number;
	return 0;
}

int weir_value_threads(const char *value, void *field, struct weir_error *err)
{
	unsigned long n = 0;

	if (strcmp(value, AUTO) != 0 &&
	    (weir_value_number(value, WEIR_MAX_THREADS, &n) < 0 || n == 0))
		return weir_fail(err, -EINVAL,
				 "'%s' is no number of threads: expected 1 to %d, or " AUTO, value,
				 WEIR_MAX_THREADS);
	*(unsigned int *)field = (unsigned int)n;
	return 0;
}

/* -ENOENT: no group of that name. */
static int find_group(const char *name, gid_t *ret, struct weir_error *err)
{
	struct group group, *found = NULL;
	size_t size = 1024;
	int r;

	do {
		scoped(freep) char *buf = NULL;

		size *= 2;
		buf = malloc(size);
		if (!buf)
			return weir_fail_memory(err);
		r = getgrnam_r(name, &group, buf, size, &found);
	} while (r == ERANGE && size < (1u << 24));

	if (r != 0)
		return weir_fail(err, -r, "look up group '%s': %s", name, strerror(r));
	if (!found)
		return weir_fail(err, -ENOENT,
				 "there is no group '%s': expected a group, a gid, or nothing",
				 name);
	*ret = group.gr_gid;
	return 0;
}

int weir_value_group(const char *value, void *field, struct weir_error *err)
{
	unsigned long number = 0;

	if (value[0] == '\0') {
		*(gid_t *)field = WEIR_NO_GID;
		return 0;
	}
	if (weir_value_number(value, WEIR_NO_GID - 1, &number) == 0) {
		*(gid_t *)field = (gid_t)number;
		return 0;
	}
	return find_group(value, field, err);
}

static int set_reserve(weir_parse_fn *parse, const char *value, uint64_t *field,
		       struct weir_error *err)
{
	uint64_t amount = WEIR_ABSENT;

	if (strcmp(value, AUTO) != 0) {
		int r = parse(value, &amount, err);

		if (r < 0)
			return r;
		if (amount == WEIR_INFINITE)
			return weir_fail(err, -EINVAL,
					 "'%s' is no reserve: expected an amount, "
					 "or " AUTO,
					 value);
	}
	*field = amount;
	return 0;
}

int weir_value_reserve_cpu(const char *value, void *field, struct weir_error *err)
{
	return set_reserve(weir_parse_cpu, value, field, err);
}

int weir_value_reserve_memory(const char *value, void *field, struct weir_error *err)
{
	return set_reserve(weir_parse_memory, value, field, err);
}

int weir_value_default_cpu_limit(const char *value, void *field, struct weir_error *err)
{
	enum weir_default_cpu_limit *limit = field;

	if (strcmp(value, "none") == 0)
		*limit = WEIR_DEFAULT_CPU_LIMIT_NONE;
	else if (strcmp(value, "request") == 0)
		*limit = WEIR_DEFAULT_CPU_LIMIT_REQUEST;
	else
		return weir_fail(err, -EINVAL, "'%s' is no default: expected none or request",
				 value);
	return 0;
}

int weir_value_switch(const char *value, void *field, struct weir_error *err)
{
	bool on = strcmp(value, "yes") == 0;

	if (!on && strcmp(value, "no") != 0)
		return weir_fail(err, -EINVAL, "'%s' is neither: expected yes or no", value);
	*(bool *)field = on;
	return 0;
}

/* Of the section; a file for another one means something else by the same keys. */
int weir_value_version(const char *value, void *field, struct weir_error *err)
{
	(void)field;
	if (strcmp(value, "1") != 0)
		return weir_fail(err, -EINVAL, "'%s' is no version of [bursting]: expected 1",
				 value);
	return 0;
}

int weir_value_linger(const char *value, void *field, struct weir_error *err)
{
	uint64_t ms = 0;
	int r = weir_parse_duration(value, &ms, err);

	if (r < 0)
		return r;
	if (ms < 100 || ms > 60000)
		return weir_fail(err, -EINVAL, "'%s' is out of range: expected 100ms to 60s",
				 value);
	*(uint64_t *)field = ms * 1000000;
	return 0;
}

int weir_value_changes(const char *value, void *field, struct weir_error *err)
{
	unsigned long n = 0;

	if (weir_value_number(value, MAX_BAND_CHANGES, &n) < 0 || n == 0)
		return weir_fail(err, -EINVAL, "'%s' is no rate: expected 1 to %d a second", value,
				 MAX_BAND_CHANGES);
	*(uint64_t *)field = n;
	return 0;
}

/* "2.5%", to one decimal, into thousandths. */
int weir_value_share(const char *value, void *field, struct weir_error *err)
{
	size_t n = strspn(value, "0123456789");
	uint32_t share = 10 * (uint32_t)(n < 1 || n > 3 ? MAX_SHARE : atoi(value));
	const char *rest = value + n;

	if (rest[0] == '.' && isdigit((unsigned char)rest[1])) {
		share += (uint32_t)(rest[1] - '0');
		rest += 2;
	}
	if (strcmp(rest, "%") != 0 || share > MAX_SHARE)
		return weir_fail(err, -EINVAL,
				 "'%s' is no share of the memory: expected 0%% to 50%%, such as "
				 "2.5%%",
				 value);
	*(uint32_t *)field = share;
	return 0;
}

int weir_value_log_max(const char *value, void *field, struct weir_error *err)
{
	uint64_t bytes = 0;
	int r;

	r = weir_parse_memory(value, &bytes, err);
	if (r < 0)
		return r;
	if (bytes < WEIR_MIN_LOG_BYTES || bytes > WEIR_MAX_LOG_BYTES)
		return weir_fail(err, -EINVAL, "'%s' is out of range: expected 4Ki to 1Ti", value);
	*(uint64_t *)field = bytes;
	return 0;
}
