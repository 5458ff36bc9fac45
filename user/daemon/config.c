/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <ini.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/error.h"
#include "daemon/options.h"
#include "daemon/settings.h"

struct reader {
	const char *path;
	FILE *file;
	int line; /* that was read last */
	int error; /* the errno of reading no more, if the file has one */
	struct weir_options *options;
	struct weir_error *err;
	bool failed; /* and @err says why: the rest is not looked at */
};

static void fail_here(struct reader *reader)
{
	reader->err->code = -EBADMSG;
	weir_fail_in(reader->err, "%s:%d", reader->path, reader->line);
	reader->failed = true;
}

/*
 * One line for the INI parser. Leading blanks go: it would take an indented "key = value" for
 * more of the value above. A line that does not fit is an error, not two lines.
 */
static char *next_line(char *line, int size, void *data)
{
	struct reader *reader = data;
	size_t blanks, length;

	if (reader->failed)
		return NULL;
	if (!fgets(line, size, reader->file)) {
		reader->error = errno;
		return NULL;
	}
	reader->line++;

	length = strlen(line);
	/* What stands behind a NUL would be passed over in silence. */
	if ((length == 0 || line[length - 1] != '\n') && length + 1 < (size_t)size &&
	    !feof(reader->file)) {
		weir_fail(reader->err, -EBADMSG, "there is a NUL in the line: expected text");
		fail_here(reader);
		return NULL;
	}
	if (length + 1 == (size_t)size && line[length - 1] != '\n') {
		weir_fail(reader->err, -EBADMSG, "the line is too long: expected at most %d bytes",
			  size - 2);
		fail_here(reader);
		return NULL;
	}
	blanks = strspn(line, " \t");
	memmove(line, line + blanks, length - blanks + 1);
	return line;
}

/* As the parser wants it: nonzero for success. */
static int on_setting(void *data, const char *section, const char *key, const char *value)
{
	const struct weir_setting *setting = NULL;
	struct reader *reader = data;

	if (reader->failed)
		return 0;
	if (weir_setting_find(section, key, &setting, reader->err) < 0 ||
	    weir_setting_apply(setting, value, reader->options, reader->err) < 0) {
		fail_here(reader);
		return 0;
	}
	return 1;
}

/*
 * The parser counts calls of the reader, so its lines are ours. It goes on after a line that it
 * does not understand, so that one may come before the one we have refused.
 */
static int parse(struct reader *reader)
{
	int bad_line = ini_parse_stream(next_line, reader, on_setting, reader);

	if (bad_line > 0 && (!reader->failed || bad_line < reader->line))
		return weir_fail(reader->err, -EBADMSG,
				 "%s:%d: expected '[section]', 'key = value' or a comment",
				 reader->path, bad_line);
	if (reader->failed)
		return reader->err->code;
	return bad_line < 0 ? weir_fail_memory(reader->err) : 0;
}

static int read_file(const char *path, bool may_be_missing, struct weir_options *options,
		     struct weir_error *err)
{
	scoped(fclosep) FILE *file = NULL;
	struct reader reader = { .path = path, .options = options, .err = err };
	int r;

	file = fopen(path, "re");
	if (!file && errno == ENOENT && may_be_missing)
		return 0;
	if (!file)
		return weir_fail(err, -errno, "open configuration file %s: %s", path,
				 strerror(errno));

	reader.file = file;
	r = parse(&reader);
	if (r < 0)
		return r;
	if (ferror(file))
		return weir_fail(err, -EIO, "read configuration file %s: failed after line %d: %s",
				 path, reader.line, strerror(reader.error));
	return 0;
}

static int is_drop_in(const struct dirent *entry)
{
	return fnmatch("*.conf", entry->d_name, FNM_PERIOD) == 0;
}

/* Not alphasort(): the order must not depend on a locale. */
static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int read_drop_ins(const char *dir, struct weir_options *options, struct weir_error *err)
{
	struct dirent **entries = NULL;
	int n, r = 0;

	n = scandir(dir, &entries, is_drop_in, by_name);
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return weir_fail(err, -errno, "read configuration directory %s: %s", dir,
				 strerror(errno));

	for (int i = 0; i < n; i++) {
		char path[PATH_MAX + NAME_MAX + 2];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (r == 0)
			r = read_file(path, false, options, err);
		free(entries[i]);
	}
	free(entries);
	return r;
}

int weir_config_read(const char *file, struct weir_options *options, struct weir_error *err)
{
	const char *path = file ? file : WEIR_CONFIG_DEFAULT;
	char dir[PATH_MAX];
	int n, r;

	n = snprintf(dir, sizeof(dir), "%s.d", path);
	if (n < 0 || (size_t)n >= sizeof(dir))
		return weir_fail(err, -ENAMETOOLONG,
				 "the name of the configuration file is too "
				 "long: expected at most %d bytes",
				 PATH_MAX - 3);

	r = read_file(path, !file, options, err);
	if (r < 0)
		return r;
	return read_drop_ins(dir, options, err);
}
